import * as http from 'node:http';
import * as https from 'node:https';
import { badArgument, IdError } from './id-error.ts';
import type { IdRange, IdSource, SnowflakeParts } from './id-source.ts';
import { TokenFile } from './token-file.ts';

/** Longest answer that is read, in bytes; 10,000 IDs take less than a quarter of it. */
const MAX_ANSWER_BYTES = 1_048_576;

interface ApiOptions {
  readonly timeoutMs: number;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** Certificates (PEM) of the authorities that are trusted, if not those that Node knows. */
  readonly ca?: string | undefined;
}

/** The agents that somebody of this process uses. */
const OPEN = new Map<string, AgentApi>();

/** The agent's door, with its connections, for all who ask with the same options. Each of them must close it. */
export function sharedApi(endpoint: string, options: ApiOptions): AgentApi {
  const { timeoutMs, token, tokenFile, ca } = options;
  const key = JSON.stringify([endpoint, timeoutMs, token, tokenFile, ca]);
  const open = OPEN.get(key);
  if (open !== undefined) return open.share();
  const api = new AgentApi(endpoint, options, () => OPEN.delete(key));
  OPEN.set(key, api);
  return api;
}

/**
 * The agent's HTTP door, over TCP, TLS or a Unix socket. Its kept connections do not keep the process alive. Closed when
 * everybody who shares it has closed it.
 */
export class AgentApi implements IdSource {
  readonly #place: Place;
  readonly #request: typeof http.request;
  readonly #token: () => Promise<string | undefined>;
  readonly #timeoutMs: number;
  readonly #agent: http.Agent;
  readonly #closed: () => void;
  #users = 1;

  constructor(
    endpoint: string,
    { token, tokenFile, timeoutMs, ca }: ApiOptions,
    closed: () => void = () => undefined,
  ) {
    this.#closed = closed;
    this.#place = placeOf(endpoint);
    const isSecure = this.#place.protocol === 'https:';
    if (ca !== undefined && !isSecure)
      throw badArgument('caFile', 'left out unless endpoint begins with https://');
    if (token !== undefined && tokenFile !== undefined)
      throw badArgument('tokenFile', 'left out if token is set');
    const kept = { keepAlive: true, maxSockets: 64 };
    this.#agent = isSecure ? new https.Agent({ ...kept, ca }) : new http.Agent(kept);
    this.#request = isSecure ? https.request : http.request;
    const file = tokenFile === undefined ? undefined : new TokenFile(tokenFile);
    this.#token = file === undefined ? async () => token : () => file.current();
    this.#timeoutMs = timeoutMs;
  }

  /** `count` IDs of a tag, 1 to 10,000, as rising ranges. */
  async ranges(tag: string, count: number, signal?: AbortSignal): Promise<IdRange[]> {
    const answer = await this.#get(`/v1/ids/${encodeURIComponent(tag)}?count=${count}&format=ranges`, signal);
    const { ranges } = answer as { ranges?: unknown };
    if (!Array.isArray(ranges)) throw notUnderstood('ranges');
    return checked(ranges.map(rangeOf), count);
  }

  /** `count` IDs of a tag, 1 to 10,000, as it writes them. */
  async texts(tag: string, count: number, signal?: AbortSignal): Promise<string[]> {
    const { ids } = (await this.#get(`/v1/ids/${encodeURIComponent(tag)}?count=${count}`, signal)) as {
      ids?: unknown;
    };
    if (!Array.isArray(ids) || ids.length !== count || !ids.every(isText))
      throw notUnderstood(`${count} IDs`);
    return ids;
  }

  /** `count` consecutive IDs of a tag. */
  async block(tag: string, count: number, signal?: AbortSignal): Promise<IdRange> {
    const block = rangeOf(
      await this.#get(`/v1/ids/${encodeURIComponent(tag)}?count=${count}&format=block`, signal),
    );
    checked([block], count);
    return block;
  }

