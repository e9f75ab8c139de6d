import { FAULT_KINDS, type FaultKind } from './faults/fault.ts';
import type { Outcome } from './simulate.ts';

/** The sum of many runs; plain data, so that workers can send it. */
export interface Totals {
  seeds: number;
  simulatedSeconds: number;
  shortestSeconds: number;
  idsIssued: number;
  requests: number;
  refusals: number;
  fewestFaults: number;
  readonly faults: Partial<Record<FaultKind, number>>;
  readonly failed: number[];
}

export function noTotals(): Totals {
  return {
    seeds: 0,
    simulatedSeconds: 0,
    shortestSeconds: Number.POSITIVE_INFINITY,
    idsIssued: 0,
    requests: 0,
    refusals: 0,
    fewestFaults: Number.POSITIVE_INFINITY,
    faults: {},
    failed: [],
  };
}

export function addOutcome(totals: Totals, seed: number, outcome: Outcome): void {
  const seconds = outcome.simulatedMs / 1000;
  totals.seeds += 1;
  totals.simulatedSeconds += seconds;
  totals.idsIssued += outcome.idsIssued;
  totals.requests += outcome.requests;
  totals.refusals += outcome.refusals;
  for (const kind of outcome.faults) totals.faults[kind] = (totals.faults[kind] ?? 0) + 1;
  if (outcome.violations.length > 0) {
    totals.failed.push(seed);
    return;
  }
  totals.shortestSeconds = Math.min(totals.shortestSeconds, seconds);
  totals.fewestFaults = Math.min(totals.fewestFaults, outcome.faults.length);
}

export function addTotals(totals: Totals, more: Totals): void {
  totals.seeds += more.seeds;
  totals.simulatedSeconds += more.simulatedSeconds;
  totals.shortestSeconds = Math.min(totals.shortestSeconds, more.shortestSeconds);
  totals.idsIssued += more.idsIssued;
  totals.requests += more.requests;
  totals.refusals += more.refusals;
  totals.fewestFaults = Math.min(totals.fewestFaults, more.fewestFaults);
  for (const kind of FAULT_KINDS)
    if (more.faults[kind] !== undefined) totals.faults[kind] = (totals.faults[kind] ?? 0) + more.faults[kind];
  totals.failed.push(...more.failed);
}

export function describeTotals(totals: Totals, realSeconds: number): string {
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const faults = FAULT_KINDS.map(
    (kind) => `  ${kind.padEnd(38)}${whole(totals.faults[kind] ?? 0).padStart(8)}`,
  );
  return [
    'faults that came about:',
    ...faults,
    `seeds ${whole(totals.seeds)}, simulated ${whole(totals.simulatedSeconds)} s (the shortest run ${whole(totals.shortestSeconds)} s) in ${realSeconds.toFixed(1)} s: ${whole(totals.simulatedSeconds / realSeconds)} s per second`,
    `requests ${whole(totals.requests)}, refused ${whole(totals.refusals)}, IDs issued ${whole(totals.idsIssued)}; fewest faults in a run ${totals.fewestFaults}`,
    totals.failed.length === 0
      ? 'violations: none'
      : `violations in ${totals.failed.length} seeds: ${totals.failed.slice(0, 20).join(', ')}`,
  ].join('\n');
}
