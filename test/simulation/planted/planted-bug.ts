import type { Violation } from '../evidence.ts';
import type { FaultKind } from '../faults/fault.ts';
import { type Scenario, scenarioOf } from '../scenario.ts';
import type { Plant } from '../world.ts';

/** A guard that is taken out on purpose. */
export interface PlantedBug extends Plant {
  /** What is broken first where the bug shows: any of these. */
  readonly breaks: readonly Violation['invariant'][];
  /** Other guards that would hide it, and are taken out as well; with these alone its runs are clean. */
  readonly behind?: Plant;
  /** Coordinators of its runs, if more would make it good. */
  readonly coordinators?: number;
  /** The only faults of its runs, where among all others the ones that the guard is there for would come too seldom. */
  readonly aimed?: readonly FaultKind[];
}

/** The run of a seed in which a bug is looked for. */
export function scenarioFor({ aimed, coordinators }: PlantedBug, seed: number): Scenario {
  const scenario = scenarioOf(seed, aimed);
  return { ...scenario, coordinators: coordinators ?? scenario.coordinators };
}

/** Whether a run without the bug is what any run of the seed is. */
export function isPlain({ aimed, coordinators, behind }: PlantedBug): boolean {
  return aimed === undefined && coordinators === undefined && behind === undefined;
}
