import { LeafcutterError } from '@leafcutter/shared/errors';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { type Fence, type FenceMark, NO_MARK } from './fence.ts';
import type { Locks } from './locks.ts';
import { minBigint } from './range.ts';
import type { LockedTag, Store } from './store.ts';
import { SWEEP_LOCK } from './sweep.ts';

/** A counter that was lowered. */
export interface Lowered {
  readonly from: bigint;
  readonly to: bigint;
  /** The tag's highest ID from now on: below everything that was handed out above `to`. */
  readonly highestId: bigint;
}

interface Parts {
  readonly store: Store;
  readonly fence: Fence | undefined;
  readonly locks: Locks;
}

/** A sweep that is under way is waited for this long, milliseconds; one takes about a second for 20,000 tags. */
const SWEEP_WAIT_MS = 5_000;
const LOCK_TTL_MS = 30_000;

/**
 * Lowers a tag's counter, its high-water mark and its fence together: the way back from a counter that a typo put at
 * 9 × 10^18. It is the one thing that ever lowers one, and happens on an admin's explicit word only.
 *
 * Ledger and fence guard it (I1): `to` must lie in a gap of the ledger of at least one step, above all that the fence
 * knows was handed out, and the tag's highest ID becomes the end of that gap. Where the ledger knows of nothing below
 * `to`, as of a tag that a Leaf served, `force` must say that nothing was handed out from there on. Agents that hold
 * segments from above refuse those from below until they are restarted (I3).
 *
 * @throws BAD_REQUEST with reason `to`, TAG_UNKNOWN, TAG_RETIRED, STORE_UNAVAILABLE
 */
export async function lowerCounter(parts: Parts, tag: string, to: bigint, force: boolean): Promise<Lowered> {
  const { store, fence, locks } = parts;
  // A sweep that reads the old counter now would bring it back.
  const release = await locks.acquire(SWEEP_LOCK, { waitMs: SWEEP_WAIT_MS, ttlMs: LOCK_TTL_MS });
  if (release === undefined) throw tryAgain('Redis is away, or the fences are being swept.');
  try {
    return await store.withTag(tag, async (row) => {
      if (row.tag.retired)
        throw new LeafcutterError('TAG_RETIRED', `Tag "${tag}" is retired; its numbers are never reused.`);
      const mark = (await fence?.read(row.name)) ?? NO_MARK;
      if (to < 1n || to >= row.value)
        throw refused(`to takes an ID from 1 to below the counter, which stands at ${row.value}.`);
      const highestId = await gapEnd(row, to, mark, force);
      // The fence first: where COMMIT then fails, the counter still stands above everything handed out.
      await fence?.lower(row.name, mark, to, row.generation);
      await row.lower(to, highestId);
      return { from: row.value, to, highestId };
    });
  } finally {
    await release();
  }
}

/** Highest ID of the gap that begins at `to`. */
async function gapEnd(row: LockedTag, to: bigint, mark: FenceMark, force: boolean): Promise<bigint> {
  const below = await row.ledgerEnd(to);
  if (below > to)
    throw refused(
      `${to} lies in a range that the ledger says is handed out; the lowest that does not is ${below}.`,
    );
  // Where the counter was used since it was set too high, the fence tells of that, and the ledger of what was before.
  if (mark.granted > to && mark.granted < row.value)
    throw refused(`The fence in Redis knows that IDs up to ${mark.granted} were handed out.`);
  if (below === 0n && !force)
    throw refused(
      `The ledger knows of nothing below ${to}. If nothing was handed out from there on, by a Leaf neither, say so with force.`,
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

function tryAgain(message: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', `${message} Try again shortly.`, { reason: 'redis' });
}
