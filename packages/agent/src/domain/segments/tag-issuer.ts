import type { Clock } from '@leafcutter/shared/clock';
import { hasCode, type LeafcutterError } from '@leafcutter/shared/errors';
import type { Shape } from '@leafcutter/shared/shape';
import type { FirstCalls } from './names/first-calls.ts';
import { Refill } from './refill.ts';
import { blockTooLarge, counterWentBack, nearlyExhausted, nothingCame, queueFull } from './refusals.ts';
import type { RefillLatency } from './runway/refill-latency.ts';
import { RunwayGauge } from './runway/runway-gauge.ts';
import type { BufferEvents, BufferRules, Segment, SegmentSource } from './segment.ts';
import { sizeOf } from './segment.ts';
import { type ExactId, SegmentBuffer } from './segment-buffer.ts';
import { statusOf, type TagStatus } from './tag-status.ts';
import { type Waiter, WaitingLine } from './waiting-line.ts';

/** The refill of a tag at rest. */
const NO_REFILL: Pick<Refill, 'state' | 'lastError'> = { state: 'idle', lastError: undefined };

/** A tag that nobody used for this long is at rest. Its rate has decayed to nothing by then. Milliseconds. */
const REST_AFTER_MS = 60_000;

/**
 * Issues the IDs of one tag, from its buffer, its refill and its two lines of waiting callers. Callers that wait for
 * a block in one piece stand in a line of their own, so that others are served from memory meanwhile.
 *
 * - in use: the first state; also entered when somebody draws from a tag at rest. Left by a `tick`, once nobody used the
 *   tag for a minute, nobody waits and no refill is under way or to be tried again.
 * - at rest: only the buffer is kept, because an agent may have thousands of such tags.
 * - closed: the last state, entered by `close`.
 */
export class TagIssuer {
  readonly tag: string;
  readonly #parts: IssuerParts;
  readonly #buffer: SegmentBuffer;
  /** Undefined at rest. */
  #inUse: InUse | undefined;
  /** The largest block that the last request for a segment asked for. */
  #askedBlock = 0;
  /** IDs per second that are drawn of the day before; undefined unless this is the tag of a next day. */
  #expectedRate: number | undefined;
  #issued = 0;
  #issuedAtTick = 0;
  #usedAt: number;
  #closed = false;

  constructor(tag: string, parts: IssuerParts, highest: bigint) {
    this.tag = tag;
    this.#parts = parts;
    this.#buffer = new SegmentBuffer(parts.rules.prefetchAtUsedRatio, highest);
    this.#usedAt = this.#monotonic();
  }

  get highest(): bigint {
    return this.#buffer.highest;
  }

  get shape(): Shape | undefined {
    return this.#buffer.shape;
  }

  /** True once this issuer was dropped; its tag gets a new one. */
  get closed(): boolean {
    return this.#closed;
  }

  /** True if nothing is kept of this tag but its buffer. */
  get isAtRest(): boolean {
    return this.#inUse === undefined;
  }

  /** One ID from memory, or undefined if the caller has to wait. */
  takeOne(): bigint | undefined {
    return this.#line.length > 0 ? undefined : this.#counted(this.#buffer.takeOne(this.#parts.clock));
  }

  /** As `takeOne`, as a Number if a Number holds the ID exactly. */
  takeExact(): ExactId | undefined {
    return this.#line.length > 0 ? undefined : this.#counted(this.#buffer.takeExact(this.#parts.clock));
  }

