import type { LeafcutterError } from '@leafcutter/shared/errors';
import { type ProblemAnswer, problemAnswer } from '@leafcutter/shared/http/problem-answer';
import type { Scope, Tokens } from '@leafcutter/shared/http/tokens';
import { TAG_MAX_LENGTH } from '@leafcutter/shared/tag';
import type { ExactId } from '../../../domain/segments/segment-buffer.ts';
import type { Door, Handover } from '../../../metrics/metrics.ts';
import type { Agent } from '../../agent.ts';
import { Dispenser } from '../../dispenser.ts';
import { GO_LEAF_TYPE, goLeafBody, goLeafFailure, isMachineId } from '../../go-leaf/answers.ts';
import { LEAF_TYPES, leafFailure } from '../../leaf/answers.ts';
import { prefersJson } from '../accept.ts';
import { type BatchFormat, batchFormat } from '../batch-format.ts';
import { Pages } from '../pages.ts';
import { type IdFormat, okLead } from './direct-answers.ts';
import type { PlainHead } from './plain-head.ts';

/** How a door answers: with an ID, or if there is none. */
interface Format extends IdFormat {
  readonly refusal: (error: LeafcutterError) => ProblemAnswer;
}

/** What a plain request asks for: IDs of a tag or snowflake IDs, one or a few, in a door's format. */
export interface DirectRoute extends Format {
  readonly path: string;
  readonly ids: Dispenser;
  /** How many IDs an answer holds. */
  readonly count: number;
  /** The ID at once; undefined if the caller has to wait. */
  readonly drawNow: () => ExactId | undefined;
  /**
   * The ID after a wait that `signal` ends. If the door gives texts, it is the text that its tag writes; of a batch it is
   * all of the body.
   */
  readonly draw: (signal: AbortSignal) => Promise<bigint | string>;
}

const TEXT: Format = {
  lead: okLead('text/plain; charset=utf-8'),
  body: String,
  refusal: problemAnswer,
};
const JSON_TEXT: Format = {
  lead: okLead('application/json; charset=utf-8'),
  body: (id) => `{"id":"${id}"}`,
  refusal: problemAnswer,
};
const LEAF: Format = {
  lead: okLead(LEAF_TYPES.text),
  body: String,
  refusal: (error) => failure(LEAF_TYPES.text, leafFailure(error)),
};
const LEAF_JSON: Format = { ...LEAF, lead: okLead(LEAF_TYPES.json) };
const GO_LEAF: Format = {
  lead: okLead(GO_LEAF_TYPE),
  // Its routes draw numbers only.
  body: (id) => goLeafBody(0, 'success', id as ExactId),
  refusal: (error) => failure(GO_LEAF_TYPE, goLeafFailure(error)),
};

/** A longer batch is left to the ordinary server: its answer is bounded only by that one's own means. */
const MOST_IDS = 100;

const TAG = `([A-Za-z0-9._:-]{1,${TAG_MAX_LENGTH}})`;
/** A key at Leaf's door that Leaf would not cut; the ordinary server knows what the others are. */
const UNCUT_KEY = `([A-Za-z0-9_:-]{1,${TAG_MAX_LENGTH}})`;

/**
 * A kind of address: its pattern, and the route of an address that fits; undefined if the ordinary server should
 * answer.
 */
interface Shape {
  readonly pattern: RegExp;
  readonly route: (parameter: string, head: PlainHead, by: Scope) => DirectRoute | undefined;
  readonly isOpenTo: (scope: Scope, parameter: string) => boolean;
}

const OF_TAG = { isOpenTo: (scope: Scope, tag: string) => scope.allowsTag(tag) };
const OF_SNOWFLAKE = { isOpenTo: (scope: Scope) => scope.allowsSnowflake };

/**
 * The addresses that are answered straight from the socket: one ID each, of the native, Leaf's and go-leaf's doors, and
 * the native door's small batches.
 */
export class DirectRoutes {
  readonly #shapes: readonly Shape[];
  readonly #tokens: Tokens;
  readonly #pages: Pages;

  constructor(agent: Agent) {
    this.#pages = new Pages(agent);
    this.#shapes = shapes(agent);
    this.#tokens = agent.tokens;
  }

  /** The version of the tokens: a route that was found for a request holds as long as it does not change. */
  get version(): number {
    return this.#tokens.version;
  }

