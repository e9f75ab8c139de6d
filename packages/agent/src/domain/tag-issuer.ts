import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { hasCode, LeafcutterError, toLeafcutterError } from '@leafcutter/shared/errors';
import { backoffMs } from './backoff.ts';
import { RateMeter } from './rate-meter.ts';
import type { Demand, Segment, SegmentSource } from './segment.ts';
import { SegmentBuffer, type SegmentView } from './segment-buffer.ts';
import { type Waiter, WaitingLine } from './waiting-line.ts';

export interface SegmentRules {
  /** Share of `current` that is used when `next` is fetched, 0 to 1. */
  readonly prefetchAtUsedRatio: number;
  /** Callers that may wait for one tag. */
  readonly maxWaiting: number;
  /** How long a caller waits at most, in milliseconds. */
  readonly waitMs: number;
}

export interface SegmentEvents {
  refilled(tag: string, segment: Segment, durationMs: number): void;
  refillFailed(tag: string, error: LeafcutterError): void;
  /** IDs that were granted and will never be issued. */
  discarded(tag: string, ids: number, reason: 'below_highest' | 'late' | 'dropped' | 'abandoned'): void;
  waited(tag: string, waitedMs: number): void;
}

/** A tag's buffer as `/v1/status` shows it. */
export interface TagStatus {
  readonly tag: string;
  readonly current: SegmentView | null;
  readonly next: SegmentView | null;
  readonly remaining: number;
  readonly ratePerSecond: number;
  /** Seconds until the local IDs run out at the present rate; null where there is no rate. */
  readonly runwaySeconds: number | null;
  /** `idle`, `open` (a request is under way) or `waiting` (for the next try after a failure). */
  readonly refill: RefillState;
  readonly lastError: string | null;
  readonly waiting: number;
}

type RefillState = 'idle' | 'open' | 'waiting';

/** Codes after which asking again makes no sense until someone acts on the tag. */
const FINAL = ['TAG_UNKNOWN', 'TAG_RETIRED'] as const;

/**
 * Issues the IDs of one tag: its buffer, its line of waiting callers, and its refill.
 *
 * The refill is idle, open (one request is under way; entered when the buffer wants a segment) or waiting (the last
 * request failed; left after a backoff, or for good by `close`). At most one request is open, and its answer is
 * applied once and only while it is the open one: after `close` an answer is discarded.
 */
export class TagIssuer {
  readonly tag: string;
  readonly #parts: Parts;
  readonly #buffer: SegmentBuffer;
  readonly #line: WaitingLine;
  readonly #rate: RateMeter;
  readonly #monotonic: () => number;
  #refill: RefillState = 'idle';
  #stopBackoff: Cancel = () => undefined;
  #failures = 0;
  #lastError: LeafcutterError | undefined;
  /** How long refills take, in milliseconds: the slowest lately, sinking slowly. */
  #refillMs = 0;
  #issued = 0;
  #issuedAtTick = 0;
  #usedAt: number;
  #closed = false;

  constructor(tag: string, parts: Parts, highest: bigint) {
    const { clock, rules } = parts;
    this.tag = tag;
    this.#parts = parts;
    this.#buffer = new SegmentBuffer(rules.prefetchAtUsedRatio, highest);
    this.#line = new WaitingLine(clock, rules.waitMs, (waiter, error) => this.#sendAway(waiter, error));
    this.#rate = new RateMeter(clock.monotonic());
    this.#monotonic = () => clock.monotonic();
    this.#usedAt = clock.monotonic();
  }

  get highest(): bigint {
    return this.#buffer.highest;
  }

  /** True once this issuer was dropped; its tag gets a new one. */
  get closed(): boolean {
    return this.#closed;
  }

