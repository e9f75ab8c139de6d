import { LeafcutterError } from '@leafcutter/shared/errors';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { AllocationEvents } from '../allocation/allocate.ts';
import { type Fence, NO_MARK } from '../allocation/fence.ts';
import { eraTop, lostRange } from '../allocation/lost-range.ts';
import { compareEras, maxBigint, minBigint, type Range } from '../allocation/range.ts';
import type { LockedTag, Store } from '../allocation/store.ts';
import { mendTag } from '../fence-guard/mend.ts';
import { type Author, PROGRAM } from '../trail/trail.ts';

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
  readonly events: Pick<AllocationEvents, 'writesLost'>;
  readonly coordinatorId: string;
  /** Who asks for it, for the trail. */
  readonly author?: Author;
}

/**
 * Lowers a tag's counter, its high-water mark and its fence together: the way back from a counter that a typo put at
 * 9 × 10^18. Nothing else ever lowers a counter, and it happens only when an admin explicitly asks for it.
 *
 * The ledger guards it (I1), once it has learnt what the fence knows. `to` must lie in a gap of at least one step,
 * and the tag's highest ID becomes the end of that gap. A new era begins, and both stores keep what was handed out
 * above. If one of them forgets the lowering, it learns it from the other.
 *
 * `force` is the admin's word that nothing was handed out from `to` on except what the ledger knows. It is needed if
 * the ledger knows of nothing below `to`, as with a tag that a Leaf served. Agents that hold segments from above
 * refuse those from below until they are restarted (I3).
 *
 * @throws BAD_REQUEST with reason `to`, TAG_UNKNOWN, TAG_RETIRED, STORE_UNAVAILABLE
 */
export async function lowerCounter(parts: Parts, tag: string, to: bigint, force: boolean): Promise<Lowered> {
  const { store, fence } = parts;
  if (fence !== undefined) await mendTag({ ...parts, fence }, tag);
  return store.withTag(tag, async (row) => {
    if (row.tag.retired)
      throw new LeafcutterError('TAG_RETIRED', `Tag "${tag}" is retired; its numbers are never reused.`);
    const mark = (await fence?.read(row.name)) ?? NO_MARK;
    const later = compareEras(mark, row);
    // If only the counter was put back by hand, the fence shows where it really stands.
    const from = later === 0 ? maxBigint(row.value, mark.value) : row.value;
    if (to < 1n || to >= from)
      throw refused(`to must be an ID from 1 to below the counter, which is at ${from}.`);
    if (later > 0 || (later === 0 && lostRange(row, await eraTop(row), mark) !== undefined)) throw moved();
    const { highestId, taken } = await gapAt(row, to, force);
    const era = { era: (row.era ?? 0) + 1, taken };
    // The fence first: if COMMIT then fails, the fence knows of the later era, and the database learns it.
    await fence?.lower(row.name, mark, { to, ...era, generation: row.generation });
    await row.advance(to, [], era);
    await row.note({
      ...(parts.author ?? PROGRAM),
      action: 'tag.lower',
      subject: tag,
      before: { nextId: String(from), highestId: String(row.tag.highestId ?? HIGHEST_ID) },
      after: { nextId: String(to), highestId: String(highestId) },
    });
    return { from, to, highestId };
  });
}

/** The gap that begins at `to`: its highest ID, and what was handed out above it. */
async function gapAt(
  row: LockedTag,
  to: bigint,
  force: boolean,
): Promise<{ highestId: bigint; taken: Range | undefined }> {
  const below = await row.ledgerEnd(to);
  const above = row.taken !== undefined && to >= row.taken.start ? row.taken.end : 0n;
  const free = maxBigint(below, above);
  if (free > to) {
    // Ranges may follow each other without a gap, however many.
    const isGap = (await row.nextRangeStart(free)) !== free;
    const what = isGap ? `the lowest that were not is ${free}` : `so were those from ${free} on`;
    throw refused(`IDs from ${to} on may have been handed out; ${what}.`);
  }
  if (below === 0n && !force)
    throw refused(
      `The ledger knows of nothing below ${to}. If nothing was handed out from there on, by a Leaf either, set force.`,
    );
  const taken = await takenAbove(row, to);
  const limit = minBigint(row.tag.highestId ?? HIGHEST_ID, (taken?.start ?? HIGHEST_ID + 1n) - 1n);
  if (limit - to + 1n >= BigInt(row.tag.step)) return { highestId: limit, taken };
  if (taken === undefined || limit < taken.start - 1n)
    throw refused(
      `From ${to} there is no room for one step of ${row.tag.step}: the tag’s highest ID is ${limit}.`,
    );
  throw refused(
    `From ${to} there is no room for one step of ${row.tag.step}: IDs from ${limit + 1n} on were handed out.`,
  );
}

/** Everything that was handed out above `to`, as far as the ledger or an earlier era knows, as one range. */
async function takenAbove(row: LockedTag, to: bigint): Promise<Range | undefined> {
  const next = await row.nextRangeStart(to);
  const earlier = row.taken !== undefined && row.taken.start >= to ? row.taken : undefined;
  if (next === undefined) return earlier;
  if (earlier === undefined) return { start: next, end: row.ledgerTop };
  return { start: minBigint(next, earlier.start), end: maxBigint(row.ledgerTop, earlier.end) };
}

function refused(message: string): LeafcutterError {
  return new LeafcutterError('BAD_REQUEST', message, { reason: 'to' });
}

function moved(): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'The fence moved in the meantime; try again.', {
    reason: 'fence_moved',
  });
}
