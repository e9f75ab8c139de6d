/** A counter of another system, read and understood. */
interface Counter {
  /** Its name there. */
  readonly name: string;
  /** The lowest ID that the other system has not handed out. */
  readonly nextId: bigint;
  /** How many IDs it takes at a time, if it has such a number. */
  readonly step?: number;
}

/** A counter that cannot be taken over, and why. */
interface Unreadable {
  readonly name: string;
  readonly problem: string;
}

export type Found = Counter | Unreadable;

/** Most counters that are read. More would mean a mistake in the address or the pattern. */
export const MAX_COUNTERS = 100_000;

export interface CounterSource {
  readonly url: string;
  /** Which keys are counters, as in SCAN; of Redis only. */
  readonly match: string | undefined;
  /** Whether a replica may be read. What it has not heard of yet was handed out and would be handed out again (I1). */
  readonly fromReplica: boolean;
}

/** The counters of a system. Its messages never contain the address, which has a password in it. */
export type ReadCounters = (source: CounterSource) => Promise<Found[]>;

/** Ends the sentence that names the replica. */
export const REPLICA_MAY_LAG =
  'and numbers that have not reached it yet would be handed out again. Name the primary, or add --from-replica if nothing is handed out any more and it has caught up.';

/** `text` as a counter's value; undefined if it is not one. */
export function wholeNumber(text: string): bigint | undefined {
  return /^-?[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
}
