import { LeafcutterError } from '@leafcutter/shared/errors';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { Fence } from './fence.ts';
import { minBigint } from './range.ts';
import type { LockedTag, Store } from './store.ts';

/** A counter that was lowered. */
export interface Lowered {
  readonly from: bigint;
  readonly to: bigint;
  /** The tag's highest ID from now on: below everything that was handed out above `to`. */
  readonly highestId: bigint;
}

/**
 * Lowers a tag's counter, its high-water mark and its fence together: the way back from a counter that a typo put at
 * 9 × 10^18. It is the one thing that ever lowers one, and happens on an admin's explicit word only.
 *
 * The ledger guards it (I1): `to` must lie in a gap of at least one step, and the tag's highest ID becomes the end of
 * that gap, so that what was handed out above is never reached. Agents that hold segments from above refuse those from
 * below until they are restarted (I3).
 *
 * @throws BAD_REQUEST with reason `to`, TAG_UNKNOWN, TAG_RETIRED, STORE_UNAVAILABLE
 */
export async function lowerCounter(
  { store, fence }: { readonly store: Store; readonly fence: Fence | undefined },
  tag: string,
  to: bigint,
): Promise<Lowered> {
  return store.withTag(tag, async (row) => {
    if (row.tag.retired)
      throw new LeafcutterError('TAG_RETIRED', `Tag "${tag}" is retired; its numbers are never reused.`);
    if (to < 1n || to >= row.value)
      throw refused(`to takes an ID from 1 to below the counter, which stands at ${row.value}.`);
    const highestId = await gapEnd(row, to);
    // The fence first: where COMMIT then fails, the counter still stands above everything handed out.
    await fence?.lower(row.name, to, row.generation);
    await row.lower(to, highestId);
    return { from: row.value, to, highestId };
  });
}

/** Highest ID of the gap in the ledger that begins at `to`. */
async function gapEnd(row: LockedTag, to: bigint): Promise<bigint> {
  const below = await row.ledgerEnd(to);
  if (below > to)
    throw refused(
      `${to} lies in a range that the ledger says is handed out; the lowest that does not is ${below}.`,
    );
  const above = await row.nextRangeStart(to);
  const limit = minBigint(row.tag.highestId ?? HIGHEST_ID, above === undefined ? HIGHEST_ID : above - 1n);
  if (limit - to + 1n >= BigInt(row.tag.step)) return limit;
  throw refused(
    `From ${to} there is no room for one step of ${row.tag.step}: the ledger says that IDs from ${limit + 1n} on are handed out.`,
  );
}

function refused(message: string): LeafcutterError {
  return new LeafcutterError('BAD_REQUEST', message, { reason: 'to' });
}
