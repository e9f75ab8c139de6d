import { describe, expect, test } from '@jest/globals';
import { between, freshSeed, seededRandom } from '../fakes/seeded-random.ts';
import { backoffMs } from './backoff.ts';

describe('the wait after failures in a row', () => {
  test('has a bound that doubles up to the cap', () => {
    const bounds = [0, 1, 2, 3, 4, 5, 60].map((failures) => backoffMs(failures, () => 1));
    expect(bounds).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  test('stays finite however often it failed', () => {
    expect(backoffMs(1_000_000, () => 1)).toBe(2_000);
  });

  test('takes its own base and cap', () => {
    expect(backoffMs(1, () => 1, 200, 5_000)).toBe(400);
    expect(backoffMs(9, () => 1, 200, 5_000)).toBe(5_000);
  });

  const seed = freshSeed();
  test(`lies between a tenth of its bound and its bound, and varies (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const waits = Array.from({ length: 500 }, () => {
      const failures = between(random, 0, 10);
      const bound = Math.min(2_000, 100 * 2 ** failures);
      return backoffMs(failures, random) / bound;
    });
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0.1);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1);
    expect(new Set(waits).size).toBeGreaterThan(400);
  });
});
