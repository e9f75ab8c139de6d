import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import * as http from '@leafcutter/shared/http/node-http';
import { fromProblem } from '@leafcutter/shared/problem';
import type { TlsTexts } from '@leafcutter/shared/tls-files';
import { traceHeaders } from '@leafcutter/shared/tracing';
import { CALL_HEADER, checkWire, WIRE_HEADER, WIRE_VERSION } from '@leafcutter/shared/wire-version';
import { bulkhead } from 'cockatiel';
import { Circuit } from './circuit.ts';

const HEADERS = { 'content-type': 'application/json', [WIRE_HEADER]: String(WIRE_VERSION) };

const FAILURES_TO_OPEN = 3;
const PROBE_MS = 1_000;
/** Calls at once, and calls that wait. Refills of many tags at once must not pile up without bound. */
const CALLS_AT_ONCE = 32;
const CALLS_WAITING = 10_000;
/**
 * How long a connection without a call is kept, at most: from one heartbeat to the next, and no longer than usual
 * proxies keep it. What a coordinator says in `Keep-Alive` counts if it is less, so it does not end it under a call.
 */
const IDLE_MS = 55_000;
/** Answers are a few hundred bytes; what sends more is no coordinator. */
const MAX_ANSWER_LENGTH = 1_048_576;

const POOL = { keepAlive: true, maxSockets: CALLS_AT_ONCE, timeout: IDLE_MS };

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
  readonly #agent: Agent;
  readonly #origin: RequestOptions;
  readonly #prefix: string;
  /** Sent with every call; it may be replaced while calls are under way. */
  token: string | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #circuit: Circuit;
  readonly #bulkhead = bulkhead(CALLS_AT_ONCE, CALLS_WAITING);
  /** Why the last call had no answer; told of the calls that the open circuit stops, too. */
  #silence: SilentError | undefined;
  #isClosed = false;

  constructor(url: string, options: EndpointOptions) {
    const parsed = new URL(url);
    const { protocol, hostname, port } = urlToHttpOptions(parsed);
    this.url = url;
    this.#origin = { protocol, hostname, port };
    this.#prefix = parsed.pathname.replace(/\/$/, '');
    this.#agent = protocol === 'https:' ? tlsAgent(options.tls) : new http.Agent(POOL);
    this.#timeoutMs = options.timeoutMs;
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

  /** Cuts the calls under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #behindCircuit(path: string, body: () => object): Promise<unknown> {
    if (!this.#circuit.tryPass()) throw this.#unavailable('circuit_open', this.#silence);
    try {
      const answer = await this.#send(path, body());
      this.#circuit.succeeded();
      return answer;
    } catch (error) {
      if (error instanceof SilentError) {
        this.#silence = error;
        this.#circuit.failed();
      } else this.#circuit.succeeded();
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
    if (this.#isClosed) throw new SilentError('this agent is stopping');
    const name = randomUUID();
    const send = this.#origin.protocol === 'https:' ? http.nodeHttps().request : http.request;
    const call = send({
      ...this.#origin,
      agent: this.#agent,
      method: 'POST',
      path: this.#prefix + path,
      headers: { ...HEADERS, [CALL_HEADER]: name, ...this.#authorization, ...traceHeaders() },
    });
    // A call may fail once more while its answer is read.
    call.on('error', () => undefined);
    const answered = this.#clock.after(this.#timeoutMs, () => call.destroy(new Error('it took too long')));
    try {
      call.end(body);
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      const { statusCode = 0, headers } = response;
      if ((headers[CALL_HEADER] ?? name) !== name) {
        // What comes next on this connection would be another call's, too.
        call.destroy();
        throw new Error('it is the answer to another call');
      }
      return { statusCode, wire: headers[WIRE_HEADER], text: await textOf(response) };
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
      `The coordinator at ${this.url} did not answer.`,
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

function tlsAgent(tls: EndpointOptions['tls'] = () => ({})): Agent {
  // A resumed session would not look at certificates again, neither at theirs nor at a renewed one of ours.
  const agent = new (http.nodeHttps().Agent)({ ...POOL, maxCachedSessions: 0 });
  const connect = agent.createConnection.bind(agent);
  // Read for each connection, and connections are few: a renewed certificate is used from the next one on.
  agent.createConnection = (options, connected) => connect({ ...options, ...tls() }, connected);
  return agent;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) {
    text += part;
    if (text.length > MAX_ANSWER_LENGTH) throw new Error('the answer does not end');
  }
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
