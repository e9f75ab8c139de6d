import type { Clock } from '@leafcutter/shared/clock';
import { sleep } from '@leafcutter/shared/clock';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { SnowflakeGenerator } from './snowflake-generator.ts';

/** Shortest wait for the clock to catch up, in milliseconds. */
const SHORTEST_WAIT_MS = 1;

/** Snowflake mode as the doors see it: one ID or many, waiting where the clock catches up soon. */
export class Snowflakes {
  readonly #generator: SnowflakeGenerator;
  readonly #keeper: LeaseKeeper;
  readonly #clock: Clock;
  readonly #waitMs: number;

  /** `waitMs`: how long a request may wait for the clock, at most. */
  constructor(parts: { generator: SnowflakeGenerator; keeper: LeaseKeeper; clock: Clock; waitMs: number }) {
    this.#generator = parts.generator;
    this.#keeper = parts.keeper;
    this.#clock = parts.clock;
    this.#waitMs = parts.waitMs;
  }

  /** @throws LEASE_LOST, CLOCK_BACKWARDS */
  next(): bigint {
    try {
      return this.#generator.next();
    } catch (error) {
      // The window is over although heartbeats should have extended it: this process was stopped. Ask at once.
      if (hasCode(error, 'LEASE_LOST')) this.#keeper.nudge();
      throw error;
    }
  }

  /**
   * `count` IDs, 1 to 10,000, rising. Waits for the clock where it will have caught up before the deadline.
   * @throws LEASE_LOST, CLOCK_BACKWARDS; IDs made before the failure are lost.
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
        await sleep(this.#clock, wait);
      }
    }
    return ids;
  }
}

/** What the snowflake doors answer where the mode is off. */
export function snowflakeDisabled(): LeafcutterError {
  return new LeafcutterError('LEASE_LOST', 'Snowflake mode is off here; set snowflake.enabled to true.', {
    reason: 'disabled',
  });
}
