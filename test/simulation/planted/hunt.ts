import { type Outcome, simulate } from '../simulate.ts';
import { PLANTED_BUGS } from './bugs.ts';
import { KNOWN_SEEDS } from './known-seeds.ts';
import { type PlantedBug, scenarioFor } from './planted-bug.ts';

/** A rare bug takes some hundreds. */
const MOST_SEEDS = 1_000;

export interface Quarry {
  readonly bug: PlantedBug;
  readonly seed: number;
  readonly outcome: Outcome;
}

/**
 * Runs the seed that is known to show a planted bug, and then all from 1, until one shows it; undefined if none of
 * 1,000 does.
 *
 * @param name one of `PLANTED_BUGS`
 */
export async function hunt(name: string): Promise<Quarry | undefined> {
  const bug = PLANTED_BUGS[name];
  if (bug === undefined) throw new Error(`no planted bug is called ${name}`);
  for (const seed of seedsFor(name)) {
    const outcome = await simulate(scenarioFor(bug, seed), bug);
    if (outcome.violations.length > 0) return { bug, seed, outcome };
  }
  return undefined;
}

function* seedsFor(name: string): Generator<number> {
  const known = KNOWN_SEEDS[name];
  if (known !== undefined) yield known;
  for (let seed = 1; seed <= MOST_SEEDS; seed++) if (seed !== known) yield seed;
}
