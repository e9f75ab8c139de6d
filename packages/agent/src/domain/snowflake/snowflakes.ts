import type { Clock } from '@leafcutter/shared/clock';
import { sleep } from '@leafcutter/shared/clock';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { SnowflakeGenerator } from './snowflake-generator.ts';

/** Shortest wait for the clock to catch up, in milliseconds. */
const SHORTEST_WAIT_MS = 1;

/** Callers that may wait for the clock at once. */
const MAX_WAITING = 10_000;

/** Snowflake mode as the doors use it: one ID or many, with a wait if the clock catches up soon. */
export class Snowflakes {
  readonly #generator: SnowflakeGenerator;
  readonly #keeper: LeaseKeeper;
  readonly #clock: Clock;
  readonly #waitMs: number;
  #waiting = 0;

  /** `waitMs`: how long a request may wait for the clock, at most. */
  constructor(parts: { generator: SnowflakeGenerator; keeper: LeaseKeeper; clock: Clock; waitMs: number }) {
    this.#generator = parts.generator;
    this.#keeper = parts.keeper;
    this.#clock = parts.clock;
    this.#waitMs = parts.waitMs;
  }

  /** @throws LEASE_LOST, or in its place what keeps the agent from a lease (`LeaseKeeper.obstacle`); CLOCK_BACKWARDS */
  next(): bigint {
    try {
      return this.#generator.next();
    } catch (error) {
      if (!hasCode(error, 'LEASE_LOST')) throw error;
      // The window is over although heartbeats should have extended it: this process was stopped. Ask at once.
      this.#keeper.nudge();
      throw this.#keeper.obstacle ?? error;
    }
  }

  /**
   * `count` IDs, 1 to 10,000, rising. Waits for the clock if it will catch up before the deadline.
   * @throws as `next`, and RATE_LIMITED if too many wait already; IDs made before the failure are lost.
   */
  async take(count: number, signal?: AbortSignal): Promise<bigint[]> {
    const ids: bigint[] = [];
    const deadline = this.#clock.monotonic() + this.#waitMs;
    while (ids.length < count) {
      try {
        ids.push(this.next());
      } catch (error) {
        if (!hasCode(error, 'CLOCK_BACKWARDS')) throw error;
        const wait = Math.max(SHORTEST_WAIT_MS, error.retryAfterMs ?? 0);
        if (signal?.aborted === true || this.#clock.monotonic() + wait > deadline) throw error;
        await this.#wait(wait);
      }
    }
    return ids;
  }

  async #wait(ms: number): Promise<void> {
    if (this.#waiting >= MAX_WAITING) {
      throw new LeafcutterError('RATE_LIMITED', 'Too many callers are already waiting for the clock.', {
        reason: 'queue_full',
      });
    }
    this.#waiting += 1;
    await sleep(this.#clock, ms);
    this.#waiting -= 1;
  }
}

/** What the snowflake doors answer if the mode is off. */
export function snowflakeDisabled(): LeafcutterError {
  return new LeafcutterError('NOT_FOUND', 'Snowflake mode is off at this agent; set snowflake.enabled.', {
    reason: 'disabled',
  });
}
