import { randomUUID } from 'node:crypto';
import type { Clock } from '@leafcutter/shared/clock';
import { sleep } from '@leafcutter/shared/clock';
import type { Locks, Release } from './domain/locks.ts';
import type { RedisLink } from './redis-link.ts';

const POLL_MIN_MS = 5;
const POLL_MAX_MS = 25;

/** Locks as `SET NX PX` with a random token. */
export class RedisLocks implements Locks {
  readonly #link: RedisLink;
  readonly #clock: Clock;

  constructor(link: RedisLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  async acquire(
    name: string,
    { waitMs, ttlMs }: { waitMs: number; ttlMs: number },
  ): Promise<Release | undefined> {
    const key = `${this.#link.prefix}lock:${name}`;
    const token = randomUUID();
    const deadline = this.#clock.monotonic() + waitMs;
    while (this.#link.up) {
      const taken = await this.#link
        .run((redis) => redis.set(key, token, 'PX', ttlMs, 'NX'))
        .catch(() => undefined);
      if (taken === 'OK') return () => this.#release(key, token);
      // Undefined: Redis did not answer. The lock is not worth waiting for; the row lock decides.
      if (taken === undefined) return undefined;
      if (this.#clock.monotonic() >= deadline) return undefined;
      await sleep(this.#clock, POLL_MIN_MS + Math.random() * (POLL_MAX_MS - POLL_MIN_MS));
    }
    return undefined;
  }

  async #release(key: string, token: string): Promise<void> {
    // A release that fails costs nothing but the rest of the TTL.
    if (this.#link.up) await this.#link.run((redis) => redis.releaseLock(key, token)).catch(() => undefined);
  }
}
