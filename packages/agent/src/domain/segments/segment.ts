import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { Shape } from '@leafcutter/shared/shape';

/** Half-open `[start, end)` of a tag's numbers. */
export interface Segment {
  readonly start: bigint;
  readonly end: bigint;
  /** How the tag writes these numbers; undefined for bare numbers. Ranges taken from a segment keep it. */
  readonly shape?: Shape | undefined;
}

/** How many IDs a segment holds. */
export function sizeOf({ start, end }: Segment): number {
  return Number(end - start);
}

/** What the agent says about a tag when it asks for a segment. */
export interface Demand {
  /** IDs per second drawn lately. */
  readonly ratePerSecond: number;
  /** IDs that callers wait for. */
  readonly waitingIds: number;
  /** The largest block of consecutive IDs that a caller waits for; 0 if nobody waits for one. */
  readonly blockIds: number;
  /** The last segment that was used up; absent until there is one. */
  readonly lastSegment?: { readonly step: number; readonly lastedMs: number };
  /** This agent's clock, unix milliseconds, if the tag's day has yet to begin; absent for any other tag. */
  readonly aheadAtMs?: number;
}

/** The source of segments: the coordinators. */
export interface SegmentSource {
  /**
   * Takes one new segment. If an answer is lost, so is its segment: asking again gets another.
   * @throws TAG_UNKNOWN, TAG_RETIRED, TAG_EXHAUSTED, COORDINATOR_UNAVAILABLE, STORE_UNAVAILABLE, RATE_LIMITED
   */
  fetchSegment(tag: string, demand: Demand): Promise<Segment>;
}

export interface BufferRules {
  /** How much of `current` is used when `next` is fetched, 0 to 1. */
  readonly prefetchAtUsedRatio: number;
  /** Callers that may wait for one tag. */
  readonly maxWaiting: number;
  /** How long a caller waits at most, in milliseconds. */
  readonly waitMs: number;
}

export interface BufferEvents {
  refilled(tag: string, segment: Segment, durationMs: number): void;
  refillFailed(tag: string, error: LeafcutterError): void;
  /** A refill is tried again after a failure. */
  refillRetried(tag: string): void;
  /** IDs that were granted and will never be issued. */
  discarded(tag: string, ids: number, reason: Discard): void;
  waited(tag: string, waitedMs: number): void;
  /** A name was asked for that gives no IDs, or that could not even be asked about. */
  nameRefused(how: NameRefusal): void;
}

/**
 * A coordinator said that there is no such tag or that it is retired (`asked`), it had said so lately (`remembered`),
 * or too many names that were never served were asked for at once (`crowded_out`).
 */
export type NameRefusal = 'asked' | 'remembered' | 'crowded_out';

/**
 * Why granted IDs will never be issued: a counter went back, an answer came after the tag was dropped, the tag was
 * dropped, the caller left, a block skipped the rest, or a segment was not needed because of a block.
 */
type Discard = 'below_highest' | 'late' | 'dropped' | 'abandoned' | 'skipped' | 'unneeded';