  async snowflake(signal?: AbortSignal): Promise<bigint> {
    return digits(((await this.#get('/v1/snowflake', signal)) as { id?: unknown }).id);
  }

  async decode(id: bigint, signal?: AbortSignal): Promise<SnowflakeParts> {
    const parts = (await this.#get(`/v1/decode/${id}`, signal)) as SnowflakeParts;
    const { timestampMs, machineId, sequence } = parts;
    if ([timestampMs, machineId, sequence].some((part) => !Number.isSafeInteger(part))) {
      throw notUnderstood('the parts of an ID');
    }
    return { timestampMs, machineId, sequence };
  }

  /** For one more user. */
  share(): this {
    this.#users += 1;
    return this;
  }

  close(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#agent.destroy();
    this.#closed();
  }

  async #get(path: string, signal: AbortSignal | undefined): Promise<object> {
    const token = await this.#token();
    const headers = {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) =>
        reject(
          signal?.aborted === true
            ? signal.reason
            : unavailable(timeout.aborted ? 'timeout' : undefined, cause),
        );
      const sent = this.#request(
        { ...this.#place, path, agent: this.#agent, headers, signal: ended },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (text: string) => {
            body += text;
            if (body.length > MAX_ANSWER_BYTES) response.destroy(new Error('the answer is too long'));
          });
          response.once('error', fail);
          response.once('end', () => {
            try {
              resolve(understood(response.statusCode ?? 0, body));
            } catch (error) {
              reject(error);
            }
          });
        },
      );
      sent.once('error', fail);
      sent.end();
    });
  }
}

interface Place {
  readonly protocol: 'http:' | 'https:';
  readonly host?: string;
  readonly port?: string;
  readonly socketPath?: string;
}

function placeOf(endpoint: string): Place {
  if (endpoint.startsWith('unix:/')) return { protocol: 'http:', socketPath: endpoint.slice('unix:'.length) };
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const protocol = url?.protocol;
  const isKnown = protocol === 'http:' || protocol === 'https:';
  if (url === undefined || !isKnown || url.pathname !== '/' || url.search !== '') {
    throw new IdError(
      'BAD_REQUEST',
      'endpoint must be the agent’s address, such as http://127.0.0.1:8000, https://agent.example or unix:/path/to/its.sock.',
      { retryable: false, reason: 'endpoint' },
    );
  }
  const port = protocol === 'https:' ? '443' : '80';
  return { protocol, host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || port };
}

/** The body of a 200; a problem document becomes the error that it describes. */
function understood(status: number, body: string): object {
  const answer = jsonOf(body);
  if (status === 200 && answer !== undefined) return answer;
  const { code, detail, retryable, reason } = (answer ?? {}) as Record<string, unknown>;
  if (typeof code !== 'string' || typeof detail !== 'string') {
    throw unavailable(
      'no_agent',
      new Error(`an answer with status ${status} that does not come from a Leafcutter agent`),
    );
  }
  throw new IdError(code, detail, {
    retryable: retryable === true,
    reason: typeof reason === 'string' ? reason : undefined,
  });
}

function jsonOf(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function rangeOf(value: unknown): IdRange {
  const { start, end } = (value ?? {}) as Record<string, unknown>;
  const range = { start: digits(start), end: digits(end) };
  if (range.start >= range.end) throw notUnderstood('a range');
  return range;
}

/** An answer that does not have exactly the IDs asked for cannot be trusted. */
function checked(ranges: IdRange[], count: number): IdRange[] {
  const size = ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  if (size !== BigInt(count)) throw notUnderstood(`${count} IDs`);
  return ranges;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function digits(value: unknown): bigint {
  if (typeof value !== 'string' || !/^[0-9]{1,19}$/.test(value)) throw notUnderstood('an ID');
  return BigInt(value);
}

function notUnderstood(what: string): IdError {
  return unavailable('no_agent', new Error(`the answer has no ${what}`));
}

function unavailable(reason: string | undefined, cause: Error): IdError {
  const message = `The agent did not answer (${cause.message}). Check endpoint, and that the agent is running.`;
  return new IdError('AGENT_UNAVAILABLE', message, { retryable: true, reason, cause });
}
