import type { Clock } from '@leafcutter/shared/clock';
import type { Shape } from '@leafcutter/shared/shape';
import { type Segment, sizeOf } from './segment.ts';

type MonotonicClock = Pick<Clock, 'monotonic'>;

/** One of the two segments of a buffer, and how far it is used. */
interface Held {
  readonly start: bigint;
  readonly shape: Shape | undefined;
  readonly size: number;
  /** `start` as a Number; 0 if the segment has IDs that a Number would round. */
  readonly startNumber: number;
  readonly fitsNumber: boolean;
  /** IDs of it already issued, 0 to `size`. */
  used: number;
}

/** An ID as a Number if a Number holds it exactly, else as a bigint: text and sums of small Numbers cost less. */
export type ExactId = number | bigint;

/** The first integer that a Number no longer tells apart from its neighbours. */
const NUMBERS_END = BigInt(Number.MAX_SAFE_INTEGER) + 1n;

/** A segment in the form of status pages. */
export interface SegmentView {
  readonly start: string;
  readonly end: string;
  readonly used: number;
  readonly size: number;
}

/**
 * An agent's two segments of a tag.
 *
 * - empty: neither `current` nor `next`. The first state; also entered when the last ID is taken. Left by `accept`.
 * - serving: `current` only. Entered by `accept` on an empty buffer, or when `current` is used up and `next` takes
 *   its place. Left by `accept` (to full) or by taking the last ID (to empty).
 * - full: both. Entered by `accept`. Left when `current` is used up, when `takeBlock` skips it, or by `replace`.
 *
 * `next` without `current` cannot be, and a third segment must not come: both are assertions. IDs leave the buffer in
 * rising order (I3), because a segment at or below anything ever held is refused, and `current` is used up before
 * `next`.
 */
export class SegmentBuffer {
  readonly #prefetchAtUsedRatio: number;
  #current: Held | undefined;
  #next: Held | undefined;
  /** When `current` began to serve, monotonic milliseconds. */
  #servingSince = 0;
  /** `used` of `current` at which the next segment should be fetched. */
  #prefetchAt = 0;
  /** End of the highest segment ever held. */
  #highest: bigint;
  #lastSegment: { step: number; lastedMs: number } | undefined;

  /** `highest`: end of the highest segment that an earlier buffer of this tag held in this process. */
  constructor(prefetchAtUsedRatio: number, highest = 0n) {
    this.#prefetchAtUsedRatio = prefetchAtUsedRatio;
    this.#highest = highest;
  }

  get highest(): bigint {
    return this.#highest;
  }

  /** The shape of the IDs that can be taken now. */
  get shape(): Shape | undefined {
    return this.#current?.shape;
  }

  /** The last segment that was used up: its size and how long it served, in milliseconds. */
  get lastSegment(): { readonly step: number; readonly lastedMs: number } | undefined {
    return this.#lastSegment;
  }

