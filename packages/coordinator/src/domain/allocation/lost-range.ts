import { LOST_INSTANCE_ID } from '@leafcutter/shared/ledger';
import type { FenceMark } from './fence.ts';
import { type Counter, type Holder, type LedgerEntry, maxBigint, minBigint, type Range } from './range.ts';
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

/** End of what the ledger has of a counter's era: it ends in front of what was handed out above. 0 where there is nothing. */
export async function eraTop({
  ledgerTop,
  ledgerEnd,
  taken,
}: Pick<Locked, 'ledgerTop' | 'ledgerEnd' | 'taken'>): Promise<bigint> {
  if (taken === undefined || ledgerTop <= taken.start) return ledgerTop;
  return minBigint(await ledgerEnd(taken.start), taken.start);
}

/**
 * What a fence knows was granted above `top`, all that the ledger has of the era, or above the counter; undefined if that
 * is nothing. In an era ranges only rise, so whatever the database lost of it lies there; what a counter that was set by
 * hand skipped may lie there, too, and counts as lost. One that was set too high and put back is in no grant: it raises
 * nothing.
 */
export function lostRange(
  { value: counter }: Pick<Counter, 'value'>,
  top: bigint,
  { value, committed, granted }: Pick<FenceMark, 'value' | 'committed' | 'granted'>,
): LostRange | undefined {
  const end = minBigint(value, granted);
  // Without a ledger, what lies below the counter may be somebody else's, as of a tag that a Leaf served.
  const known = top > 0n || counter >= end ? minBigint(counter, maxBigint(top, 1n)) : counter;
  return end > known ? { start: known, end, committed: committed > known } : undefined;
}

/** Ledger entries for all of a lost range that no entry covers which the database kept. */
export async function lostEntries(
  locked: Pick<Locked, 'name' | 'nowMs' | 'ledgerEnd' | 'holes'>,
  { start, end }: Range,
  coordinatorId: string,
): Promise<LedgerEntry[]> {
  const covered = maxBigint(start, await locked.ledgerEnd(start + 1n));
  if (covered >= end) return [];
  return (await locked.holes({ start: covered, end })).map((hole) => ({
    counter: locked.name,
    ...hole,
    ...LOST_HOLDER,
    coordinatorId,
    grantedAtMs: locked.nowMs,
  }));
}
