import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LedgerPage } from '@leafcutter/shared/inspection';
import { TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { Shape } from '@leafcutter/shared/shape';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';

/** The fake's answer to one request for `count` IDs: IDs, a refusal, or nothing (it hangs up). */
type Script = (request: {
  count: number;
  number: number;
}) => readonly bigint[] | { refuse: string } | 'hang-up';

const LAYOUT = layoutOf({
  layout: 'classic',
  timestampBits: undefined,
  machineIdBits: undefined,
  sequenceBits: undefined,
  datacenterBits: 0,
  epochMs: TWITTER_EPOCH_MS,
});

const TAG = {
  tag: 'orders',
  state: 'active',
  nextId: '1',
  step: 1,
  maxStep: 1,
  targetDurationS: 1,
  highestId: '9',
  description: null,
};

/** Numbers from `from` on, in order, as an honest agent gives them. */
export function honest(from = 1n): Script {
  let next = from;
  return ({ count }) => Array.from({ length: count }, () => next++);
}

/**
 * An agent that answers what a test makes up, plus the one page of a coordinator that `verify` asks for, so that
 * every lie can be told.
 */
export class ScriptedAgent implements AsyncDisposable {
  instanceId: string = crypto.randomUUID();
  script: Script = honest();
  /** The ranges that its ledger says were granted, `[start, end)`. */
  granted: { start: bigint; end: bigint; instanceId: string }[] = [];
  /** How the tag writes its numbers, as its coordinator says. */
  shape: string | null = null;
  /** Requests for IDs so far. */
  requests = 0;
  readonly #name: string;
  readonly #server: Server;

  private constructor(name: string) {
    this.#name = name;
    this.#server = createServer(({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://fake');
      const json = (body: object, status = 200) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      if (pathname === '/v1/status') return json({ agentId: this.#name, instanceId: this.instanceId });
      if (pathname === '/v1/ledger') return json(this.#ledger());
      if (pathname === '/v1/tags/orders') return json({ ...TAG, shape: this.shape });
      const answer = this.script({ count: Number(searchParams.get('count') ?? 1), number: this.requests++ });
      if (answer === 'hang-up') return void response.destroy();
      if ('refuse' in answer) return json({ code: answer.refuse, detail: 'No.' }, 503);
      const shape = Shape.parse(this.shape ?? '');
      response.end(answer.map((id) => shape?.write(id) ?? id).join('\n'));
    });
  }

  static async start(name = 'agent-1'): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent(name);
    await new Promise<void>((resolve) => agent.#server.listen(0, '127.0.0.1', resolve));
    return agent;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #ledger(): LedgerPage {
    const ranges = this.granted.map(({ start, end, instanceId }) => ({
      tag: 'orders',
      machineId: null,
      start: String(start),
      end: String(end),
      agentId: this.#name,
      instanceId,
      coordinatorId: 'c',
      grantedAtMs: 0,
    }));
    return { layout: LAYOUT, ranges, next: null };
  }
}