  /** Why the ordinary server should answer, if it should: for example a missing or wrong token, or a foreign host. */
  find(head: PlainHead): DirectRoute | Handover {
    if (this.#pages.asksForeign(head.host)) return 'access';
    let scope: Scope;
    try {
      scope = this.#tokens.admit(head.authorization);
    } catch {
      return 'access';
    }
    for (const { pattern, route, isOpenTo } of this.#shapes) {
      const match = pattern.exec(head.target);
      if (match === null) continue;
      const [, parameter = ''] = match;
      return isOpenTo(scope, parameter) ? (route(parameter, head, scope) ?? 'address') : 'access';
    }
    return 'address';
  }
}

function shapes(agent: Agent): Shape[] {
  const { leaf, goLeaf } = agent.config;
  const segment = (door: Door) => {
    const ids = new Dispenser(agent, door);
    return (format: Format, tag: string, { target }: PlainHead, by: Scope): DirectRoute => ({
      ...format,
      path: target.replace(/\?.*/, ''),
      ids,
      count: 1,
      drawNow: () => ids.oneExactNow(tag),
      draw: (signal) => (door === 'http' ? ids.text(by, tag, signal) : ids.one(by, tag, signal)),
    });
  };
  const snowflake = (door: Door) => {
    const ids = new Dispenser(agent, door);
    return (format: Format, { target }: PlainHead, by: Scope): DirectRoute | undefined => {
      if (agent.snowflake === undefined) return undefined;
      return {
        ...format,
        path: target.replace(/\?.*/, ''),
        ids,
        count: 1,
        drawNow: () => ids.snowflakeNow(),
        draw: (signal) => ids.snowflake(by, signal),
      };
    };
  };
  const [native, nativeSnowflake] = [segment('http'), snowflake('http')];
  const textOrJson = ({ accept }: PlainHead) => (prefersJson(accept) ? JSON_TEXT : TEXT);
  const found: Shape[] = [
    {
      pattern: new RegExp(`^/v1/ids/${TAG}$`),
      route: (tag, head, by) => native(textOrJson(head), tag, head, by),
      ...OF_TAG,
    },
    {
      pattern: /^\/v1\/snowflake$/,
      route: (_, head, by) => nativeSnowflake(textOrJson(head), head, by),
      ...OF_SNOWFLAKE,
    },
    ...batchShapes(agent),
  ];
  if (leaf.enabled) {
    const [one, oneSnowflake] = [segment('leaf'), snowflake('leaf')];
    const format = ({ accept }: PlainHead) => (prefersJson(accept) ? LEAF_JSON : LEAF);
    found.push(
      {
        pattern: new RegExp(`^/api/segment/get/${leaf.dottedKeys === 'whole' ? TAG : UNCUT_KEY}$`),
        route: (tag, head, by) => one(format(head), tag, head, by),
        ...OF_TAG,
      },
      {
        pattern: new RegExp(`^/api/snowflake/get/${TAG}$`),
        route: (_, head, by) => oneSnowflake(format(head), head, by),
        ...OF_SNOWFLAKE,
      },
    );
  }
  if (goLeaf.enabled) {
    const [one, oneSnowflake] = [segment('go-leaf'), snowflake('go-leaf')];
    found.push(
      {
        pattern: new RegExp(`^/alloc-segment\\?biz_tag=${TAG}$`),
        route: (tag, head, by) => one(GO_LEAF, tag, head, by),
        ...OF_TAG,
      },
      {
        pattern: /^\/alloc-snowflake\?machineid=([0-9]{1,4})$/,
        route: (id, head, by) => (isMachineId(id) ? oneSnowflake(GO_LEAF, head, by) : undefined),
        ...OF_SNOWFLAKE,
      },
    );
  }
  return found;
}

/** The native door's small batches. */
function batchShapes(agent: Agent): Shape[] {
  const ids = new Dispenser(agent, 'http');
  type Draw = (count: number, put: BatchFormat['slice'], signal: AbortSignal) => Promise<string[]>;
  const batch = ({ target, accept }: PlainHead, draw: Draw): DirectRoute | undefined => {
    const [path = '', digits] = target.split('?count=');
    const count = Number(digits);
    if (count > MOST_IDS) return undefined;
    const { type, slice, all } = batchFormat(accept);
    return {
      lead: okLead(type),
      body: String,
      refusal: problemAnswer,
      path,
      ids,
      count,
      drawNow: () => undefined,
      draw: async (signal) => all(await draw(count, slice, signal)),
    };
  };
  return [
    {
      pattern: new RegExp(`^/v1/ids/${TAG}\\?count=[1-9][0-9]{0,2}$`),
      route: (tag, head, by) => batch(head, (count, put, signal) => ids.texts(by, tag, count, put, signal)),
      ...OF_TAG,
    },
    {
      pattern: /^\/v1\/snowflake\?count=[1-9][0-9]{0,2}$/,
      route: (_, head, by) =>
        agent.snowflake && batch(head, (count, put, signal) => ids.snowflakeDigits(by, count, put, signal)),
      ...OF_SNOWFLAKE,
    },
  ];
}

function failure(contentType: string, body: string): ProblemAnswer {
  return { status: 500, contentType, headers: {}, body };
}
