import { LOST_INSTANCE_ID } from '@leafcutter/shared/ledger';
import type { FenceMark } from './fence.ts';
import { type Holder, type LedgerEntry, maxBigint, minBigint, type Range } from './range.ts';
import type { Locked } from './store.ts';

/** Who the ledger says took a range whose own entry the database lost. */
export const LOST_HOLDER: Holder = { agentId: '(lost)', instanceId: LOST_INSTANCE_ID };

/** A range that the fence was raised for and that the database does not have. */
export interface LostRange extends Range {
  /**
   * True if the fence was told that its COMMIT succeeded, so that the database lost a write. False if nobody said so:
   * it may have failed, with its coordinator perhaps, and then the range is a gap.
   */
  readonly committed: boolean;
}

/**
 * What a fence knows was granted above where its counter stands; undefined if that is nothing. A counter that was set
 * too high by hand and put back is in no grant: it raises nothing.
 */
export function lostRange(
  counter: bigint,
  { value, committed, granted }: Pick<FenceMark, 'value' | 'committed' | 'granted'>,
): LostRange | undefined {
  const end = minBigint(value, granted);
  return end > counter ? { start: counter, end, committed: committed > counter } : undefined;
}

/**
 * What a fence knows was granted above all that the ledger has, below where a tag's counter stands: it was set there by
 * hand right after the database lost it. If the fence does not know what the counter skipped, all of it may have been.
 */
export function missedBelow(
  { value: counter, ledgerTop }: Pick<Locked, 'value' | 'ledgerTop'>,
  { granted, committed, skipped }: FenceMark,
): LostRange | undefined {
  const skips = skipped !== undefined && skipped.start >= ledgerTop && skipped.start < counter;
  const unknown = ledgerTop > 0n ? counter : 0n;
  const end = granted <= counter ? granted : skips ? skipped.start : unknown;
  return end > ledgerTop ? { start: ledgerTop, end, committed: committed > ledgerTop } : undefined;
}

/**
 * The ledger entry for a lost range: what of it no entry that the database kept covers; undefined if the ledger kept
 * all, as after an edited row.
 */
export async function lostEntry(
  locked: Pick<Locked, 'name' | 'nowMs' | 'ledgerEnd'>,
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
