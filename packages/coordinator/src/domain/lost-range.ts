import { LOST_INSTANCE_ID } from '@leafcutter/shared/ledger';
import type { FenceMark } from './fence.ts';
import { type Holder, type LedgerEntry, maxBigint, minBigint, type Range } from './range.ts';
import type { Locked } from './store.ts';

/** Who the ledger says took a range whose own entry the database lost. */
export const LOST_HOLDER: Holder = { agentId: '(lost)', instanceId: LOST_INSTANCE_ID };

/**
 * What a fence proves that the database lost of a counter: ranges above where it stands now were handed out by
 * transactions that were committed. Undefined where nothing proves it: a failed commit leaves a fence ahead, too, and so
 * does a counter that was set too high by hand and put back.
 */
export function lostRange(counter: bigint, { value, committed, granted }: FenceMark): Range | undefined {
  const end = minBigint(value, granted);
  return committed > counter && end > counter ? { start: counter, end } : undefined;
}

/**
 * The ledger entry for a lost range: what of it no entry that the database kept covers; undefined where the ledger kept
 * all, as after an edited row.
 */
export async function lostEntry(
  locked: Locked,
  lost: Range,
  coordinatorId: string,
): Promise<LedgerEntry | undefined> {
  const start = maxBigint(lost.start, await locked.ledgerEnd(lost.end));
  if (start >= lost.end) return undefined;
  return {
    ...{ counter: locked.name, start, end: lost.end, ...LOST_HOLDER, coordinatorId },
    grantedAtMs: locked.nowMs,
  };
}
