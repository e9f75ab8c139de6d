import { LeafcutterError } from '@leafcutter/shared/errors';
import { anyMethod } from '@leafcutter/shared/http/any-method';
import type { ServiceApp } from '@leafcutter/shared/http/service-app';
import { Scope } from '@leafcutter/shared/http/tokens';
import express, { type Request, type Response } from 'express';
import { sizeOf } from '../../domain/segments/segment.ts';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { prefersJson } from '../http/accept.ts';
import { SPRING_JSON, SpringErrors } from '../spring-error.ts';
import { whileConnected } from '../while-connected.ts';

/** Largest batch, in IDs; more is clamped. (Source: tinyid, `IdContronller.checkBatchSize`.) */
const MAX_BATCH = 100_000;
const LARGEST_INTEGER = 2 ** 31 - 1;
/** A client fetches the next segment when a fifth of this one is used. (Source: tinyid, `Constants.LOADING_PERCENT`.) */
const LOADING_PART = 5n;

const CODE = { ok: 200, token: 5, other: 6 } as const;

/** Returns the digits of an answer; what it throws is reported in tinyid's words. */
type Ask = (by: Scope, tag: string, req: Request, signal: AbortSignal) => Promise<string>;

const asTheyAre = (digits: string): string => digits;
const nothing = (): string => '';

/**
 * tinyid's addresses: HTTP 200 whatever happens, but for a batchSize that is no number; a code in the body. Parameters stand in the query, of a POST too, or in
 * a form. (Source: tinyid, `IdContronller`.)
 */
export function addTinyidRoutes(app: ServiceApp, agent: Agent): void {
  const ids = new Dispenser(agent, 'tinyid');
  const spring = new SpringErrors(ids, () => agent.now());
  const form = express.urlencoded({ extended: false, limit: agent.config.bodyLimitBytes, inflate: false });
  const add = (
    path: string,
    ask: Ask,
    ok: (digits: string) => string,
    failed: (code: number, said: string) => string,
  ) => {
    const plain = path.endsWith('Simple');
    const answer = ({ headers }: Request, res: Response, body: string) => {
      const isText = plain && !prefersJson(headers.accept);
      res.setHeader('Content-Type', isText ? 'text/plain;charset=UTF-8' : SPRING_JSON);
      res.end(body);
    };
    const handle = async (req: Request, res: Response) => {
      const signal = whileConnected(res);
      await new Promise<void>((resolve, reject) =>
        form(req, res, (error?: unknown) => (error ? reject(error) : resolve())),
      );
      const tag = parameter(req, 'bizType');
      const by = admit(agent, tag, parameter(req, 'token'));
      answer(req, res, ok(await ask(by, tag, req, signal)));
    };
    app.route(`/tinyid/id/${path}{/}`, anyMethod(handle), {
      refuse(error, req, res) {
        if (error.reason === 'batchSize') {
          spring.send(noNumber(parameter(req, 'batchSize')), error, req, res);
          return;
        }
        ids.refused(error, { method: req.method, path: req.path });
        const isToken = error.code === 'UNAUTHORIZED';
        answer(
          req,
          res,
          failed(isToken ? CODE.token : CODE.other, isToken ? 'token is error' : error.message),
        );
      },
      refuseMethod: spring.refuseMethod,
    });
  };

  const batch: Ask = async (by, tag, req, signal) => {
    const count = batchSize(parameter(req, 'batchSize'));
    if (count === 0) return '';
    return (await ids.digits(by, tag, count, (texts) => texts.join(','), signal)).join(',');
  };
  add('nextId', batch, (digits) => json(`[${digits}]`, CODE.ok, ''), refused);
  add('nextIdSimple', batch, asTheyAre, nothing);

  // What a client takes over is consumed here as if issued.
  const { segmentIds } = agent.config.tinyid;
  const loadingIds = BigInt(segmentIds) / LOADING_PART;
  const segment: Ask = async (by, tag, _req, signal) => {
    const block = await ids.block(by, tag, segmentIds, signal);
    if (sizeOf(block) !== segmentIds) throw new Error('a block of another size came');
    // tinyid's clients issue (currentId, maxId].
    const currentId = block.start - 1n;
    return [currentId, currentId + loadingIds, block.end - 1n, 1, 0].join(',');
  };
  add('nextSegmentId', segment, (digits) => json(segmentJson(digits), CODE.ok, ''), refused);
  add('nextSegmentIdSimple', segment, asTheyAre, nothing);
  app.express.use('/tinyid', spring.nothingThere);
}

/**
 * The scope to count the request under. @throws UNAUTHORIZED if `token` does not open `tag`, either as a token of the
 * tag or as one of the agent's. If the agent has neither, everyone may draw.
 */
function admit({ tokens, tinyidTokens }: Agent, tag: string, token: string): Scope {
  if (tokens.isOpen && tinyidTokens.isEmpty) return Scope.all;
  const general = tokens.find(token);
  const own = tinyidTokens.find(tag, token);
  if (general?.allowsTag(tag) === true) return general;
  if (own !== undefined) return own;
  throw new LeafcutterError('UNAUTHORIZED', 'The token does not give access to this tag.', {
    reason: 'wrong_token',
  });
}

/** From the query, or from a form; the first value if there are several. */
function parameter(req: Request, name: string): string {
  const form: unknown = req.body;
  const inForm =
    typeof form === 'object' && form !== null ? (form as Record<string, unknown>)[name] : undefined;
  const value = req.query[name] ?? inForm ?? '';
  return String(Array.isArray(value) ? value[0] : value);
}

/**
 * As Spring reads an `Integer`: one where it is not given, none for what is below one, and at most MAX_BATCH.
 * @throws BAD_REQUEST where it is none, which tinyid answers with 400
 */
function batchSize(text: string): number {
  const digits = text.replaceAll(/\s/g, '');
  if (digits === '') return 1;
  const size = /^[+-]?[0-9]{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
  if (size >= -LARGEST_INTEGER - 1 && size <= LARGEST_INTEGER) return Math.min(Math.max(0, size), MAX_BATCH);
  throw new LeafcutterError('BAD_REQUEST', 'batchSize must be a 32-bit whole number', {
    reason: 'batchSize',
  });
}

/** What Spring says of a batchSize that is no `Integer`. */
function noNumber(text: string) {
  const why = `nested exception is java.lang.NumberFormatException: For input string: "${text.replaceAll(/\s/g, '')}"`;
  return {
    status: 400,
    exception: 'org.springframework.web.method.annotation.MethodArgumentTypeMismatchException',
    message: `Failed to convert value of type 'java.lang.String' to required type 'java.lang.Integer'; ${why}`,
  } as const;
}

/** Written by hand: IDs are JSON numbers with all their digits. */
function json(data: string, code: number, message: string): string {
  return `{"data":${data},"code":${code},"message":${JSON.stringify(message)}}`;
}

function refused(code: number, message: string): string {
  return json('null', code, message);
}

function segmentJson(digits: string): string {
  const [currentId, loadingId, maxId, delta, remainder] = digits.split(',');
  return `{"maxId":${maxId},"loadingId":${loadingId},"currentId":${currentId},"delta":${delta},"remainder":${remainder}}`;
}
