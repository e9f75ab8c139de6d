import { describe, expect, test } from '@jest/globals';
import { RateMeter } from './rate-meter.ts';

/** A meter that saw `perSecond` for `seconds`, sampled once a second. */
function steady(perSecond: number, seconds: number): { meter: RateMeter; count: number; now: number } {
  const meter = new RateMeter(0, 0);
  for (let second = 1; second <= seconds; second++) meter.sample(second * perSecond, second * 1_000);
  return { meter, count: seconds * perSecond, now: seconds * 1_000 };
}

describe('a rate', () => {
  test('is 0 before anything was measured', () => {
    expect(new RateMeter(0, 0).perSecond).toBe(0);
  });

  test('is the plain rate after the first sample', () => {
    const meter = new RateMeter(500, 0);
    meter.sample(50, 1_000);
    expect(meter.perSecond).toBe(100);
  });

  test('holds still while nothing changes', () => {
    expect(steady(250, 60).meter.perSecond).toBeCloseTo(250);
  });

  test('follows a change within seconds', () => {
    const { meter, count, now } = steady(100, 30);
    meter.sample(count + 15 * 1_000, now + 15_000);
    expect(meter.perSecond).toBeGreaterThan(900);
    expect(meter.perSecond).toBeLessThan(1_000);
  });

  test('sinks to almost nothing when use ends', () => {
    const { meter, count, now } = steady(1_000, 30);
    meter.sample(count, now + 120_000);
    expect(meter.perSecond).toBeLessThan(0.001);
  });

  test('is not made from a burst in a few milliseconds', () => {
    const { meter, count, now } = steady(100, 30);
    meter.sample(count + 10_000, now + 249);
    expect(meter.perSecond).toBeCloseTo(100);
    // The burst is not forgotten: it counts once the span is long enough to mean something.
    meter.sample(count + 10_000, now + 1_000);
    expect(meter.perSecond).toBeGreaterThan(1_000);
  });
});

describe('the latest rate', () => {
  test('is that of a jump as soon as its events are counted, while the average lags', () => {
    const { meter, count, now } = steady(100, 30);
    expect(meter.latestPerSecond(count + 200, now + 200)).toBeCloseTo(800);
    meter.sample(count + 250, now + 250);
    expect(meter.latestPerSecond(count + 251, now + 251)).toBeCloseTo(1_000);
    expect(meter.perSecond).toBeLessThan(150);
  });

  test('takes a burst for no more than its events in a quarter of a second', () => {
    const { meter, count, now } = steady(0, 30);
    expect(meter.latestPerSecond(count + 100, now + 1)).toBeCloseTo(400);
  });

  test('is forgotten with the next span', () => {
    const { meter, count, now } = steady(1_000, 30);
    meter.sample(count + 10, now + 1_000);
    expect(meter.latestPerSecond(count + 10, now + 1_000)).toBeCloseTo(10);
  });
});
