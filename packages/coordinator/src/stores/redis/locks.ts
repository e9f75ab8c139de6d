import { randomUUID } from 'node:crypto';
import type { Clock } from '@leafcutter/shared/clock';
import type { Locks, Release } from '../../domain/allocation/locks.ts';
import type { RedisLink } from './link.ts';
import { LockBatch } from './lock-batch.ts';
import { LockCall } from './lock-call.ts';

/** How long a waiter relies on being called. If a lock's holder died, nobody releases it, and a call may be lost. */
const ASK_AGAIN_MS = 100;

/**
 * Locks with a queue. A coordinator that finds a lock taken waits in its queue in Redis. The one that releases the
 * lock hands it to the first in the queue and calls its coordinator. So nobody asks again and again, and a busy
 * coordinator cannot keep the lock from the others by always asking first.
 */
export class RedisLocks implements Locks {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #channel: string;
  /** The waiters in this process, by ticket. */
  readonly #calls = new Map<string, LockCall>();
  readonly #taking: LockBatch;
  readonly #releasing: LockBatch;
  #tickets = 0;

  constructor(link: RedisLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    this.#channel = `${link.prefix}lock-passed:${randomUUID()}`;
    this.#taking = new LockBatch((keys, tickets) =>
      link.run((redis) => redis.takeLocks(keys.length, ...keys, ...tickets)),
    );
    this.#releasing = new LockBatch((keys, tickets) =>
      link.run((redis) => redis.releaseLocks(keys.length, ...keys, ...tickets)),
    );
    link.listen(this.#channel, (ticket) => this.#calls.get(ticket)?.call());
  }

  async acquire(
    name: string,
    { waitMs, ttlMs }: { waitMs: number; ttlMs: number },
  ): Promise<Release | undefined> {
    const key = `${this.#link.prefix}lock:${name}`;
    const ticket = `${this.#channel} ${++this.#tickets} ${ttlMs}`;
    const release = () => this.#release(key, ticket);
    const call = new LockCall(this.#clock);
    // Before the first question, because a call may come before its answer.
    this.#calls.set(ticket, call);
    try {
      if (await this.#taken(key, ticket, waitMs, call)) return release;
    } finally {
      this.#calls.delete(ticket);
    }
    // Gives up the place in the queue; if the lock came too late, hands it on. Nobody needs to wait for that.
    void release();
    return undefined;
  }

  async #taken(key: string, ticket: string, waitMs: number, call: LockCall): Promise<boolean> {
    const deadline = this.#clock.monotonic() + waitMs;
    while (this.#link.up) {
      const taken = await this.#taking.ask(key, ticket).catch(() => undefined);
      if (taken === '1') return true;
      // Redis did not answer, or refused. The lock is not worth waiting for; the row lock decides.
      if (taken !== '0') return false;
      const leftMs = deadline - this.#clock.monotonic();
      if (leftMs <= 0) return false;
      if (await call.sleep(Math.min(leftMs, ASK_AGAIN_MS))) return true;
    }
    return false;
  }

  async #release(key: string, ticket: string): Promise<void> {
    if (!this.#link.up) return;
    // A release that fails costs nothing except the rest of the TTL.
    await this.#releasing.ask(key, ticket).catch(() => undefined);
  }
}
