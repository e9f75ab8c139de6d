import { type Outcome, simulate } from '../simulate.ts';
import { type PlantedBug, scenarioFor } from './planted-bug.ts';

/** Runs seeds from 1 until one shows the bug; undefined where none of the first `seeds` does. */
export async function hunt(
  bug: PlantedBug,
  seeds: number,
): Promise<{ seed: number; outcome: Outcome } | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(scenarioFor(bug, seed), bug);
    if (outcome.violations.length > 0) return { seed, outcome };
  }
  return undefined;
}
