import { sleep } from '@leafcutter/shared/clock';
import { hasCode } from '@leafcutter/shared/errors';
import { SHAPES } from '@leafcutter/shared/shape';
import {
  type BufferView,
  type LeaseRequest,
  leaseAnswer,
  type RenewRequest,
  type ReportRequest,
  renewAnswer,
  reportAnswer,
  type SegmentRequest,
  segmentAnswer,
} from '@leafcutter/shared/wire';
import type { FleetCalls } from './fleet-calls.ts';

/** IDs of a segment. */
export const STEP = 1_000;
/** How long one lasts. */
export const SEGMENT_LASTS_MS = 600_000;
/** IDs that an application draws at once. */
const BATCH = 100;
/** Share of a segment after which the next one is fetched (`prefetchAtUsedRatio`). */
const PREFETCH_AT = 0.1;
const REPORT_EVERY_MS = 15_000;
/** As in `reporter.ts`: a report comes early by up to this share of the interval. */
const JITTER = 0.1;
/** As in `lease-keeper.ts`. */
const EXTEND_BELOW_MS = 60_000;
/** What a failed call waits for before it is made again. */
const AGAIN_MS = 1_000;

/** One tag of an agent: its two segments by where they start. */
interface Draw {
  readonly tag: string;
  current: number;
  next: number | undefined;
  /** When the first ID of the current segment was drawn. */
  begunAtMs: number;
  /** What the coordinators have of it: the next segment, and how much of the current one is used. */
  shown: string;
}

/**
 * Keeps the schedule of a real agent (`LeaseKeeper`, `Reporter`, `SegmentBuffer`) without holding IDs: a lease, a heartbeat
 * 15 s after the last was answered, which extends a window that is half over; a report at the pace that the coordinators
 * ask for, up to a tenth early; and of each tag a segment as soon as a tenth of the current one is used.
 */
export class LightAgent {
  readonly #calls: FleetCalls;
  readonly #who: { readonly agentId: string; readonly instanceId: string };
  readonly #draws: Draw[] = [];
  #lease: { readonly machineId: number; readonly from: number; to: number } | undefined;
  #windowMs = 0;
  #heartbeatMs = 0;
  #revision = 0;
  /** The report that the coordinators have. */
  #known: number | undefined;

  constructor(calls: FleetCalls, who: { agentId: string; instanceId: string }) {
    this.#calls = calls;
    this.#who = who;
  }

  /**
   * `usedAtFirst`: of each tag, the share of the first segment that is drawn at once, so that agents are out of step.
   * `reportInMs`: when it begins to report.
   */
  start(tags: readonly { readonly tag: string; readonly usedAtFirst: number }[], reportInMs: number): void {
    void this.#takeLease();
    this.#calls.later(reportInMs, () => void this.#report());
    for (const { tag, usedAtFirst } of tags) void this.#begin(tag, usedAtFirst);
  }

