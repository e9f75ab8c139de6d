import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { fromProblem } from '@leafcutter/shared/problem';
import type { TlsTexts } from '@leafcutter/shared/tls-files';
import { traceHeaders } from '@leafcutter/shared/tracing';
import { checkWire, WIRE_HEADER, WIRE_VERSION } from '@leafcutter/shared/wire-version';
import { bulkhead } from 'cockatiel';
import { buildConnector, Pool } from 'undici';
import { Circuit } from './circuit.ts';

const HEADERS = { 'content-type': 'application/json', [WIRE_HEADER]: String(WIRE_VERSION) };

const FAILURES_TO_OPEN = 3;
const PROBE_MS = 1_000;
/** Calls at once, and calls that wait. Refills of many tags at once must not pile up without bound. */
const CALLS_AT_ONCE = 32;
const CALLS_WAITING = 10_000;

/** How one coordinator is reached. */
export interface EndpointOptions {
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Whom to trust and which certificate to show, read for each connection; default: whom Node trusts, and none. */
  readonly tls?: () => TlsTexts;
}

/**
 * One coordinator, behind a circuit breaker. After three calls in a row that it did not answer it is skipped, and one
 * call a second tries whether it is back.
 */
export class CoordinatorEndpoint {
  readonly url: string;
  readonly #pool: Pool;
  readonly #prefix: string;
  /** Sent with every call; it may be replaced while calls are under way. */
  token: string | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #circuit: Circuit;
  readonly #bulkhead = bulkhead(CALLS_AT_ONCE, CALLS_WAITING);

  constructor(url: string, options: EndpointOptions) {
    const { origin, pathname } = new URL(url);
    this.url = url;
    this.#prefix = pathname.replace(/\/$/, '');
    const { timeoutMs: timeout, tls = () => ({}) } = options;
    // Read for each connection, and connections are few: a renewed certificate is used from the next one on.
    const connect: buildConnector.connector = (to, connected) =>
      buildConnector({ timeout, ...tls() })(to, connected);
    this.#pool = new Pool(origin, { connections: CALLS_AT_ONCE, connect });
    this.#timeoutMs = timeout;
    this.#clock = options.clock;
    this.#circuit = new Circuit(options.clock, FAILURES_TO_OPEN, PROBE_MS);
    this.token = options.token;
  }

  /**
   * Sends one call, once. `body` is made when the call leaves, because it may have waited for others until then.
   * @throws the code that the coordinator answers with; COORDINATOR_UNAVAILABLE if it does not answer
   */
  async post(path: string, body: () => object): Promise<unknown> {
    try {
      return await this.#bulkhead.execute(() => this.#behindCircuit(path, body));
    } catch (error) {
      if (error instanceof LeafcutterError) throw error;
      throw this.#unavailable(error instanceof SilentError ? 'no_answer' : 'too_many_calls', error);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #behindCircuit(path: string, body: () => object): Promise<unknown> {
    if (!this.#circuit.tryPass()) throw this.#unavailable('circuit_open');
    try {
      const answer = await this.#send(path, body());
      this.#circuit.succeeded();
      return answer;
    } catch (error) {
      if (error instanceof SilentError) this.#circuit.failed();
      else this.#circuit.succeeded();
      throw error;
    }
  }

  async #send(path: string, body: object): Promise<unknown> {
    const { statusCode, wire, text } = await this.#exchange(path, JSON.stringify(body));
    if (statusCode < 300) checkWire(wire, 'coordinator');
    if (statusCode === 204) return undefined;
    const document = parse(text);
    if (statusCode < 300) return document;
    const problem = fromProblem(document);
    if (problem !== undefined) throw problem;
    throw new SilentError(`status ${statusCode} without a problem document`);
  }

  async #exchange(path: string, body: string): Promise<Exchanged> {
    const timeout = new AbortController();
    const answered = this.#clock.after(this.#timeoutMs, () => timeout.abort());
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path: this.#prefix + path,
        headers: { ...HEADERS, ...this.#authorization, ...traceHeaders() },
        body,
        signal: timeout.signal,
      });
      const { statusCode, headers } = response;
      return { statusCode, wire: headers[WIRE_HEADER], text: await response.body.text() };
    } catch (error) {
      throw new SilentError('no answer', { cause: error });
    } finally {
      answered();
    }
  }

  get #authorization(): Record<string, string> {
    return this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
  }

  #unavailable(reason: string, cause?: unknown): LeafcutterError {
    return new LeafcutterError(
      'COORDINATOR_UNAVAILABLE',
      `The coordinator at ${this.url} does not answer.`,
      cause === undefined ? { reason } : { reason, cause },
    );
  }
}

interface Exchanged {
  readonly statusCode: number;
  /** The wire version that the coordinator says it speaks. */
  readonly wire: string | string[] | undefined;
  readonly text: string;
}

/** The coordinator did not answer, or something else answered in its place. */
class SilentError extends Error {
  override readonly name = 'SilentError';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
