import { describe, expect, test } from '@jest/globals';
import { RefillLatency } from './refill-latency.ts';
import { RunwayGauge } from './runway-gauge.ts';

/** A runway whose refills take 200 ms. */
function runway(): RunwayGauge {
  const seen = new RunwayGauge(0, 0, new RefillLatency());
  seen.refillTook(200);
  return seen;
}

/**
 * Draws `perSecond` for `forMs`, ID by ID, from plenty. Returns how many were issued and how often the clock was
 * read.
 */
function draw(
  seen: RunwayGauge,
  from: { issued: number; now: number },
  perSecond: number,
  forMs: number,
  remaining = 1_000_000,
) {
  let looks = 0;
  let shortAt: number | undefined;
  let { issued } = from;
  for (const end = from.issued + (perSecond * forMs) / 1_000; issued < end; ) {
    issued += 1;
    const now = from.now + ((issued - from.issued) * 1_000) / perSecond;
    if (!seen.isDue(issued)) continue;
    looks += 1;
    if (seen.isShort(issued, remaining, now)) shortAt ??= now - from.now;
  }
  return { issued, now: from.now + forMs, looks, shortAt };
}

const start = { issued: 0, now: 0 };

describe('a runway', () => {
  test('is short where two refills use up what is left', () => {
    expect(draw(runway(), start, 100, 5_000, 39).shortAt).toBeDefined();
    expect(draw(runway(), start, 100, 5_000, 41).shortAt).toBeUndefined();
  });

  test('is never short where nobody draws, or no refill was seen', () => {
    expect(runway().isShort(0, 0, 60_000)).toBe(false);
    expect(draw(new RunwayGauge(0, 0, new RefillLatency()), start, 1_000, 1_000, 1).shortAt).toBeUndefined();
  });

  test('is seen to be short within half a second of a tenfold load, without a tick', () => {
    const seen = runway();
    const before = draw(seen, start, 100, 10_000, 300);
    expect(before.shortAt).toBeUndefined();
    expect(draw(seen, before, 1_000, 1_000, 300).shortAt).toBeLessThanOrEqual(500);
  });

  test('negative control: the averaged rate does not show it within a second', () => {
    const seen = runway();
    const before = draw(seen, start, 100, 10_000, 300);
    draw(seen, before, 1_000, 1_000, 300);
    // 300 IDs outlast two refills of 200 ms up to 750 a second.
    expect(seen.ratePerSecond).toBeLessThan(300);
  });

  test('reads the clock some ten times a second, however fast IDs go', () => {
    const seen = runway();
    const before = draw(seen, start, 100_000, 1_000);
    expect(draw(seen, before, 100_000, 10_000).looks).toBeLessThan(150);
  });

  test('tells a tenfold load to the coordinator within half a second, and its end within seconds', () => {
    const seen = runway();
    const before = draw(seen, start, 100, 10_000);
    const high = draw(seen, before, 1_000, 500);
    expect(seen.demandPerSecond(high.issued, high.now)).toBeGreaterThan(950);
    const low = draw(seen, high, 100, 15_000);
    expect(seen.demandPerSecond(low.issued, low.now)).toBeLessThan(150);
  });
});
