import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { composeBase, machineIdCount, type SnowflakeLayout, timestampEndMs } from '@leafcutter/shared/layout';
import type { Lease } from './lease.ts';

export interface GeneratorRules {
  readonly layout: SnowflakeLayout;
  /** The highest sequence at which an idle generator starts a millisecond; with 0 it always starts at 0. */
  readonly sequenceStartMax: number;
  /** How far timestamps may run ahead of the clock, in milliseconds. */
  readonly maxClockDriftMs: number;
}

export interface GeneratorEvents {
  /** The wall clock went back by `byMs`. */
  clockWentBack(byMs: number): void;
}

/**
 * Makes snowflake IDs inside the window of a lease.
 *
 * - without a lease: every call refuses (LEASE_LOST). The first state; also entered by `drop`. Left by `hold`.
 * - holding: issues while the timestamp lies in the window. That check stands in the issuing path and not in a timer.
 *   So it holds however long the process was stopped, and whatever its clock says (I2, I4).
 *
 * An ID's timestamp is max(clock, window.from, last). `last` is this process's own over all its leases, so IDs rise
 * across leases and clock steps (I3).
 */
export class SnowflakeGenerator {
  readonly #clock: Clock;
  readonly #rules: GeneratorRules;
  readonly #events: GeneratorEvents;
  readonly #random: () => number;
  readonly #highestSequence: number;
  #lease: Lease | undefined;
  /** Timestamp of the last ID, unix milliseconds. */
  #last = 0;
  /** The ID of sequence 0 in the millisecond `last`. */
  #base = 0n;
  /**
   * Next sequence in the millisecond `last`; above the highest one if the millisecond is used up or is another
   * lease's.
   */
  #sequence: number;
  #clockSeen = 0;
  #issued = 0;

  constructor(parts: { clock: Clock; rules: GeneratorRules; events: GeneratorEvents; random: () => number }) {
    this.#clock = parts.clock;
    this.#rules = parts.rules;
    this.#events = parts.events;
    this.#random = parts.random;
    this.#highestSequence = 2 ** parts.rules.layout.sequenceBits - 1;
    this.#sequence = this.#highestSequence + 1;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** IDs issued since the process began. */
  get issued(): number {
    return this.#issued;
  }

  /** Timestamp of the last ID, unix milliseconds; 0 before the first. */
  get lastTimestampMs(): number {
    return this.#last;
  }

  /**
   * Takes a new lease, or the same one with a window that reaches further.
   * @throws LAYOUT_MISMATCH if the layout has no bits for it: its IDs would be negative, or another machine's
   */
  hold(lease: Lease): void {
    this.#checkFits(lease);
    const held = this.#lease;
    if (held?.machineId === lease.machineId && held.from === lease.from && lease.to >= held.to) {
      this.#lease = lease;
      return;
    }
    this.#lease = lease;
    // The millisecond `last` was another lease's: a new lease starts strictly above it.
    this.#sequence = this.#highestSequence + 1;
  }

  drop(): void {
    this.#lease = undefined;
  }

  /** @throws LEASE_LOST, CLOCK_BACKWARDS */
  next(): bigint {
    const lease = this.#lease;
    if (lease === undefined) throw noLease();
    const now = this.#clock.now();
    if (now < this.#clockSeen) this.#events.clockWentBack(this.#clockSeen - now);
    this.#clockSeen = now;

    let timestamp = Math.max(now, lease.from, this.#last);
    if (timestamp === this.#last && this.#sequence > this.#highestSequence) timestamp += 1;
    if (timestamp - now > this.#rules.maxClockDriftMs) throw this.#aheadOfClock(timestamp - now);
    if (timestamp >= lease.to) throw windowUsedUp();
    if (timestamp > this.#last) this.#startMillisecond(timestamp, lease.machineId);

    const id = this.#base + BigInt(this.#sequence);
    this.#sequence += 1;
    this.#issued += 1;
    return id;
  }

  #checkFits({ machineId, from, to }: Lease): void {
    const { layout } = this.#rules;
    const fits = machineId < machineIdCount(layout) && from >= layout.epochMs && to <= timestampEndMs(layout);
    if (fits) return;
    throw new LeafcutterError(
      'LAYOUT_MISMATCH',
      `A lease on machine id ${machineId} from ${from} to ${to} does not fit this agent's snowflake layout.`,
      { reason: 'lease' },
    );
  }

  #startMillisecond(timestamp: number, machineId: number): void {
    const { layout, sequenceStartMax } = this.#rules;
    const start = this.#isBusy(timestamp) ? 0 : Math.floor(this.#random() * (sequenceStartMax + 1));
    this.#last = timestamp;
    this.#base = composeBase(layout, timestamp, machineId);
    this.#sequence = start;
  }

  /** True if the millisecond just before was so full that a random start could have cost capacity. */
  #isBusy(timestamp: number): boolean {
    const mostWithoutLoss = this.#highestSequence - this.#rules.sequenceStartMax;
    return timestamp === this.#last + 1 && this.#sequence > mostWithoutLoss;
  }

  #aheadOfClock(byMs: number): LeafcutterError {
    return new LeafcutterError(
      'CLOCK_BACKWARDS',
      `The clock is ${byMs} ms behind the next timestamp, more than the ${this.#rules.maxClockDriftMs} ms allowed; IDs flow again when it has caught up.`,
      { retryAfterMs: byMs - this.#rules.maxClockDriftMs },
    );
  }
}

function noLease(): LeafcutterError {
  return new LeafcutterError(
    'LEASE_LOST',
    'This agent holds no machine id yet; it keeps asking its coordinators.',
    {
      reason: 'no_lease',
    },
  );
}

function windowUsedUp(): LeafcutterError {
  return new LeafcutterError(
    'LEASE_LOST',
    "The window of this agent's lease is over; it is taking a new one.",
    {
      reason: 'window_used_up',
    },
  );
}
