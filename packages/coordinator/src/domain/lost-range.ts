import { LOST_INSTANCE_ID } from '@leafcutter/shared/ledger';
import { type Holder, type LedgerEntry, maxBigint, type Range } from './range.ts';
import type { Locked } from './store.ts';

/** Who the ledger says took a range whose own entry the database lost. */
export const LOST_HOLDER: Holder = { agentId: '(lost)', instanceId: LOST_INSTANCE_ID };

/**
 * The ledger entry for a range that was handed out by transactions which the database lost: what of it no entry that
 * it kept covers; undefined where the ledger kept all, as after an edited row.
 */
export async function lostEntry(
  locked: Locked,
  lost: Range,
  coordinatorId: string,
): Promise<LedgerEntry | undefined> {
  const start = maxBigint(lost.start, await locked.ledgerEnd());
  if (start >= lost.end) return undefined;
  return {
    ...{ counter: locked.name, start, end: lost.end, ...LOST_HOLDER, coordinatorId },
    grantedAtMs: locked.nowMs,
  };
}
