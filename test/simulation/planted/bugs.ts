import type { FaultKind } from '../faults/fault.ts';
import { type Outcome, simulate } from '../simulate.ts';
import { scenarioOf } from '../scenario.ts';
import type { Plant } from '../world.ts';
import { AGENT_BUGS } from './agent-bugs.ts';
import { LEASE_BUGS } from './lease-bugs.ts';
import { STORE_BUGS } from './store-bugs.ts';

/** A guard that is taken out on purpose. */
export interface PlantedBug extends Plant {
  /** The only faults of its runs, where among all others the ones that the guard is there for would come too seldom. */
  readonly aimed?: readonly FaultKind[];
}

/** By name: each must be missed by some invariant, in some run. */
export const PLANTED_BUGS: Readonly<Record<string, PlantedBug>> = {
  ...STORE_BUGS,
  ...LEASE_BUGS,
  ...AGENT_BUGS,
};

/** Runs seeds until one shows the bug; undefined where none of `seeds` does. */
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