  /**
   * `count` IDs as rising ranges, from memory or after waiting for the refill under way.
   * @throws SEGMENTS_EXHAUSTED if none came in time or too many wait, TAG_UNKNOWN, TAG_RETIRED, TAG_EXHAUSTED; a tag
   * that never had a segment says why instead: COORDINATOR_UNAVAILABLE, STORE_UNAVAILABLE, RATE_LIMITED
   */
  async take(count: number, signal?: AbortSignal): Promise<Segment[]> {
    if (this.#line.length === 0 && this.#buffer.remaining >= count) return this.#takeNow(count);
    return this.#waitIn(this.#line, count, signal);
  }

  /**
   * `count` consecutive IDs as one range, from memory or after waiting for a segment that holds them in one piece.
   * Its promise settles in as many turns as that of `take`, so that callers hear in the order of issue.
   * @throws as `take`, and BAD_REQUEST if a coordinator grants no segment that large
   */
  async takeBlock(count: number, signal?: AbortSignal): Promise<Segment[]> {
    const now = this.takeBlockNow(count);
    return now === undefined ? this.#waitIn(this.#blocks, count, signal) : [now];
  }

  /** `count` consecutive IDs from memory, or undefined if the caller has to wait. */
  takeBlockNow(count: number): Segment | undefined {
    if (this.#line.length > 0 || this.#blocks.length > 0) return undefined;
    const taken = this.#takeBlock(count);
    if (taken !== undefined) this.#fetchIfWanted();
    return taken;
  }

  /** Fetches the first segment of a day that has yet to begin, as large as `ratePerSecond` will want it. */
  fetchAhead(ratePerSecond: number): void {
    this.#expectedRate = ratePerSecond;
    if (this.highest === 0n) this.#refill.start();
  }

  /** Called once a second: measures the rate, even if nobody draws. */
  tick(now: number): void {
    if (this.#issued !== this.#issuedAtTick) this.#usedAt = now;
    this.#issuedAtTick = this.#issued;
    if (this.#inUse === undefined || this.#closed) return;
    if (this.#isRunwayShort(now)) this.#refill.start();
    const isUnused = now - this.#usedAt >= REST_AFTER_MS && this.#waiting === 0;
    if (isUnused && this.#refill.isAtRest) this.#inUse = undefined;
  }

  /**
   * True if nobody used the tag since `moment` (monotonic) and nothing is under way. A tag that never had a segment
   * is idle as soon as nobody waits for it: names that do not exist must not fill the memory while no coordinator is
   * there to say so.
   */
  idleSince(moment: number): boolean {
    const { state } = this.#inUse?.refill ?? NO_REFILL;
    if (this.#waiting > 0 || state === 'open') return false;
    return this.#usedAt < moment || (this.highest === 0n && state === 'idle');
  }

  /** Drops the tag: waiting callers get `error`, and the IDs left are never issued. */
  close(error: LeafcutterError): void {
    if (this.#closed) return;
    this.#closed = true;
    // Made if there was none: a caller that comes late must not start another.
    this.#refill.close();
    this.#rejectAll(error);
    this.#parts.events.discarded(this.tag, this.#buffer.remaining, 'dropped');
  }

  status(): TagStatus {
    const { remaining } = this.#buffer;
    const ratePerSecond = this.#inUse?.runway.ratePerSecond ?? 0;
    const held = { view: this.#buffer.view(), remaining, ratePerSecond, waiting: this.#waiting };
    return statusOf(this.tag, held, this.#inUse?.refill ?? NO_REFILL);
  }

  get #waiting(): number {
    return this.#inUse === undefined ? 0 : this.#line.length + this.#blocks.length;
  }

  get #line(): WaitingLine {
    return this.#use().line;
  }

  get #blocks(): WaitingLine {
    return this.#use().blocks;
  }

  get #refill(): Refill {
    return this.#use().refill;
  }

  get #runway(): RunwayGauge {
    return this.#use().runway;
  }

  #use(): InUse {
    this.#inUse ??= this.#begin();
    return this.#inUse;
  }

  #begin(): InUse {
    const { clock, rules, latency } = this.#parts;
    const line = () => new WaitingLine(clock, rules.waitMs, (waiter, error) => this.#sendAway(waiter, error));
    const runway = new RunwayGauge(this.#monotonic(), this.#issued, latency);
    return { line: line(), blocks: line(), refill: this.#newRefill(), runway };
  }

  #newRefill(): Refill {
    const { clock, random, events } = this.#parts;
    return new Refill({
      clock,
      random,
      fetch: () => this.#fetch(),
      landed: (segment, durationMs) => this.#land(segment, durationMs),
      late: (segment) => events.discarded(this.tag, sizeOf(segment), 'late'),
      failed: (error) => this.#failed(error),
      retried: () => events.refillRetried(this.tag),
      recovered: () => {
        if (this.#waiting > 0 || this.highest > 0n) this.#fetchIfWanted();
      },
    });
  }

  #monotonic(): number {
    return this.#parts.clock.monotonic();
  }

  #waitIn(line: WaitingLine, count: number, signal: AbortSignal | undefined): Promise<Segment[]> {
    const { rules, events } = this.#parts;
    if (this.#waiting >= rules.maxWaiting) {
      // If nobody may wait at all, nobody else would ever ask for the segment.
      if (this.#buffer.hasRoom) this.#refill.start();
      throw queueFull(this.tag);
    }
    const { state, lastError } = this.#refill;
    // Nothing will come: waiting for the next try would only delay the answer.
    if (state === 'waiting' && hasCode(lastError, 'TAG_EXHAUSTED'))
      throw nearlyExhausted(this.tag, this.#buffer.remaining, lastError);
    const begun = this.#monotonic();
    const ranges = line.join(count, signal);
    this.#serveLines();
    return ranges.finally(() => events.waited(this.tag, this.#monotonic() - begun));
  }

  #counted<Id extends ExactId>(id: Id | undefined): Id | undefined {
    if (id === undefined) return undefined;
    this.#issued += 1;
    this.#fetchIfWanted();
    return id;
  }

  #takeNow(count: number): Segment[] {
    const ranges = this.#buffer.takeRanges(count, this.#monotonic());
    this.#issued += count;
    this.#fetchIfWanted();
    return ranges;
  }

  #takeRange(count: number): Segment | undefined {
    const range = this.#buffer.take(count, this.#monotonic());
    if (range !== undefined) this.#issued += sizeOf(range);
    return range;
  }

  #takeBlock(count: number): Segment | undefined {
    const before = this.#buffer.remaining;
    const block = this.#buffer.takeBlock(count, this.#monotonic());
    if (block === undefined) return undefined;
    this.#issued += count;
    this.#skipped(before - this.#buffer.remaining - count);
    return block;
  }

  #skipped(ids: number): void {
    if (ids > 0) this.#parts.events.discarded(this.tag, ids, 'skipped');
  }

  /**
   * A caller that has some of its IDs already comes first: they lie below everything that follows (I3). After that
   * comes the line whose first caller is older, so that neither line starves the other.
   */
  #serveLines(): void {
    const serveBlocks = () => this.#blocks.serve((count) => this.#takeBlock(count));
    this.#line.finishBegun((count) => this.#takeRange(count));
    if (this.#blocks.deadline < this.#line.deadline) serveBlocks();
    this.#line.serve((count, begun) => (this.#isHeldBack(count, begun) ? undefined : this.#takeRange(count)));
    serveBlocks();
    // Not earlier: the coordinator is told how many IDs callers still wait for.
    this.#fetchIfWanted();
  }

  /**
   * Of a batch that a segment on its way may complete, nothing is taken yet: at the tag's end none comes, and the rest is still
   * there. One that is begun takes what there is, because its IDs lie below whatever follows (I3), and so does one with
   * blocks behind it, which would take the rest again and again.
   */
  #isHeldBack(count: number, begun: boolean): boolean {
    const { hasRoom, remaining } = this.#buffer;
    return !begun && hasRoom && remaining < count && this.#blocks.length === 0;
  }

  /** No segment comes any more: whoever fits into what is left is served, in the order they came. */
  #serveRest(error: LeafcutterError): void {
    this.#blocks.rejectAll(error);
    while (this.#line.length > 0) {
      this.#line.serve((count) => (count > this.#buffer.remaining ? undefined : this.#takeRange(count)));
      this.#line.rejectFirst(nearlyExhausted(this.tag, this.#buffer.remaining, error));
    }
  }

  #fetchIfWanted(): void {
    const isAwaited = this.#blocks.length > 0 || (this.#line.length > 0 && this.#buffer.hasRoom);
    const isShort = this.#runway.isDue(this.#issued) && this.#isRunwayShort(this.#monotonic());
    if (isShort || this.#buffer.wantsNext || isAwaited) this.#refill.start();
  }

  #isRunwayShort(now: number): boolean {
    return this.#runway.isShort(this.#issued, this.#buffer.remaining, now) && this.#buffer.hasRoom;
  }