  /** IDs that can be taken now. */
  get remaining(): number {
    return left(this.#current) + left(this.#next);
  }

  /** True if there is room for a segment and enough of `current` is used to want one. */
  get wantsNext(): boolean {
    return (
      this.#next === undefined && (this.#current === undefined || this.#current.used >= this.#prefetchAt)
    );
  }

  /** True if `accept` would find room. */
  get hasRoom(): boolean {
    return this.#next === undefined;
  }

  /** Takes up to `count` consecutive IDs; undefined if the buffer is empty. `now` is monotonic. */
  take(count: number, now: number): Segment | undefined {
    const current = this.#current;
    if (current === undefined) return undefined;
    const taken = Math.min(count, current.size - current.used);
    const start = current.start + BigInt(current.used);
    current.used += taken;
    if (current.used === current.size) this.#useUp(current, now);
    return rangeOf(start, start + BigInt(taken), current.shape);
  }

  /** Takes `count` IDs, at most `remaining`, as rising ranges. */
  takeRanges(count: number, now: number): Segment[] {
    const ranges: Segment[] = [];
    for (let wanted = count; wanted > 0; ) {
      const range = this.take(wanted, now);
      if (range === undefined) throw new Error('the buffer held less than it said');
      wanted -= sizeOf(range);
      ranges.push(range);
    }
    return ranges;
  }

  /**
   * Takes one ID; undefined if the buffer is empty or if its numbers have a shape, because those are not given bare.
   * The hot path: it builds no range.
   */
  takeOne(clock: MonotonicClock): bigint | undefined {
    const current = this.#current;
    if (current === undefined || current.shape !== undefined) return undefined;
    const { used } = current;
    this.#use(current, used + 1, clock);
    return current.start + BigInt(used);
  }

  /** As `takeOne`, without the cost of a bigint if a Number will do. All IDs of a segment have the same type. */
  takeExact(clock: MonotonicClock): ExactId | undefined {
    const current = this.#current;
    if (current === undefined || current.shape !== undefined) return undefined;
    const { used } = current;
    this.#use(current, used + 1, clock);
    return current.fitsNumber ? current.startNumber + used : current.start + BigInt(used);
  }

  /**
   * Takes `count` consecutive IDs; undefined if the buffer has no such block, and then nothing changes. If only
   * `next` has it, the rest of `current` is skipped and never issued, because those IDs may not come after the block
   * (I3).
   */
  takeBlock(count: number, now: number): Segment | undefined {
    const current = this.#current;
    const next = this.#next;
    if (current === undefined) return undefined;
    const rest = left(current);
    if (rest >= count || next === undefined) return rest >= count ? this.take(count, now) : undefined;
    if (current.start + BigInt(current.size) === next.start && rest + next.size >= count) {
      const start = this.take(rest, now)?.start;
      const end = this.take(count - rest, now)?.end;
      return start === undefined || end === undefined ? undefined : rangeOf(start, end, current.shape);
    }
    if (next.size < count) return undefined;
    this.#useUp(current, now);
    return this.take(count, now);
  }

  /** As `accept`, but replaces everything that is held; what is replaced is never issued. */
  replace(segment: Segment, now: number): boolean {
    if (!this.#isNew(segment)) return false;
    this.#current = undefined;
    this.#next = undefined;
    return this.accept(segment, now);
  }

  /**
   * Takes a segment in. False if it starts below the end of one that this agent held before: then a counter went
   * back, and the segment may be someone's already.
   */
  accept(segment: Segment, now: number): boolean {
    if (this.#next !== undefined) throw new Error('a third segment came to a full buffer');
    if (!this.#isNew(segment)) return false;
    this.#highest = segment.end;
    const held = heldOf(segment);
    if (this.#current === undefined) this.#serve(held, now);
    else this.#next = held;
    return true;
  }

  view(): { current: SegmentView | null; next: SegmentView | null; prefetchAt: number } {
    return { current: viewOf(this.#current), next: viewOf(this.#next), prefetchAt: this.#prefetchAt };
  }

  #isNew(segment: Segment): boolean {
    return segment.start >= this.#highest && segment.end > segment.start;
  }

  #use(current: Held, used: number, clock: MonotonicClock): void {
    current.used = used;
    if (used === current.size) this.#useUp(current, clock.monotonic());
  }

  #useUp(current: Held, now: number): void {
    this.#lastSegment = { step: current.size, lastedMs: Math.max(0, Math.round(now - this.#servingSince)) };
    const next = this.#next;
    this.#next = undefined;
    this.#current = undefined;
    if (next !== undefined) this.#serve(next, now);
  }

  #serve(held: Held, now: number): void {
    this.#current = held;
    this.#servingSince = now;
    this.#prefetchAt = Math.ceil(held.size * this.#prefetchAtUsedRatio);
  }
}

function heldOf(segment: Segment): Held {
  const { start, end, shape } = segment;
  const fitsNumber = end <= NUMBERS_END;
  const startNumber = fitsNumber ? Number(start) : 0;
  return { start, shape, size: sizeOf(segment), startNumber, fitsNumber, used: 0 };
}

function rangeOf(start: bigint, end: bigint, shape: Shape | undefined): Segment {
  return shape === undefined ? { start, end } : { start, end, shape };
}

function left(held: Held | undefined): number {
  return held === undefined ? 0 : held.size - held.used;
}

function viewOf(held: Held | undefined): SegmentView | null {
  if (held === undefined) return null;
  return {
    start: String(held.start),
    end: String(held.start + BigInt(held.size)),
    used: held.used,
    size: held.size,
  };
}