  /** One ID from memory, or undefined where the caller has to wait. */
  takeOne(): bigint | undefined {
    if (this.#line.length > 0) return undefined;
    const id = this.#buffer.takeOne(this.#monotonic);
    if (id === undefined) return undefined;
    this.#issued += 1;
    this.#fetchIfWanted();
    return id;
  }

  /**
   * `count` IDs as rising ranges, from memory or after waiting for the refill under way.
   * @throws SEGMENTS_EXHAUSTED where none came in time or too many wait, TAG_UNKNOWN, TAG_RETIRED, TAG_EXHAUSTED;
   * a tag that never had a segment says why instead: COORDINATOR_UNAVAILABLE, STORE_UNAVAILABLE, RATE_LIMITED
   */
  async take(count: number, signal?: AbortSignal): Promise<Segment[]> {
    if (this.#line.length === 0 && this.#buffer.remaining >= count) return this.#takeNow(count);
    if (this.#line.length >= this.#parts.rules.maxWaiting) {
      // Where nobody may wait at all, nobody else would ever ask for the segment.
      if (this.#refill === 'idle' && this.#buffer.hasRoom) void this.#fetch();
      throw new LeafcutterError(
        'SEGMENTS_EXHAUSTED',
        `Too many callers wait for tag "${this.tag}" already.`,
        {
          reason: 'queue_full',
        },
      );
    }
    // Nothing will come: waiting for the next try would only delay the answer.
    if (this.#refill === 'waiting' && hasCode(this.#lastError, 'TAG_EXHAUSTED')) throw this.#lastError;
    const begun = this.#monotonic();
    const ranges = this.#line.join(count, signal);
    this.#serveLine();
    return ranges.finally(() => this.#parts.events.waited(this.tag, this.#monotonic() - begun));
  }

  /** Once a second: measures the rate, and fetches early where the runway is shorter than a refill takes. */
  tick(now: number): void {
    if (this.#issued !== this.#issuedAtTick) this.#usedAt = now;
    this.#issuedAtTick = this.#issued;
    this.#rate.sample(this.#issued, now);
    const rate = this.#rate.perSecond;
    const runwayMs = rate > 0 ? (this.#buffer.remaining / rate) * 1000 : Number.POSITIVE_INFINITY;
    // Twice, because the rate is an average and the next refill may be slower than the last.
    if (this.#refill === 'idle' && this.#buffer.hasRoom && runwayMs < 2 * this.#refillMs) void this.#fetch();
    this.#refillMs *= 0.99;
  }

  /**
   * True where nobody used the tag since `moment` (monotonic) and nothing is under way. A tag that never had a
   * segment is idle as soon as nobody waits for it: names that do not exist must not fill the memory while no
   * coordinator is there to say so.
   */
  idleSince(moment: number): boolean {
    if (this.#line.length > 0 || this.#refill === 'open') return false;
    return this.#usedAt < moment || (this.#buffer.highest === 0n && this.#refill === 'idle');
  }

  /** Drops the tag: waiting callers get `error`, the IDs left are never issued. */
  close(error: LeafcutterError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopBackoff();
    this.#line.rejectAll(error);
    this.#parts.events.discarded(this.tag, this.#buffer.remaining, 'dropped');
  }

  status(): TagStatus {
    const rate = this.#rate.perSecond;
    const { remaining } = this.#buffer;
    return {
      tag: this.tag,
      ...this.#buffer.view(),
      remaining,
      ratePerSecond: Math.round(rate * 10) / 10,
      runwaySeconds: rate < 0.05 ? null : Math.round((remaining / rate) * 10) / 10,
      refill: this.#refill,
      lastError: this.#lastError?.code ?? null,
      waiting: this.#line.length,
    };
  }

  #takeNow(count: number): Segment[] {
    const ranges: Segment[] = [];
    for (let left = count; left > 0; ) {
      const range = this.#takeRange(left);
      if (range === undefined) throw new Error('the buffer held less than it said');
      left -= Number(range.end - range.start);
      ranges.push(range);
    }
    this.#fetchIfWanted();
    return ranges;
  }

  #takeRange(count: number): Segment | undefined {
    const range = this.#buffer.take(count, this.#monotonic());
    if (range !== undefined) this.#issued += Number(range.end - range.start);
    return range;
  }

  #serveLine(): void {
    this.#line.serve((count) => this.#takeRange(count));
    // Not before: the coordinator is told how many IDs are still waited for.
    this.#fetchIfWanted();
  }

  #fetchIfWanted(): void {
    if (this.#refill === 'idle' && this.#buffer.wantsNext) void this.#fetch();
  }

  async #fetch(): Promise<void> {
    if (this.#closed) return;
    this.#refill = 'open';
    const begun = this.#monotonic();
    this.#rate.sample(this.#issued, begun);
    try {
      const segment = await this.#parts.source.fetchSegment(this.tag, this.#demand());
      this.#land(segment, this.#monotonic() - begun);
    } catch (thrown) {
      this.#fail(toLeafcutterError(thrown));
    }
  }

  #demand(): Demand {
    const { lastSegment } = this.#buffer;
    return {
      ratePerSecond: this.#rate.perSecond,
      waitingIds: this.#line.waitingIds,
      ...(lastSegment === undefined ? {} : { lastSegment }),
    };
  }

  #land(segment: Segment, durationMs: number): void {
    const { events } = this.#parts;
    const size = Number(segment.end - segment.start);
    if (this.#closed) {
      events.discarded(this.tag, size, 'late');
      return;
    }
    this.#refill = 'idle';
    if (!this.#buffer.accept(segment, this.#monotonic())) {
      events.discarded(this.tag, size, 'below_highest');
      this.#fail(
        new LeafcutterError(
          'SEGMENTS_EXHAUSTED',
          `The counter of tag "${this.tag}" went back; its segments are refused.`,
          {
            reason: 'below_highest',
          },
        ),
      );
      return;
    }
    this.#failures = 0;
    this.#lastError = undefined;
    this.#refillMs = Math.max(this.#refillMs, durationMs);
    events.refilled(this.tag, segment, durationMs);
    this.#serveLine();
  }

  #fail(error: LeafcutterError): void {
    if (this.#closed) return;
    this.#lastError = error;
    this.#parts.events.refillFailed(this.tag, error);
    if (hasCode(error, ...FINAL)) {
      this.#parts.dropped(this, error);
      return;
    }
    if (hasCode(error, 'TAG_EXHAUSTED')) this.#line.rejectAll(error);
    this.#refill = 'waiting';
    this.#stopBackoff = this.#parts.clock.after(backoffMs(this.#failures++, this.#parts.random), () => {
      this.#refill = 'idle';
      if (this.#buffer.wantsNext && (this.#line.length > 0 || this.#buffer.highest > 0n)) void this.#fetch();
    });
  }

  /** Part of what the caller wanted may have been taken for it: those IDs are never issued. */
  #sendAway(waiter: Waiter, error: unknown = this.#lateness()): void {
    const taken = waiter.ranges.reduce((sum, range) => sum + Number(range.end - range.start), 0);
    if (taken > 0) this.#parts.events.discarded(this.tag, taken, 'abandoned');
    waiter.reject(error);
  }

  #lateness(): LeafcutterError {
    const why = this.#lastError;
    const saysItAll = this.#buffer.highest === 0n || why?.code === 'SEGMENTS_EXHAUSTED';
    if (why !== undefined && saysItAll) return why;
    return new LeafcutterError(
      'SEGMENTS_EXHAUSTED',
      `No segment of tag "${this.tag}" came in time; try again.`,
      { reason: why?.code ?? 'slow_refill', cause: why },
    );
  }
}

interface Parts {
  readonly source: SegmentSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly rules: SegmentRules;
  readonly events: SegmentEvents;
  /** Called once where the tag turned out to be gone; the receiver closes this issuer. */
  readonly dropped: (issuer: TagIssuer, error: LeafcutterError) => void;
}