  #fetch(): Promise<Segment> {
    const { firstCalls, rules } = this.#parts;
    if (firstCalls === undefined || this.highest > 0n) return this.#ask();
    return firstCalls.run(
      () => this.#ask(),
      // If nobody may wait, the next caller is the one that needs it.
      () => this.#waiting > 0 || rules.maxWaiting === 0,
    );
  }

  #ask(): Promise<Segment> {
    const { clock, source } = this.#parts;
    const { lastSegment } = this.#buffer;
    this.#askedBlock = this.#blocks.firstNeeds ?? 0;
    if (this.highest === 0n && this.#waiting === 0 && this.#expectedRate !== undefined)
      return source.fetchSegment(this.tag, {
        ratePerSecond: this.#expectedRate,
        waitingIds: 1,
        blockIds: 0,
        aheadAtMs: clock.now(),
      });
    return source.fetchSegment(this.tag, {
      ratePerSecond: this.#runway.demandPerSecond(this.#issued, this.#monotonic()),
      waitingIds: this.#line.waitingIds + this.#blocks.waitingIds,
      blockIds: this.#askedBlock,
      ...(lastSegment === undefined ? {} : { lastSegment }),
    });
  }

  #land(segment: Segment, durationMs: number): LeafcutterError | undefined {
    const { events } = this.#parts;
    if (!this.#accept(segment)) {
      events.discarded(this.tag, sizeOf(segment), 'below_highest');
      return counterWentBack(this.tag);
    }
    this.#runway.refillTook(durationMs);
    events.refilled(this.tag, segment, durationMs);
    this.#refuseTooLarge(segment);
    this.#serveLines();
    return undefined;
  }

  /**
   * A segment was fetched for a block although the buffer is full. It replaces what is held, because the block may
   * not lie above IDs that are issued after it (I3).
   */
  #accept(segment: Segment): boolean {
    if (this.#buffer.hasRoom) return this.#buffer.accept(segment, this.#monotonic());
    if (segment.start < this.highest) return false;
    if (sizeOf(segment) < (this.#blocks.firstNeeds ?? Number.POSITIVE_INFINITY)) {
      this.#parts.events.discarded(this.tag, sizeOf(segment), 'unneeded');
      return true;
    }
    this.#skipped(this.#buffer.remaining);
    return this.#buffer.replace(segment, this.#monotonic());
  }

  /** The coordinators were asked for a block and granted less: the tag has no segments that large. */
  #refuseTooLarge(segment: Segment): void {
    const size = sizeOf(segment);
    const refused = (needs: number) => needs > size && needs <= this.#askedBlock;
    while (refused(this.#blocks.firstNeeds ?? 0)) this.#blocks.rejectFirst(blockTooLarge(this.tag, size));
  }

  #failed(error: LeafcutterError): void {
    this.#parts.events.refillFailed(this.tag, error);
    // Asking again makes no sense until someone changes the tag.
    if (hasCode(error, 'TAG_UNKNOWN', 'TAG_RETIRED')) this.#parts.dropped(this, error);
    else if (hasCode(error, 'TAG_EXHAUSTED')) this.#serveRest(error);
  }

  #rejectAll(error: LeafcutterError): void {
    for (const line of [this.#line, this.#blocks]) line.rejectAll(error);
  }

  /** Some IDs may have been taken for the caller already; they are never issued. */
  #sendAway(
    waiter: Waiter,
    error: unknown = nothingCame(this.tag, this.#refill.lastError, this.highest > 0n),
  ): void {
    const taken = waiter.ranges.reduce((sum, range) => sum + sizeOf(range), 0);
    if (taken > 0) this.#parts.events.discarded(this.tag, taken, 'abandoned');
    waiter.reject(error);
    // Whoever stood behind a batch that was held back may fit into what is left; not now, the line is being walked.
    if (!this.#closed && this.#buffer.remaining > 0) queueMicrotask(() => this.#closed || this.#serveLines());
  }
}

/** What a tag needs only while it is in use. */
interface InUse {
  /** Callers that wait for IDs. */
  readonly line: WaitingLine;
  /** Callers that wait for a block. */
  readonly blocks: WaitingLine;
  readonly refill: Refill;
  readonly runway: RunwayGauge;
}

/** What issuers share. */
export interface IssuerParts {
  readonly source: SegmentSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly rules: BufferRules;
  readonly events: BufferEvents;
  /** How long the refills of all the agent's tags take. */
  readonly latency: RefillLatency;
  /** The line for calls about names that never had a segment; undefined for a name that need not wait in it. */
  readonly firstCalls?: FirstCalls | undefined;
  /** Called once if the tag turned out to be gone; the receiver closes this issuer. */
  readonly dropped: (issuer: TagIssuer, error: LeafcutterError) => void;
}
