import type { Scenario } from './scenario.ts';
import { type Outcome, simulate } from './simulate.ts';
import type { Plant } from './world.ts';

/** The smallest scenario found that still breaks the same invariant, and its outcome. */
export interface Shrunk {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  /** How many runs it took. */
  readonly runs: number;
}

/** How many runs are spent on one failing seed at most. */
const MOST_RUNS = 300;

/**
 * Makes a failing scenario smaller as long as it still breaks the same invariant: fewer faults, a shorter run, fewer
 * agents, coordinators and tags. What is left is what it takes.
 */
export async function shrink(failing: Scenario, plant: Plant = {}): Promise<Shrunk | undefined> {
  let runs = 1;
  let scenario = failing;
  let outcome = await simulate(scenario, plant);
  const invariant = outcome.violations[0]?.invariant;
  if (invariant === undefined) return undefined;

  const tryInstead = async (smaller: Scenario): Promise<boolean> => {
    if (runs >= MOST_RUNS) return false;
    runs += 1;
    const attempt = await simulate(smaller, plant);
    if (!attempt.violations.some((violation) => violation.invariant === invariant)) return false;
    scenario = smaller;
    outcome = attempt;
    return true;
  };

  for (let changed = true; changed && runs < MOST_RUNS; ) {
    changed = false;
    for (const make of smallerOnes) {
      // Each success leaves a smaller scenario, which the same step may make smaller still.
      for (let index = 0; ; ) {
        const smaller = make(scenario, index);
        if (smaller === undefined || runs >= MOST_RUNS) break;
        if (await tryInstead(smaller)) changed = true;
        else index += 1;
      }
    }
  }
  return { scenario, outcome, runs };
}

/** Ways to make a scenario smaller: the `index`th attempt of each; undefined if there are no more. */
const smallerOnes: readonly ((scenario: Scenario, index: number) => Scenario | undefined)[] = [
  ({ faults, ...rest }, index) =>
    index < faults.length ? { ...rest, faults: faults.toSpliced(index, 1) } : undefined,
  (scenario, index) => {
    const lastEnds = Math.max(0, ...scenario.faults.map(({ atMs, durationMs }) => atMs + durationMs));
    const healAtMs = [lastEnds + 100, lastEnds + 5_000][index];
    return healAtMs === undefined || healAtMs >= scenario.healAtMs ? undefined : { ...scenario, healAtMs };
  },
  (scenario, index) =>
    index === 0 && scenario.agents > 1 ? { ...scenario, agents: scenario.agents - 1 } : undefined,
  (scenario, index) =>
    index === 0 && scenario.coordinators > 1
      ? { ...scenario, coordinators: scenario.coordinators - 1 }
      : undefined,
  ({ tags, ...rest }, index) =>
    index < tags.length && tags.length > 1 ? { ...rest, tags: tags.toSpliced(index, 1) } : undefined,
];
