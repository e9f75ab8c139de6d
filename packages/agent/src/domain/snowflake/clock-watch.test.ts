import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { ClockWatch } from './clock-watch.ts';

const MAX_SKEW_MS = 2_000;

/**
 * One measurement: the request takes `thereMs`, the answer `backMs`, and the coordinator's clock is behind by
 * `behindMs`.
 */
async function measured(behindMs: number, thereMs: number, backMs: number) {
  const clock = new FakeClock();
  const watch = new ClockWatch(clock, MAX_SKEW_MS);
  const done = watch.begin();
  await clock.advance(thereMs);
  const coordinatorTime = clock.now() - behindMs;
  await clock.advance(backMs);
  done(coordinatorTime);
  return { watch, clock };
}

describe('the offset of this clock', () => {
  test('is unknown before the first answer, and that is not a skew', () => {
    const watch = new ClockWatch(new FakeClock(), MAX_SKEW_MS);
    expect(watch.offsetMs).toBeUndefined();
    expect(watch.skewed).toBe(false);
  });

  test.each([
    [5_000, 0, 0, 5_000],
    [-5_000, 0, 0, -5_000],
    [5_000, 50, 50, 4_950],
    [-5_000, 50, 50, -4_950],
  ])('%p ms against the coordinator, %p + %p ms under way, is %p', async (behind, there, back, offset) => {
    expect((await measured(behind, there, back)).watch.offsetMs).toBe(offset);
  });

  test.each([
    [0, 3_000],
    [3_000, 0],
    [1_500, 1_500],
  ])('is not blamed for a slow network: clocks alike, %p + %p ms under way', async (there, back) => {
    const { watch } = await measured(0, there, back);
    expect(watch.offsetMs).toBeCloseTo(0);
    expect(watch.skewed).toBe(false);
  });

  test.each([
    [2_000, false],
    [2_001, true],
    [-2_000, false],
    [-2_001, true],
  ])('of %p ms is a skew: %p', async (behind, skewed) => {
    expect((await measured(behind, 0, 0)).watch.skewed).toBe(skewed);
  });

  test('is measured anew with each answer, so a clock set right is right again', async () => {
    const { watch, clock } = await measured(60_000, 0, 0);
    expect(watch.skewed).toBe(true);
    clock.jump(-60_000);
    watch.begin()(clock.now());
    expect(watch.skewed).toBe(false);
  });

  test('does not depend on measurements that never came back', async () => {
    const { watch, clock } = await measured(0, 0, 0);
    watch.begin();
    await clock.advance(10_000);
    expect(watch.offsetMs).toBeCloseTo(0);
  });
});
