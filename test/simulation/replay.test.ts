import { describe, expect, test } from '@jest/globals';
import { scenarioOf } from './scenario.ts';
import { simulate } from './simulate.ts';

const SEEDS = Array.from({ length: 4 }, (_, index) => index + 1);

describe('a seed', () => {
  test('repeats its whole history, line by line', async () => {
    const [first, second] = [await simulate(scenarioOf(7)), await simulate(scenarioOf(7))];
    expect(first.lines.length).toBeGreaterThan(1_000);
    expect(second.lines).toEqual(first.lines);
  });

  test.each(SEEDS)('%i has the same hash twice', async (seed) => {
    const { hash } = await simulate(scenarioOf(seed));
    expect((await simulate(scenarioOf(seed))).hash).toBe(hash);
  });

  test('is another history than the next one', async () => {
    const hashes = new Set<string>();
    for (const seed of SEEDS) hashes.add((await simulate(scenarioOf(seed))).hash);
    expect(hashes.size).toBe(SEEDS.length);
  });
});
