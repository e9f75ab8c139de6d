import { fromProblem } from '@leafcutter/shared/problem';
import type { Shape } from '@leafcutter/shared/shape';
import { Pool } from 'undici';

const TIMEOUT_MS = 10_000;
const STATUS_TIMEOUT_MS = 2_000;

/** `refused`: nothing was issued to us. `silent`: nobody knows. */
export type Answer =
  | { readonly kind: 'ids'; readonly ids: readonly bigint[] }
  | { readonly kind: 'refused'; readonly code: string; readonly retryable: boolean }
  | { readonly kind: 'silent'; readonly code: 'NO_ANSWER' | 'BAD_ANSWER' };

/** Shapes by tag. */
export type Shapes = ReadonlyMap<string, Shape>;

export interface Identity {
  readonly agentId: string;
  readonly instanceId: string;
}

const NO_ANSWER: Answer = { kind: 'silent', code: 'NO_ANSWER' };
const BAD_ANSWER: Answer = { kind: 'silent', code: 'BAD_ANSWER' };

/** One agent over HTTP, on connections that are kept. Nothing is sent twice. */
export class AgentDoor {
  readonly url: string;
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #headers: Record<string, string>;
  readonly #shapes: Shapes;

  /** `shapes`: how tags write their numbers, of those that do not write them bare. */
  constructor(url: string, token: string | undefined, connections: number, shapes: Shapes = new Map()) {
    const { origin, pathname } = new URL(url);
    this.url = url;
    this.#prefix = pathname.replace(/\/$/, '');
    this.#pool = new Pool(origin, { connections, connect: { timeout: TIMEOUT_MS } });
    this.#shapes = shapes;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Asks for IDs of a tag, or for `snowflake`. One ID is asked for without `count`, as most callers do. */
  async draw(source: string, count: number): Promise<Answer> {
    const path = source === 'snowflake' ? '/v1/snowflake' : `/v1/ids/${encodeURIComponent(source)}`;
    const answer = await this.#get(count === 1 ? path : `${path}?count=${count}`, TIMEOUT_MS);
    if (answer === undefined) return NO_ANSWER;
    if (answer.status === 200) return readIds(answer.text, this.#shapes.get(source));
    const problem = fromProblem(parse(answer.text));
    return problem === undefined
      ? BAD_ANSWER
      : { kind: 'refused', code: problem.code, retryable: problem.retryable };
  }

  /** The process that answers here now; undefined if none does. */
  async identity(): Promise<Identity | undefined> {
    const answer = await this.#get('/v1/status', STATUS_TIMEOUT_MS);
    const { agentId, instanceId } = (parse(answer?.text ?? '') ?? {}) as Partial<Identity>;
    return typeof agentId === 'string' && typeof instanceId === 'string'
      ? { agentId, instanceId }
      : undefined;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #get(path: string, timeoutMs: number): Promise<{ status: number; text: string } | undefined> {
    try {
      const { statusCode, body } = await this.#pool.request({
        method: 'GET',
        path: this.#prefix + path,
        headers: this.#headers,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: statusCode, text: await body.text() };
    } catch {
      return undefined;
    }
  }
}

function readIds(text: string, shape: Shape | undefined): Answer {
  const ids = text
    .trimEnd()
    .split('\n')
    .map((line) => (shape === undefined ? readDigits(line) : shape.read(line)));
  return ids.every((id) => id !== undefined) ? { kind: 'ids', ids } : BAD_ANSWER;
}

function readDigits(line: string): bigint | undefined {
  return /^[0-9]{1,19}$/.test(line) ? BigInt(line) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
