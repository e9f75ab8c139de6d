import { afterAll, describe, expect, test } from '@jest/globals';
import { appendOutcome, markdownTable } from './report.ts';
import { type Outcome, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

const RESUME_WITHIN_MS = 10_000;
const TIMEOUT_MS = 300_000;
const NONE = { duplicates: [], overlaps: [], ungranted: [], disorder: [], uncoded: [], late: [] };

/** All scenarios with LEAFCUTTER_FULL=1, else the quick ones. */
const full = process.env.LEAFCUTTER_FULL === '1';
const LEAST_CALLS = 1_000;
/** A full run repeats each fault until so many calls fell within it; more than the least, for ten million IDs in all. */
const CALLS_WITHIN_FAULT = full ? 20_000 : LEAST_CALLS;
const outcomesFile = process.env.LEAFCUTTER_OUTCOMES;

/** Makes tests of scenarios: of each, and of each negative control. The table is printed at the end. */
export function defineSuite(group: string, scenarios: readonly Scenario[]): void {
  const outcomes: Outcome[] = [];
  const note = (kind: 'scenario' | 'control', outcome: Outcome) => {
    if (outcomesFile !== undefined) appendOutcome(outcomesFile, outcome, kind);
  };

  describe(group, () => {
    for (const scenario of scenarios.filter(({ quick }) => full || quick)) {
      test(
        scenario.name,
        async () => {
          const outcome = await runScenario(scenario, CALLS_WITHIN_FAULT);
          outcomes.push(outcome);
          note('scenario', outcome);
          if (outcome.historyFolder !== undefined)
            process.stdout.write(`${scenario.name}: history in ${outcome.historyFolder}\n`);
          expect(outcome.findings).toEqual(NONE);
          expect(outcome.resumedMs).toBeLessThan(scenario.resumes?.withinMs ?? RESUME_WITHIN_MS);
          expect(outcome.callsWithinFault).toBeGreaterThanOrEqual(LEAST_CALLS);
          expect(outcome.singles / outcome.ids).toBeGreaterThan(0.2);
        },
        TIMEOUT_MS,
      );
      for (const control of scenario.controls ?? []) {
        test(
          `negative control of ${scenario.name}: without ${control.guard}`,
          async () => {
            const outcome = await runScenario(scenario, 1, control);
            note('control', outcome);
            const found = outcome.findings[control.finds];
            process.stdout.write(
              `${scenario.name} without ${control.guard}: ${control.finds}, such as ${found[0]}\n`,
            );
            expect(found).not.toEqual([]);
          },
          TIMEOUT_MS,
        );
      }
    }
    afterAll(() => {
      if (outcomes.length > 0) process.stdout.write(`\n${group}\n\n${markdownTable(outcomes)}\n\n`);
    });
  });
}