  async #takeLease(): Promise<void> {
    const { calls, clock, layout } = this.#parts();
    const body: LeaseRequest = { ...this.#who, agentTimeMs: clock.now(), layout };
    try {
      const answer = await calls.ask('lease', 'POST /v1/leases', {}, body);
      const { machineId, from, to, heartbeatMs } = leaseAnswer.parse(answer);
      calls.grants.window(machineId, from, to);
      this.#lease = { machineId, from, to };
      this.#heartbeatMs = heartbeatMs;
      this.#windowMs = to - clock.now();
      calls.later(heartbeatMs, () => void this.#beat());
    } catch {
      calls.later(AGAIN_MS, () => void this.#takeLease());
    }
  }

  async #beat(): Promise<void> {
    const { calls, clock, layout } = this.#parts();
    const lease = this.#lease;
    if (lease === undefined) return this.#takeLease();
    const { machineId, to: held } = lease;
    const extend = held - clock.now() < Math.max(EXTEND_BELOW_MS, this.#windowMs / 2);
    const body: RenewRequest = { ...this.#who, agentTimeMs: clock.now(), layout, to: held, extend };
    const params = { machineId: String(machineId) };
    let again = this.#heartbeatMs;
    try {
      const kind = extend ? 'extension' : 'heartbeat';
      const { to } = renewAnswer.parse(
        await calls.ask(kind, 'POST /v1/leases/{machineId}/renew', params, body),
      );
      if (to > held) {
        calls.grants.window(machineId, held, to);
        lease.to = to;
        this.#windowMs = to - clock.now();
      }
    } catch (error) {
      if (hasCode(error, 'LEASE_LOST')) this.#lease = undefined;
      again = AGAIN_MS;
    }
    calls.later(again, () => void this.#beat());
  }

  async #report(): Promise<void> {
    const { calls, clock } = this.#parts();
    this.#revision += 1;
    const { revision, body } = { revision: this.#revision, body: this.#composed(clock.now()) };
    let again = REPORT_EVERY_MS;
    try {
      const answer = reportAnswer.parse(await calls.ask('report', 'POST /v1/agents/report', {}, body));
      const isMissed = answer.revision !== revision;
      if (isMissed) calls.dropped();
      this.#known = isMissed ? undefined : revision;
      const early = JITTER * calls.random();
      const wanted = Math.min(REPORT_EVERY_MS, answer.nextReportMs) * (1 - early);
      again = isMissed && body.since !== undefined ? early * REPORT_EVERY_MS : wanted;
    } catch {
      // As for a real agent, nothing depends on it.
    }
    calls.later(again, () => void this.#report());
  }

  async #begin(tag: string, usedAtFirst: number): Promise<void> {
    const { calls, clock } = this.#parts();
    const current = await this.#fetch(tag, false);
    const draw: Draw = { tag, current, next: undefined, begunAtMs: 0, shown: '' };
    draw.begunAtMs = clock.monotonic() - usedAtFirst * SEGMENT_LASTS_MS;
    this.#draws.push(draw);
    const prefetchMs = Math.max(0, (PREFETCH_AT - usedAtFirst) * SEGMENT_LASTS_MS);
    calls.later(prefetchMs, () => void this.#refill(draw));
  }

  /** Fetches the next segment; it is needed when the current one is used up. */
  async #refill(draw: Draw): Promise<void> {
    const { calls, clock } = this.#parts();
    this.#turn(draw, clock.monotonic());
    const usedUpAtMs = draw.begunAtMs + SEGMENT_LASTS_MS;
    draw.next = await this.#fetch(draw.tag, true);
    if (clock.monotonic() > usedUpAtMs) calls.ranDry();
    const prefetchAtMs = usedUpAtMs + PREFETCH_AT * SEGMENT_LASTS_MS;
    calls.later(prefetchAtMs - clock.monotonic(), () => void this.#refill(draw));
  }

  /** Where a new segment of the tag starts; asks until it has one. */
  async #fetch(tag: string, hasDrawn: boolean): Promise<number> {
    const { calls } = this.#parts();
    const body: SegmentRequest = {
      ...this.#who,
      ratePerSecond: STEP / (SEGMENT_LASTS_MS / 1_000),
      waitingIds: hasDrawn ? 0 : 1,
      blockIds: 0,
      understands: [SHAPES],
    };
    if (hasDrawn) body.lastSegment = { step: STEP, lastedMs: SEGMENT_LASTS_MS };
    for (;;) {
      try {
        const answer = await calls.ask('refill', 'POST /v1/tags/{tag}/segments', { tag }, body);
        const { start, end } = segmentAnswer.parse(answer);
        calls.grants.segment(tag, Number(start), Number(end));
        return Number(start);
      } catch {
        await sleep(calls.clock, AGAIN_MS);
      }
    }
  }

  /** The next segment becomes the current one when that is used up. */
  #turn(draw: Draw, nowMs: number): void {
    if (draw.next === undefined || nowMs < draw.begunAtMs + SEGMENT_LASTS_MS) return;
    draw.current = draw.next;
    draw.next = undefined;
    draw.begunAtMs += SEGMENT_LASTS_MS;
  }

  /** All buffers, or those that changed since the report that the coordinators have. */
  #composed(timeMs: number): ReportRequest {
    const lease = this.#lease;
    const since = this.#known;
    const nowMs = this.#calls.clock.monotonic();
    const tags: BufferView[] = [];
    for (const draw of this.#draws) {
      const used = this.#used(draw, nowMs);
      const shows = `${used} ${draw.next}`;
      if (since !== undefined && draw.shown === shows) continue;
      draw.shown = shows;
      tags.push(viewOf(draw, used));
    }
    const report: ReportRequest = {
      ...this.#who,
      version: '1.2.3',
      timeMs,
      clock: { offsetMs: 1, skewed: false },
      tags,
      tagCount: this.#draws.length,
      names: this.#draws.map(({ tag }) => tag),
      snowflake: {
        state: lease === undefined ? 'asking' : 'holding',
        machineId: lease?.machineId ?? null,
        window: lease === undefined ? null : { from: lease.from, to: lease.to },
        windowRemainingMs: lease === undefined ? 0 : Math.max(0, lease.to - timeMs),
        lastTimestampMs: timeMs,
        issued: Math.floor(nowMs),
        lastError: null,
      },
      intervalMs: REPORT_EVERY_MS,
      leaving: false,
      revision: this.#revision,
    };
    return since === undefined ? report : { ...report, since, without: [] };
  }

  /** IDs of the current segment that are drawn by now. */
  #used(draw: Draw, nowMs: number): number {
    this.#turn(draw, nowMs);
    const drawn = ((nowMs - draw.begunAtMs) / SEGMENT_LASTS_MS) * STEP;
    return Math.min(STEP, Math.floor(drawn / BATCH) * BATCH);
  }

  #parts() {
    const calls = this.#calls;
    return { calls, clock: calls.clock, layout: calls.layout };
  }
}

function viewOf({ tag, current, next }: Draw, used: number): BufferView {
  const held = (start: number, count: number) => ({
    start: String(start),
    end: String(start + STEP),
    used: count,
    size: STEP,
  });
  const remaining = STEP - used + (next === undefined ? 0 : STEP);
  const ratePerSecond = STEP / (SEGMENT_LASTS_MS / 1_000);
  return {
    tag,
    current: held(current, used),
    next: next === undefined ? null : held(next, 0),
    prefetchAt: PREFETCH_AT * STEP,
    remaining,
    ratePerSecond,
    runwaySeconds: remaining / ratePerSecond,
    refill: 'idle',
    lastError: null,
    waiting: 0,
  };
}
