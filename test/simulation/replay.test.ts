import { describe, expect, test } from '@jest/globals';
import { scenarioOf } from './scenario.ts';
import { type Outcome, simulate } from './simulate.ts';

const SEEDS = [2, 7];

describe('a seed', () => {
  const firstOf = new Map<number, Outcome>();

  test.each(SEEDS)('%i repeats its whole history, line by line', async (seed) => {
    const first = await simulate(scenarioOf(seed));
    const second = await simulate(scenarioOf(seed));
    firstOf.set(seed, first);
    expect(first.lines.length).toBeGreaterThan(1_000);
    expect(second.lines).toEqual(first.lines);
    expect(second.hash).toBe(first.hash);
  });

  test('is another history than the next one', () => {
    expect(new Set([...firstOf.values()].map(({ hash }) => hash)).size).toBe(SEEDS.length);
  });
});
