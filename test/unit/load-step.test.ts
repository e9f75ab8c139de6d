import { afterEach, describe, expect, test } from '@jest/globals';
import { RateMeter } from '@leafcutter/agent/domain/segments/runway/rate-meter';
import { RunwayGauge } from '@leafcutter/agent/domain/segments/runway/runway-gauge';
import type { Demand, Segment, SegmentSource } from '@leafcutter/agent/domain/segments/segment';
import type { TagsRules } from '@leafcutter/agent/domain/segments/tags';
import { issuing, rises } from '@leafcutter/agent/fakes/issuing';
import { stepForDemand } from '@leafcutter/coordinator/domain/segments/step';
import type { Clock } from '@leafcutter/shared/clock';

const TARGET_S = 600;
const LOW_PER_S = 100;
const HIGH_PER_S = 1_000;
/** Callers come in steps of so many milliseconds. */
const STEP_MS = 10;
/** A refill takes this long, one in four half as long again. */
const LATENCY_MS = 200;

/** The coordinators' own rule of sizes, behind answers that take their time. */
class SlowCoordinators implements SegmentSource {
  readonly demands: (Demand & { readonly atMs: number })[] = [];
  granted = 0;
  readonly #clock: Clock;
  readonly #baseStep: number;
  #counter = 1n;

  constructor(clock: Clock, baseStep: number) {
    this.#clock = clock;
    this.#baseStep = baseStep;
  }

  fetchSegment(_tag: string, demand: Demand): Promise<Segment> {
    this.demands.push({ ...demand, atMs: this.#clock.monotonic() });
    const tag = { baseStep: this.#baseStep, maxStep: 100_000_000, targetDurationS: TARGET_S };
    const size = stepForDemand(demand, tag);
    const takesMs = this.demands.length % 4 === 0 ? LATENCY_MS * 1.5 : LATENCY_MS;
    return new Promise((resolve) => {
      this.#clock.after(takesMs, () => resolve(this.#allocate(size)));
    });
  }

  #allocate(size: number): Segment {
    const segment = { start: this.#counter, end: this.#counter + BigInt(size) };
    this.#counter = segment.end;
    this.granted += size;
    return segment;
  }
}

/** A tag that has its first segment, at `lowMs` of 100 callers a second, then at 30 s of ten times as many. */
async function loadStep({
  baseStep,
  lowMs,
  ...rules
}: Partial<TagsRules> & { baseStep: number; lowMs: number }) {
  const { newIssuer, clock, source } = issuing(rules);
  const coordinators = new SlowCoordinators(clock, baseStep);
  source.fetchSegment = (tag, demand) => coordinators.fetchSegment(tag, demand);
  const issuer = newIssuer();
  const ids: bigint[] = [];
  let refused = 0;
  const call = async () => {
    const now = issuer.takeOne();
    if (now !== undefined) ids.push(now);
    else
      await issuer.take(1).then(
        ([range]) => ids.push(range?.start ?? 0n),
        () => (refused += 1),
      );
  };
  const draw = async (perSecond: number, forMs: number) => {
    for (let atMs = 0; atMs < forMs; atMs += STEP_MS) {
      for (let caller = 0; caller < (perSecond * STEP_MS) / 1_000; caller++) void call();
      await clock.advance(STEP_MS);
      if (clock.monotonic() % 1_000 === 0) issuer.tick(clock.monotonic());
    }
  };
  // If nobody may wait, the first caller is told to come again: this test is not about a tag without any segment.
  void call();
  await clock.advance(1_000);
  refused = 0;
  await draw(LOW_PER_S, lowMs);
  const steppedAtMs = clock.monotonic();
  await draw(HIGH_PER_S, 30_000);
  await clock.advance(2_000);
  const told = coordinators.demands.filter(({ atMs }) => atMs >= steppedAtMs && atMs < steppedAtMs + 1_000);
  return {
    refused,
    rising: rises(ids),
    issued: ids.length,
    waste: coordinators.granted - ids.length,
    toldPerSecond: Math.max(0, ...told.map(({ ratePerSecond }) => ratePerSecond)),
  };
}

const { isShort, isDue } = RunwayGauge.prototype;
const { latestPerSecond } = RateMeter.prototype;

afterEach(() => {
  Object.assign(RunwayGauge.prototype, { isShort, isDue });
  Object.assign(RateMeter.prototype, { latestPerSecond });
});

describe('a load that rises tenfold at once, with refills of 200 to 300 ms', () => {
  /** Nobody may wait, and the next segment is fetched late: a caller that finds the buffer empty is refused. */
  const strict = { prefetchAtUsedRatio: 0.95, maxWaiting: 0, baseStep: 2_000, lowMs: 5_000 };
  /** A tag of 100 IDs a segment, which lasts 100 ms at the new load. */
  const cold = { maxWaiting: 1_000, baseStep: 100, lowMs: 1_000 };
  /** Two segments, each of which lasts the target at a tenth more than the highest rate. */
  const mostWaste = 2 * TARGET_S * HIGH_PER_S * 1.1;

  test('refuses nobody, though nobody may wait, and is granted little ahead', async () => {
    const { refused, issued, rising, waste } = await loadStep(strict);
    expect({ refused, issued, rising }).toEqual({ refused: 0, issued: 30_500, rising: true });
    // No caller waited, so sizes at most doubled: the two segments held are less than what was used.
    expect(waste).toBeLessThan(issued);
  });

  test('negative control: without a look at the runway callers are refused', async () => {
    RunwayGauge.prototype.isShort = () => false;
    expect((await loadStep(strict)).refused).toBeGreaterThan(100);
  });

  test('negative control: with the averaged rate, once a second, callers are refused', async () => {
    RunwayGauge.prototype.isDue = () => false;
    RateMeter.prototype.latestPerSecond = () => 0;
    expect((await loadStep(strict)).refused).toBeGreaterThan(100);
  });

  test('refuses nobody of a cold tag, tells the new rate within a second, and bounds what is granted', async () => {
    const { refused, issued, rising, toldPerSecond, waste } = await loadStep(cold);
    expect({ refused, issued, rising }).toEqual({ refused: 0, issued: 30_101, rising: true });
    expect(toldPerSecond).toBeGreaterThan(0.9 * HIGH_PER_S);
    expect(toldPerSecond).toBeLessThan(1.1 * HIGH_PER_S);
    expect(waste).toBeLessThan(mostWaste);
  });

  test('negative control: the averaged rate tells less than half of it', async () => {
    RateMeter.prototype.latestPerSecond = () => 0;
    expect((await loadStep(cold)).toldPerSecond).toBeLessThan(HIGH_PER_S / 2);
  });

  test('negative control: a rate taken from a burst, over no shortest span, would be granted far more', async () => {
    RateMeter.prototype.latestPerSecond = () => HIGH_PER_S / (STEP_MS / 1_000);
    expect((await loadStep(cold)).waste).toBeGreaterThan(mostWaste);
  });
});
