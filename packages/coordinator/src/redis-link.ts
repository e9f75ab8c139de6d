import { EventEmitter } from 'node:events';
import { Circuit } from '@leafcutter/shared/circuit';
import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { Redis } from 'ioredis';
import { defineScripts } from './redis-scripts.ts';

export interface RedisOptions {
  /** `redis://[:password@]host:port[/db]`. */
  readonly url: string;
  readonly keyPrefix: string;
  /** How long a command may take, in milliseconds. */
  readonly commandTimeoutMs: number;
}

const FAILURES_TO_OPEN = 3;
const PROBE_MS = 500;

/**
 * The connection to Redis behind a circuit breaker. Commands are sent once or not at all: nothing is queued while
 * the connection is down and nothing is sent again on reconnecting, because a command that arrives late could
 * belong to a range that was long thrown away.
 *
 * Closed: commands go through. Open, after three failures in a row: they are refused at once, and a probe every
 * half second closes the circuit when Redis answers.
 */
export class RedisLink {
  readonly prefix: string;
  readonly #redis: Redis;
  readonly #circuit: Circuit;
  readonly #events = new EventEmitter<{ change: [up: boolean, cause: unknown] }>();
  #stopProbe: Cancel = () => undefined;

  constructor(options: RedisOptions, clock: Clock) {
    this.prefix = options.keyPrefix;
    this.#circuit = new Circuit(clock, FAILURES_TO_OPEN, PROBE_MS);
    this.#redis = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: options.commandTimeoutMs,
      connectTimeout: 2_000,
      retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
    });
    // Without a listener ioredis would write connection errors to the console; the circuit reports them once.
    this.#redis.on('error', () => undefined);
    defineScripts(this.#redis);
    this.#probeLater(clock);
  }

  /** Waits for the first connection. @throws STORE_UNAVAILABLE */
  async connect(): Promise<void> {
    try {
      await this.#redis.connect();
    } catch (error) {
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Redis cannot be reached.', { cause: error });
    }
  }

  /** False while the circuit is open. */
  get up(): boolean {
    return !this.#circuit.open;
  }

  /** Calls `listener` whenever the circuit opens or closes. */
  onChange(listener: (up: boolean, cause: unknown) => void): void {
    this.#events.on('change', listener);
  }

  /**
   * Runs commands.
   * @throws STORE_UNAVAILABLE with `reason`: they may or may not have been carried out; while the circuit is open, not
   */
  async run<T>(work: (redis: Redis) => Promise<T>, reason = 'redis'): Promise<T> {
    if (!this.up) throw unavailable(reason);
    return this.#attempt(work, reason);
  }

  close(): void {
    this.#stopProbe();
    this.#redis.disconnect();
  }

  async #attempt<T>(work: (redis: Redis) => Promise<T>, reason: string): Promise<T> {
    try {
      const result = await work(this.#redis);
      this.#tell('succeeded');
      return result;
    } catch (error) {
      this.#tell('failed', error);
      throw unavailable(reason, error);
    }
  }

  /** Tells the circuit how a call ended, and the listeners where that opened or closed it. */
  #tell(outcome: 'succeeded' | 'failed', cause?: unknown): void {
    const wasUp = this.up;
    this.#circuit[outcome]();
    if (this.up !== wasUp) this.#events.emit('change', this.up, cause);
  }

  #probeLater(clock: Clock): void {
    this.#stopProbe = clock.after(PROBE_MS, () => {
      this.#probeLater(clock);
      if (this.up || !this.#circuit.tryPass()) return;
      void this.#attempt((redis) => redis.ping(), 'probe').catch(() => undefined);
    });
  }
}

function unavailable(reason: string, cause?: unknown): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'Redis does not answer.', { reason, cause });
}
