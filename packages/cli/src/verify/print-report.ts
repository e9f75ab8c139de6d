import { visible } from '@leafcutter/shared/visible';
import type { Report, ReportedViolation } from './report.ts';

const MAX_TOLD = 20;

/** A report as text, the verdict last. */
export function printReport(report: Report): string {
  const { requests, singles, ids, instances, seconds, idsPerSecond, ledger, unattributed } = report;
  const drawn = `${count(ids)} from ${count(instances)} ${instances === 1 ? 'instance' : 'instances'}`;
  return [
    row('Requests', `${count(requests)}, ${count(singles)} of them returned a single ID`),
    row('IDs', `${drawn} in ${seconds.toFixed(1)} s, ${count(idsPerSecond)} IDs/s`),
    row('Refused', codes(report.refused)),
    row('No answer', codes(report.unanswered)),
    row('Duplicates', found(report.duplicates)),
    ...report.duplicates.slice(0, MAX_TOLD).map(told),
    row('Falling', found(report.falling)),
    ...report.falling.slice(0, MAX_TOLD).map(told),
    ...ledgerRows(ledger),
    ...(unattributed === 0
      ? []
      : [
          row(
            'Unknown',
            `${count(unattributed)} IDs that may have come from either of two processes (restarts): ` +
              'checked against all grants, but not for their order',
          ),
        ]),
    verdict(report),
    '',
  ]
    .map(visible)
    .join('\n');
}

function ledgerRows(ledger: Report['ledger']): string[] {
  if (!ledger.checked) return [row('Ledger', `not checked: ${ledger.why}`)];
  const overlaps = ledger.overlaps.length === 0 ? '' : `; ${ledger.overlaps.length} ranges OVERLAP`;
  return [
    row('Ungranted', `${found(ledger.ungranted)} (${count(ledger.ranges)} ledger ranges${overlaps})`),
    ...ledger.ungranted.slice(0, MAX_TOLD).map(told),
    ...ledger.overlaps.slice(0, MAX_TOLD).map((overlap) => `    ${overlap}`),
  ];
}

function verdict({ verdict: word, ids, ledger, duplicates, falling }: Report): string {
  if (word === 'ok') {
    const rest = ledger.checked ? '' : ' (not checked against the ledger)';
    return `VERDICT: no violation in ${count(ids)} IDs${rest}`;
  }
  if (word === 'unverified') {
    const why = ids === 0 ? 'no ID was received' : 'the ledger could not be read';
    return `VERDICT: could not verify, ${why}`;
  }
  const broken = [
    duplicates.length > 0 ? 'IDs were issued twice' : '',
    falling.length > 0 ? 'IDs were not rising' : '',
    ledger.checked && ledger.ungranted.length > 0 ? 'IDs were not granted' : '',
    ledger.checked && ledger.overlaps.length > 0 ? 'granted ranges overlap' : '',
  ];
  return `VERDICT: VIOLATED in ${count(ids)} IDs: ${broken.filter(Boolean).join(', ')}`;
}

/** One violation with the calls that prove it. */
function told({ source, id, calls }: ReportedViolation): string {
  const told = calls.map(
    ({ process, agent, instance, invokedS, completedS, lowest, highest }) =>
      `process ${process} of ${agent} (${instance ?? 'instance unknown'}) ` +
      `${invokedS.toFixed(6)}–${completedS.toFixed(6)} s: ${lowest === highest ? lowest : `${lowest}…${highest}`}`,
  );
  return `    ${source} ${id}: ${told.join('; ')}`;
}

function found(violations: readonly ReportedViolation[]): string {
  if (violations.length === 0) return 'none';
  const more = violations.length >= MAX_TOLD ? ' or more' : '';
  return `${violations.length}${more} FOUND`;
}

function codes(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).map(([code, times]) => `${count(times)} ${code}`);
  return entries.length === 0 ? 'none' : entries.join(', ');
}

function row(name: string, text: string): string {
  return `${name.padEnd(12)}${text}`;
}

/** With commas, whatever the machine's language. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
