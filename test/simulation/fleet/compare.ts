import type { FleetOutcome } from './run-fleet.ts';
import { TAGS, TAGS_PER_AGENT } from './run-part.ts';
import { busiestOf, CALLS, type Call, latencyOf } from './tally.ts';

/** By how much of the model's figure a counted one may be off. */
const TOLERANCE = 0.05;
/** The model has what Redis takes for the roster. What the roster counts of itself is an estimate of that (`ENTRY_BYTES`). */
const ROSTER_TOLERANCE = 0.1;
const ROSTER = 'roster bytes';

interface Compared {
  readonly name: string;
  readonly counted: number;
  readonly model: number;
}

/** What was counted beside what docs/capacity.md says, f, h, e, r and the roster. */
export function compared({ counted, measuredS, expected, rosterBytes }: FleetOutcome): Compared[] {
  const rate = (...calls: Call[]) =>
    calls.reduce((sum, call) => sum + counted.calls[call].made, 0) / measuredS;
  return [
    { name: 'refills/s', counted: rate('refill'), model: expected.refillsPerS },
    { name: 'heartbeats/s', counted: rate('heartbeat', 'extension'), model: expected.heartbeatsPerS },
    { name: 'extensions/s', counted: rate('extension'), model: expected.extensionsPerS },
    { name: 'reports/s', counted: rate('report'), model: expected.reportsPerS },
    { name: ROSTER, counted: rosterBytes, model: expected.rosterBytes },
  ];
}

/** What must not happen: failed or dropped calls, ranges that were granted twice, and rates that are not the model's. */
export function faultsOf(outcome: FleetOutcome): string[] {
  const { starting, counted, duplicates, agents, onRoster } = outcome;
  const faults: string[] = [];
  for (const [when, { failures, dropped }] of [
    ['at the start', starting],
    ['counted', counted],
  ] as const) {
    for (const [what, times] of failures) faults.push(`failed, ${when}: ${what} × ${times}`);
    if (dropped > 0) faults.push(`reports dropped, ${when}: ${dropped}`);
  }
  // An agent may well begin at the very end of its first segment.
  if (counted.ranDry > 0) faults.push(`segments used up before the next one came: ${counted.ranDry}`);
  if (duplicates.length > 0) faults.push(`granted twice: ${duplicates.length}, first ${duplicates[0]}`);
  if (onRoster !== agents) faults.push(`on the roster are ${onRoster} of ${agents} agents`);
  for (const { name, counted: is, model } of compared(outcome)) {
    const tolerance = name === ROSTER ? ROSTER_TOLERANCE : TOLERANCE;
    if (Math.abs(is - model) > tolerance * model)
      faults.push(`${name}: ${number(is)} where the model says ${number(model)}`);
  }
  return faults;
}

const HEADINGS = [
  ...[
    'agents',
    'deployments',
    'coordinators in all',
    'refills/s',
    'heartbeats/s',
    'of them extend',
    'reports/s',
  ],
  ...[
    'roster, bytes an agent',
    'failed or dropped',
    'granted twice',
    'most calls in one second',
    '99 of 100 within',
  ],
];

/** The table of docs/capacity.md. Behind each figure is the model's. */
export function tableOf(outcomes: readonly FleetOutcome[]): string {
  return table(
    HEADINGS,
    outcomes.map((outcome) => {
      const { agents, deployments, coordinators, counted, measuredS } = outcome;
      const lost = CALLS.reduce((sum, call) => sum + counted.calls[call].failed, counted.dropped);
      const cells = compared(outcome).map(({ name, counted: is, model }) => {
        const per = name === ROSTER ? agents : 1;
        return `${number(is / per)} (${number(model / per)})`;
      });
      const slowest = Math.max(...CALLS.map((call) => latencyOf(counted.calls[call], 0.99)));
      return [
        ...[whole(agents), String(deployments), String(coordinators), ...cells],
        ...[String(lost), String(outcome.duplicates.length)],
        ...[whole(busiestOf(counted, measuredS)), `${slowest} ms`],
      ];
    }),
  );
}

/** CPU time of this process, in microseconds for each call. */
export function cpuTableOf(outcomes: readonly FleetOutcome[]): string {
  const called = CALLS.filter((call) => call !== 'lease');
  return table(
    ['agents', ...called, 'the agents, each call', 'looks, jobs and sweeps'],
    outcomes.map(({ agents, counted, cpuMs, measuredS, meteredS }) => {
      const share = meteredS / measuredS;
      const calls = (call: Call) => counted.calls[call].made * share;
      const all = called.reduce((sum, call) => sum + calls(call), 0);
      const micros = (work: string, count: number) =>
        `${number((1_000 * (cpuMs.get(work) ?? 0)) / count)} µs`;
      const rest = (cpuMs.get('rest') ?? 0) / (10 * meteredS);
      return [
        whole(agents),
        ...called.map((call) => micros(call, calls(call))),
        ...[micros('agents', all), `${number(rest)} % of a core`],
      ];
    }),
  );
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(headings), `|${'---|'.repeat(headings.length)}`, ...rows.map(line)].join('\n');
}

function number(value: number): string {
  return value < 100 ? value.toPrecision(3) : whole(Math.round(value));
}

function whole(value: number): string {
  return value.toLocaleString('en');
}

/** What the figures are about. */
export function describeRun({ measuredS, simulatedS }: FleetOutcome): string {
  return `${measuredS} s of ${simulatedS} simulated s counted; ${TAGS_PER_AGENT} of ${TAGS} tags an agent. In brackets the model of docs/capacity.md.`;
}
