import { EventEmitter } from 'node:events';
import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { type Redis, ReplyError } from 'ioredis';
import { connectRedis, isSelectRefused, type RedisPlace } from './connections.ts';
import { LISTENER_OPTIONS, RedisListener } from './listener.ts';
import { defineScripts } from './scripts.ts';
import { RedisWatch } from './watch.ts';

/** A connection that leads to the wrong Redis is made anew at most this often, milliseconds. */
const RENEW_EVERY_MS = 5_000;

export interface RedisOptions extends RedisPlace {
  /** How long a command may take, in milliseconds. */
  readonly commandTimeoutMs: number;
  /** Told of why Redis is away, and when it is back. */
  readonly trouble?: { met(error: unknown): void; over(): void } | undefined;
}

/**
 * The connection to Redis. Commands are sent once or not at all: nothing is queued while the connection is down, and
 * nothing is sent again on reconnecting, because a command that arrives late could belong to a range that was thrown
 * away long ago. While Redis is away (`RedisWatch`), commands are refused at once.
 */
export class RedisLink {
  readonly prefix: string;
  readonly #redis: Redis;
  readonly #watch: RedisWatch;
  readonly #clock: Clock;
  readonly #events = new EventEmitter<{ change: [up: boolean]; found: [] }>();
  readonly #listeners: RedisListener[] = [];
  #connectedBefore = false;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  /** Why the last connection could not be made, or broke. */
  #said: Error | undefined;
  #incarnation = 1;

  constructor(options: RedisOptions, clock: Clock) {
    this.prefix = options.keyPrefix;
    this.#clock = clock;
    this.#redis = connectRedis(options, clock, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: options.commandTimeoutMs,
      retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
    });
    // The first error of an attempt tells why; what follows only says that the connection is gone.
    let isFirst = true;
    this.#redis.on('connecting', () => {
      isFirst = true;
    });
    this.#redis.on('error', (error) => {
      if (isFirst) this.#said = explained(error);
      if (isFirst && !this.up) options.trouble?.met(this.#said);
      isFirst = false;
    });
    this.#redis.on('ready', () => {
      this.#said = undefined;
      // One that could not be reached at start may be there before the watch has given it up.
      if (this.up) options.trouble?.over();
      this.#connected();
    });
    defineScripts(this.#redis);
    this.#watch = new RedisWatch({
      clock,
      probe: () => this.#ask((redis) => redis.ping()).then(() => undefined),
      timeoutMs: options.commandTimeoutMs,
      // A connection that a firewall forgot stays open and swallows everything; only a new one shows that.
      reconnect: () => this.#reconnect(),
      onChange: (up) => {
        if (up) options.trouble?.over();
        else options.trouble?.met(this.#said ?? new Error('it does not answer'));
        this.#events.emit('change', up);
        if (up) this.#found();
      },
    });
  }

  /** Waits for the first connection. @throws STORE_UNAVAILABLE, with reason `redis_database` if there is no such one */
  async connect(): Promise<void> {
    try {
      await this.#redis.connect();
    } catch (error) {
      // What is thrown says that the connection is closed; why, was said before.
      const cause = this.#said ?? error;
      if (isSelectRefused(cause))
        throw new LeafcutterError(
          'STORE_UNAVAILABLE',
          'Redis does not have the database that redis.url names.',
          {
            reason: 'redis_database',
            cause,
          },
        );
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Redis cannot be reached.', { cause });
    }
  }

  /** False while Redis is away. */
  get up(): boolean {
    return this.#watch.up;
  }

  /** Rises whenever `onFound` is told. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** Calls `listener` whenever Redis goes away or comes back. */
  onChange(listener: (up: boolean) => void): void {
    this.#events.on('change', listener);
  }

  /**
   * Calls `listener` whenever Redis may have forgotten something: it came back, or a new connection may have led to
   * another server, such as a replica that was promoted without the last writes.
   */
  onFound(listener: () => void): void {
    this.#events.on('found', listener);
  }

  /**
   * Runs commands.
   * @throws STORE_UNAVAILABLE with `reason`: they may have been carried out, unless Redis was away before
   */
  async run<T>(work: (redis: Redis) => Promise<T>, reason = 'redis'): Promise<T> {
    if (!this.up) throw unavailable(reason);
    try {
      return await this.#ask(work);
    } catch (error) {
      throw unavailable(reason, error);
    }
  }

  /** Calls `heard` with what is published on `channel`, as far as it gets here (`RedisListener`). */
  listen(channel: string, heard: (message: string) => void): void {
    this.#listeners.push(new RedisListener(this.#redis.duplicate(LISTENER_OPTIONS), channel, heard));
  }

  /**
   * Connects anew, because the Redis that answers is the wrong one: its name may lead to another server by now, while this one
   * answers on as long as somebody is connected.
   */
  renew(): void {
    const now = this.#clock.monotonic();
    if (now - this.#renewedAtMs < RENEW_EVERY_MS) return;
    this.#renewedAtMs = now;
    this.#reconnect();
  }

  close(): void {
    this.#watch.stop();
    for (const listener of this.#listeners) listener.close();
    this.#redis.disconnect();
  }

  #reconnect(): void {
    if (this.#redis.status === 'ready') this.#redis.disconnect(true);
  }

  #found(): void {
    this.#incarnation += 1;
    this.#events.emit('found');
  }

  #connected(): void {
    // Listeners follow: a new connection may have led to another server, and their messages come from there now.
    for (const listener of this.#listeners) listener.renew();
    if (this.#connectedBefore) this.#found();
    this.#connectedBefore = true;
  }

  /** The commands of one turn of the event loop leave in one system call, which is a good part of what they cost. */
  #sendTogether(): void {
    const { stream } = this.#redis;
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => stream.uncork());
  }

  /** An error reply is an answer too: Redis is there and refuses. */
  async #ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    this.#sendTogether();
    try {
      const result = await work(this.#redis);
      this.#watch.heard();
      return result;
    } catch (error) {
      if (error instanceof ReplyError) this.#watch.heard();
      throw error;
    }
  }
}

/** A full Redis says so and hangs up, which a client that speaks first does not get to read. */
function explained(error: Error & { code?: string }): Error {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') return error;
  return new Error(`it ended the connection (${error.message}); has it reached maxclients?`);
}

function unavailable(reason: string, cause?: unknown): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'Redis does not answer.', { reason, cause });
}
