import { appendFileSync } from 'node:fs';
import type { Outcome } from './run-scenario.ts';

const COLUMNS: Readonly<Record<string, (outcome: Outcome) => string | number>> = {
  scenario: ({ scenario }) => scenario,
  faults: ({ faults, rounds }) => (rounds > 1 ? `${faults} (${rounds}×)` : faults),
  requests: ({ requests }) => requests,
  IDs: ({ ids }) => ids,
  'single-ID share': (outcome) => share(outcome.singles, outcome.ids),
  'calls within the fault': ({ callsWithinFault }) => callsWithinFault,
  duplicates: ({ findings }) => findings.duplicates.length,
  'other findings': ({ findings: { duplicates: _, ...others } }) =>
    Object.values(others).reduce((sum, found) => sum + found.length, 0),
  refused: ({ refused }) =>
    Object.entries(refused)
      .map(([code, count]) => `${count} ${code}`)
      .join(', ') || 'none',
  'no answer': ({ unanswered }) => unanswered,
  'slowest, ms': ({ slowestMs }) => Math.round(slowestMs),
  'time to resume, s': ({ resumedMs }) =>
    resumedMs === undefined ? 'never' : (resumedMs / 1_000).toFixed(2),
  'fence ahead': ({ fenceAhead }) => fenceAhead,
  unfenced: ({ unfenced }) => unfenced,
  'took, s': ({ seconds }) => Math.round(seconds),
};

/** The outcomes as a Markdown table with a line of sums. */
export function markdownTable(outcomes: readonly Outcome[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const sum = (read: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + read(outcome), 0);
  const singles = sum((outcome) => outcome.singles);
  const ids = sum((outcome) => outcome.ids);
  return [
    line(Object.keys(COLUMNS)),
    line(Object.keys(COLUMNS).map(() => '---')),
    ...outcomes.map((outcome) => line(Object.values(COLUMNS).map((read) => read(outcome)))),
    '',
    `${outcomes.length} scenarios: ${sum(({ requests }) => requests)} requests, ${ids} IDs, ${singles} of them from ` +
      `single-ID requests (${share(singles, ids)}), ${sum(({ callsWithinFault }) => callsWithinFault)} calls within ` +
      `faults, ${sum(({ findings }) => findings.duplicates.length)} duplicates, ${Math.round(sum(({ seconds }) => seconds))} s`,
  ].join('\n');
}

/** Adds an outcome to a file of JSON lines, so that runs can be put together. */
export function appendOutcome(file: string, outcome: Outcome, kind: 'scenario' | 'control'): void {
  appendFileSync(file, `${JSON.stringify({ kind, at: new Date().toISOString(), ...outcome })}\n`);
}

function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(0)} %`;
}
