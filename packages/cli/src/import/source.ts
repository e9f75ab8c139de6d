/** A counter of another system, read and understood. */
interface Counter {
  /** Its name there, and the tag's name here. */
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

/** The counters of a system. Its messages never contain the address, which has a password in it. */
export type ReadCounters = (url: string, match: string | undefined) => Promise<Found[]>;

/** `text` as a counter's value; undefined if it is not one. */
export function wholeNumber(text: string): bigint | undefined {
  return /^-?[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
}
