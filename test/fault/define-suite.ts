import { afterAll, describe, expect, test } from '@jest/globals';
import { TEST_MS } from '../support/patience.ts';
import { appendOutcome, markdownTable } from './report.ts';
import { type Outcome, runScenario } from './run-scenario.ts';
import type { Control, Scenario } from './scenario.ts';

/** Printed beside the time that it took; a run fails only far beyond it. */
const RESUME_TARGET_MS = 10_000;
const FAR_BEYOND = 3;
const NONE = { duplicates: [], overlaps: [], ungranted: [], disorder: [], uncoded: [], late: [] };

/** All scenarios with LEAFCUTTER_FULL=1, else the quick ones. */
const full = process.env.LEAFCUTTER_FULL === '1';
const LEAST_CALLS = full ? 1_000 : 500;
/**
 * A full run repeats each fault until this many calls fell within it: more than the minimum, for ten million IDs in
 * all.
 */
const CALLS_WITHIN_FAULT = full ? 25_000 : LEAST_CALLS;
const outcomesFile = process.env.LEAFCUTTER_OUTCOMES;

/**
 * Makes tests from scenarios, grouped by what is harmed: one for each scenario and one for each negative control.
 * Prints the table at the end.
 */
export function defineSuite(groups: Readonly<Record<string, readonly Scenario[]>>): void {
  const outcomes: Outcome[] = [];
  for (const [group, scenarios] of Object.entries(groups)) {
    describe(group, () => {
      for (const scenario of scenarios.filter(({ quick }) => full || quick)) {
        const limitMs = TEST_MS + (scenario.lastsMs ?? 0);
        test(scenario.name, () => testScenario(scenario, outcomes), limitMs);
        for (const control of controlsOf(scenario)) {
          const title = `negative control of ${scenario.name}: without ${control.guard}`;
          test(title, () => testControl(scenario, control));
        }
      }
    });
  }
  afterAll(() => void process.stdout.write(`\n${markdownTable(outcomes)}\n\n`));
}

function controlsOf({ controls = [] }: Scenario): readonly Control[] {
  return full ? controls : controls.filter(({ alsoIn }) => alsoIn === undefined).slice(0, 1);
}

async function testScenario(scenario: Scenario, outcomes: Outcome[]): Promise<void> {
  const outcome = await runScenario(scenario, { least: LEAST_CALLS, wanted: CALLS_WITHIN_FAULT });
  outcomes.push(outcome);
  note('scenario', outcome);
  const { findings, complaint, historyFolder, resumedMs, callsWithinFault, singles, ids } = outcome;
  if (historyFolder !== undefined) process.stdout.write(`${scenario.name}: history in ${historyFolder}\n`);
  expect(findings).toEqual(NONE);
  expect(complaint).toBeUndefined();
  const targetMs = scenario.resumes?.withinMs ?? RESUME_TARGET_MS;
  if (resumedMs !== undefined && resumedMs > targetMs)
    process.stdout.write(
      `${scenario.name}: resumed after ${resumedMs} ms, past its target of ${targetMs} ms\n`,
    );
  expect(resumedMs).toBeLessThan(FAR_BEYOND * targetMs);
  expect(callsWithinFault).toBeGreaterThanOrEqual(LEAST_CALLS);
  expect(singles / ids).toBeGreaterThan(0.2);
}

/** Fast, because what a missing guard lets through may last only for moments. */
async function testControl(scenario: Scenario, control: Control): Promise<void> {
  const outcome = await runScenario(
    scenario,
    { least: 1, wanted: 1 },
    { ...control, arena: { ...control.arena, fast: true } },
  );
  note('control', outcome);
  const found = outcome.findings[control.finds];
  process.stdout.write(`${scenario.name} without ${control.guard}: ${control.finds}, such as ${found[0]}\n`);
  expect(found).not.toEqual([]);
}

function note(kind: 'scenario' | 'control', outcome: Outcome): void {
  if (outcomesFile !== undefined) appendOutcome(outcomesFile, outcome, kind);
}
