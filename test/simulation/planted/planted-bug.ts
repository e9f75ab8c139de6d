import type { Violation } from '../evidence.ts';
import type { FaultKind } from '../faults/fault.ts';
import { type Scenario, scenarioOf } from '../scenario.ts';
import type { Plant } from '../world.ts';

/** A guard that is taken out on purpose. */
export interface PlantedBug extends Plant {
  /** What the bug breaks first: any of these. */
  readonly breaks: readonly Violation['invariant'][];
  /** Other guards that would hide the bug, and are taken out as well. Runs without only these are clean. */
  readonly behind?: Plant;
  /** How many coordinators its runs have, if more would hide the bug. */
  readonly coordinators?: number;
  /** As in `Scenario`. */
  readonly drawsTogether?: boolean;
  /** The only faults of its runs, if the ones that the guard exists for would come too seldom among all others. */
  readonly aimed?: readonly FaultKind[];
}

/** The run of a seed in which a bug is looked for. */
export function scenarioFor({ aimed, coordinators, drawsTogether }: PlantedBug, seed: number): Scenario {
  const scenario = scenarioOf(seed, aimed);
  return {
    ...scenario,
    coordinators: coordinators ?? scenario.coordinators,
    drawsTogether: drawsTogether ?? scenario.drawsTogether,
  };
}

/** Whether a run without the bug is what any run of the seed is. */
export function isPlain({ aimed, coordinators, drawsTogether, behind }: PlantedBug): boolean {
  return (
    aimed === undefined && coordinators === undefined && drawsTogether === undefined && behind === undefined
  );
}
