import { scenarioOf } from '../scenario.ts';
import { type Outcome, simulate } from '../simulate.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Runs seeds from 1 until one shows the bug; undefined where none of the first `seeds` does. */
export async function hunt(
  bug: PlantedBug,
  seeds: number,
): Promise<{ seed: number; outcome: Outcome } | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(scenarioOf(seed, bug.aimed), bug);
    if (outcome.violations.length > 0) return { seed, outcome };
  }
  return undefined;
}
