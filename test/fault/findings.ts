import {
  findDuplicates,
  findFallingIds,
  findOverlaps,
  findUngranted,
  type GrantedRange,
  type Violation,
} from '@leafcutter/cli/verify/checks';
import type { History } from '@leafcutter/cli/verify/history';
import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';

const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };
const MAX_TOLD = 20;

/** What a run did wrong, with a few examples of each; everything is empty if nothing was wrong. */
export interface Findings {
  /** IDs issued more than once (I1). */
  readonly duplicates: readonly string[];
  /** Ranges of one counter that overlap (I2). */
  readonly overlaps: readonly string[];
  /** IDs outside every range that was granted to their instance (I2). */
  readonly ungranted: readonly string[];
  /** IDs that are not above an ID that the same instance gave out before (I3). */
  readonly disorder: readonly string[];
  /** Refusals without one of our codes, or with the code for unexpected errors (I4). */
  readonly uncoded: readonly string[];
  /** Answers that came later than they may (I6). */
  readonly late: readonly string[];
}

export function findAll(history: History, ledger: readonly GrantedRange[], latestMs: number): Findings {
  return {
    duplicates: findDuplicates(history.issued).map(inWords),
    overlaps: findOverlaps(ledger),
    ungranted: findUngranted(history.issued, ledger, (id) => decode(layout, id)).map(inWords),
    disorder: findFallingIds(history.issued).map(inWords),
    uncoded: findUncoded(history),
    late: findLate(history, latestMs),
  };
}

function inWords({ source, id, calls }: Violation): string {
  const where = calls.map(
    ({ agent, instanceId, invokedNs }) => `${agent} (${instanceId}) at ${Math.round(invokedNs / 1e6)} ms`,
  );
  return `${source} ${id} by ${where.join(' and ')}`;
}

function findUncoded(history: History): string[] {
  const codes = new Set<string>();
  for (let number = 0; number < history.size; number++) {
    const { outcome, code } = history.call(number);
    if (outcome === 'fail' && code !== undefined) codes.add(code);
  }
  return [...codes].filter((code) => code === 'INTERNAL' || !/^[A-Z_]+$/.test(code));
}

function findLate(history: History, latestMs: number): string[] {
  const late: string[] = [];
  for (let number = 0; number < history.size && late.length < MAX_TOLD; number++) {
    const { agent, source, outcome, code = '', invokedNs, completedNs } = history.call(number);
    const tookMs = (completedNs - invokedNs) / 1e6;
    if (outcome !== 'info' && tookMs > latestMs)
      late.push(`${agent} ${source}: ${outcome} ${code} after ${Math.round(tookMs)} ms`);
  }
  return late;
}
