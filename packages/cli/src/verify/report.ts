import { findDuplicates, findFallingIds, type Violation } from './checks.ts';
import type { Drawing } from './drawing.ts';
import type { Membership } from './granted.ts';
import type { Call } from './history.ts';

/** The findings about the ledger: undefined if no coordinator was named, a sentence if it did not answer. */
export type LedgerCheck = Membership | { readonly failed: string } | undefined;

/** The findings of a run. `violated` if a promise was broken, `unverified` if it could not find out. */
export interface Report {
  readonly verdict: 'ok' | 'violated' | 'unverified';
  readonly requests: number;
  /** Answered requests for one ID. */
  readonly singles: number;
  readonly ids: number;
  readonly instances: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Requests whose outcome nobody knows. */
  readonly unanswered: Readonly<Record<string, number>>;
  /** IDs for which it is not certain which process issued them. */
  readonly unattributed: number;
  readonly seconds: number;
  readonly idsPerSecond: number;
  readonly duplicates: readonly ReportedViolation[];
  readonly falling: readonly ReportedViolation[];
  readonly ledger: ReportedLedger;
}

type ReportedLedger =
  | { readonly checked: false; readonly why: string }
  | {
      readonly checked: true;
      readonly ranges: number;
      readonly ungranted: readonly ReportedViolation[];
      readonly overlaps: readonly string[];
    };

/** An ID, and the calls that brought it or prove that it is wrong. */
export interface ReportedViolation {
  readonly source: string;
  readonly id: string;
  readonly calls: readonly ReportedCall[];
}

interface ReportedCall {
  readonly process: number;
  readonly agent: string;
  readonly instance: string | null;
  /** Seconds since the start. */
  readonly invokedS: number;
  readonly completedS: number;
  readonly lowest: string;
  readonly highest: string;
}

/** Judges what was drawn. `seconds`: how long the drawing took. */
export function judge(drawing: Drawing, ledger: LedgerCheck, seconds: number): Report {
  const { history, sightings, refused, silent } = drawing;
  let [singles, unattributed] = [0, 0];
  for (const { ids, count, instanceId } of history.issued) {
    if (count === 1) singles++;
    if (instanceId === undefined) unattributed += ids.length;
  }
  const duplicates = findDuplicates(history.issued).map(reported);
  const falling = findFallingIds(history.issued).map(reported);
  const membership = reportedLedger(ledger);
  const ungranted = membership.checked ? membership.ungranted.length + membership.overlaps.length : 0;
  const unfinished = history.idCount === 0 || (ledger !== undefined && !membership.checked);
  const violated = duplicates.length + falling.length + ungranted > 0;
  return {
    verdict: violated ? 'violated' : unfinished ? 'unverified' : 'ok',
    requests: history.size,
    singles,
    ids: history.idCount,
    instances: sightings.instances,
    refused: Object.fromEntries(refused),
    unanswered: Object.fromEntries(silent),
    unattributed,
    seconds,
    idsPerSecond: Math.round(history.idCount / seconds),
    duplicates,
    falling,
    ledger: membership,
  };
}

function reportedLedger(ledger: LedgerCheck): ReportedLedger {
  if (ledger === undefined) return { checked: false, why: 'no --coordinator was given' };
  if ('failed' in ledger) return { checked: false, why: ledger.failed };
  const { ranges, ungranted, overlaps } = ledger;
  return { checked: true, ranges, ungranted: ungranted.map(reported), overlaps };
}

function reported({ source, id, calls }: Violation<Call>): ReportedViolation {
  return {
    source,
    id: String(id),
    calls: calls.map(({ process, agent, instanceId, invokedNs, completedNs, ids }) => {
      const inOrder = ids.toSorted();
      return {
        process,
        agent,
        instance: instanceId ?? null,
        invokedS: invokedNs / 1e9,
        completedS: completedNs / 1e9,
        lowest: String(inOrder[0]),
        highest: String(inOrder.at(-1)),
      };
    }),
  };
}
