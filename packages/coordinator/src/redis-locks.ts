import { randomUUID } from 'node:crypto';
import type { Clock } from '@leafcutter/shared/clock';
import type { Locks, Release } from './domain/locks.ts';
import { LockQueue } from './lock-queue.ts';
import type { RedisLink } from './redis-link.ts';

/** How long a waiter trusts that it is called. A lock whose holder died is released by nobody, and a call may be lost. */
const ASK_AGAIN_MS = 100;

/**
 * Locks as `SET NX PX` with a random token. Who finds a lock taken waits to be called: releasing one is published to
 * all coordinators, and in each the first who waits for it asks again.
 */
export class RedisLocks implements Locks {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #queue: LockQueue;
  readonly #channel: string;

  constructor(link: RedisLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    this.#queue = new LockQueue(clock);
    this.#channel = `${link.prefix}lock-released`;
    link.listen(this.#channel, (key) => this.#queue.call(key));
  }

  async acquire(
    name: string,
    { waitMs, ttlMs }: { waitMs: number; ttlMs: number },
  ): Promise<Release | undefined> {
    const key = `${this.#link.prefix}lock:${name}`;
    const token = randomUUID();
    const deadline = this.#clock.monotonic() + waitMs;
    const place = this.#queue.join(key);
    try {
      while (this.#link.up) {
        const taken = await this.#link
          .run((redis) => redis.set(key, token, 'PX', ttlMs, 'NX'))
          .catch(() => undefined);
        if (taken === 'OK') return () => this.#release(key, token);
        // Undefined: Redis did not answer. The lock is not worth waiting for; the row lock decides.
        if (taken === undefined) return undefined;
        const leftMs = deadline - this.#clock.monotonic();
        if (leftMs <= 0) return undefined;
        await place.turn(Math.min(leftMs, ASK_AGAIN_MS));
      }
      return undefined;
    } finally {
      place.leave();
    }
  }

  async #release(key: string, token: string): Promise<void> {
    if (!this.#link.up) return;
    // A release that fails costs nothing but the rest of the TTL.
    await this.#link.run((redis) => redis.releaseLock(key, token, this.#channel)).catch(() => undefined);
  }
}
