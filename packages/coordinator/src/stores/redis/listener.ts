import type { Redis, RedisOptions } from 'ioredis';

/** How a connection that listens differs from the one that asks. */
export const LISTENER_OPTIONS = {
  // Subscribed below instead, in the same way for the first connection and for every later one.
  autoResubscribe: false,
  // Nobody probes this connection, and it may be silent for hours. Without this, a firewall forgets it unnoticed.
  keepAlive: 10_000,
} as const satisfies RedisOptions;

/**
 * Hears what is published on one channel. It has a connection of its own, because one that listens can ask nothing,
 * and it connects by itself, as often as need be. Best effort: what is published while it is not connected is never
 * heard.
 */
export class RedisListener {
  readonly #redis: Redis;

  constructor(redis: Redis, channel: string, heard: (message: string) => void) {
    this.#redis = redis;
    redis.on('error', () => undefined);
    redis.on('ready', () => void redis.subscribe(channel).catch(() => undefined));
    redis.on('message', (_channel, message) => heard(message));
    redis.connect().catch(() => undefined);
  }

  /** Connects anew: the name of the server may lead to another one by now. */
  renew(): void {
    if (this.#redis.status === 'ready') this.#redis.disconnect(true);
  }

  close(): void {
    this.#redis.disconnect();
  }
}
