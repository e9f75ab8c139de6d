import { LOST_INSTANCE_ID } from '@leafcutter/shared/ledger';
import type { FenceMark } from './fence.ts';
import { type Counter, type Holder, type LedgerEntry, maxBigint, minBigint, type Range } from './range.ts';
import type { Locked } from './store.ts';

/** The holder that the ledger names for a range whose own entry the database lost. */
export const LOST_HOLDER: Holder = { agentId: '(lost)', instanceId: LOST_INSTANCE_ID };

/** A range that the fence was raised for and that the database does not have. */
export interface LostRange extends Range {
  /**
   * True if the fence was told that the COMMIT succeeded: then the database lost a write. False if nobody said so:
   * the COMMIT may have failed, perhaps together with its coordinator, and then the range is a gap.
   */
  readonly committed: boolean;
}

/**
 * End of what the ledger has of a counter's era, before the numbers that were handed out above; 0 if there is
 * nothing.
 */
export async function eraTop({
  ledgerTop,
  ledgerEnd,
  taken,
}: Pick<Locked, 'ledgerTop' | 'ledgerEnd' | 'taken'>): Promise<bigint> {
  if (taken === undefined || ledgerTop <= taken.start) return ledgerTop;
  return minBigint(await ledgerEnd(taken.start), taken.start);
}

/**
 * What a fence knows was granted above `top` (all that the ledger has of the era) or above the counter; undefined if
 * that is nothing. Ranges only rise within an era, so everything the database lost of it lies there. Numbers that a
 * counter set by hand has skipped may lie there too, and count as lost. A counter that was set too high and put back
 * was never granted, so it raises nothing.
 */
export function lostRange(
  { value: counter }: Pick<Counter, 'value'>,
  top: bigint,
  { value, committed, granted }: Pick<FenceMark, 'value' | 'committed' | 'granted'>,
): LostRange | undefined {
  const end = minBigint(value, granted);
  // Without a ledger, numbers below the counter may be somebody else's, for example of a tag that a Leaf served.
  const known = top > 0n || counter >= end ? minBigint(counter, maxBigint(top, 1n)) : counter;
  return end > known ? { start: known, end, committed: committed > known } : undefined;
}

/** Ledger entries for the parts of a lost range that no remaining entry covers. */
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
