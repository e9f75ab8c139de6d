import { describe, expect, test } from '@jest/globals';
import { freshSeed } from '@leafcutter/agent/fakes/seeded-random';
import { explain } from './explain.ts';
import { scenarioOf } from './scenario.ts';
import { simulate } from './simulate.ts';
import { addOutcome, describeTotals, noTotals } from './totals.ts';

/** A few, because the full run takes 10,000. */
const SEEDS = 8;
/** Each run counts its seeds up from here. */
const fresh = freshSeed();

describe.each([
  ['that never change', 1],
  [`that are new each time, from ${fresh}`, fresh],
])('seeds %s', (_name, from) => {
  const totals = noTotals();

  test(`break no promise in ${SEEDS} deployments`, async () => {
    const begun = performance.now();
    for (let seed = from; seed < from + SEEDS; seed++) {
      const outcome = await simulate(scenarioOf(seed));
      addOutcome(totals, seed, outcome);
      if (outcome.violations.length > 0) throw new Error(await explain(scenarioOf(seed)));
    }
    process.stdout.write(`${describeTotals(totals, (performance.now() - begun) / 1000)}\n`);
  });

  test('run for a minute or more, with five faults or more, and issue', () => {
    expect(totals.shortestSeconds).toBeGreaterThanOrEqual(60);
    expect(totals.fewestFaults).toBeGreaterThanOrEqual(5);
    expect(totals.idsIssued).toBeGreaterThan(SEEDS * 1_000);
  });
});
