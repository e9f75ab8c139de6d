import { describe, expect, test } from '@jest/globals';
import { PLANTED_BUGS } from './planted/bugs.ts';
import { hunt } from './planted/hunt.ts';
import { type PlantedBug, scenarioFor } from './planted/planted-bug.ts';
import { simulate } from './simulate.ts';

/** The rarest takes hundreds of seeds. */
const TIMEOUT_MS = 900_000;
const isFull = process.env.LEAFCUTTER_FULL === '1';
const hunted = Object.entries(PLANTED_BUGS).filter(([, { rare = false }]) => isFull || !rare);
const MOST_SEEDS = 1_000;

describe('a planted bug is found', () => {
  test.each(hunted)(
    '%s',
    async (name, bug: PlantedBug) => {
      const found = await hunt(bug, MOST_SEEDS);
      const [violation] = found?.outcome.violations ?? [];
      process.stdout.write(
        `seed ${found?.seed ?? 'none'} shows "${name}": ${violation?.invariant} ${violation?.what}\n`,
      );
      expect(bug.breaks).toContain(violation?.invariant);
      // What breaks is the bug's doing, and not that of the faults or of guards that were taken out beside it.
      const without = await simulate(scenarioFor(bug, found?.seed ?? 0), bug.behind);
      expect(without.violations).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test('in every invariant', () => {
    const broken = new Set(Object.values(PLANTED_BUGS).flatMap(({ breaks }) => breaks));
    expect([...broken].sort()).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6']);
  });
});
