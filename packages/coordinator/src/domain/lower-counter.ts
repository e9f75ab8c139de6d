import { LeafcutterError } from '@leafcutter/shared/errors';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { type Fence, type FenceMark, NO_MARK } from './fence.ts';
import type { Locks } from './locks.ts';
import { maxBigint, minBigint, type Range } from './range.ts';
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
 * Ledger and fence guard it (I1): `to` must lie in a gap of both of at least one step, and the tag's highest ID becomes
 * the end of that gap. Both stores keep what was handed out above (`taken`): a MySQL that forgets the lowering runs into
 * it in Redis and goes on above. `force` is the admin's word that nothing was handed out from `to` on but what the
 * ledger knows: it is needed if the ledger knows of nothing below `to`, as of a tag that a Leaf served, or if the fence
 * says otherwise. Agents that hold segments from above refuse those from below until they are restarted (I3).
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
      if (!force) await askFence(row, to, mark);
      const { highestId, taken } = await gapAt(row, to, mark, force);
      // The fence first: if COMMIT then fails, the counter still stands above everything handed out.
      await fence?.lower(row.name, mark, { to, taken, generation: row.generation });
      await row.lower(to, highestId, taken);
      return { from: row.value, to, highestId };
    });
  } finally {
    await release();
  }
}

/**
 * What the fence says of numbers from `to` on. Nothing was granted in those that the counter skipped last, nor above
 * `granted`; all others may have been. If nothing was skipped, the ledger decides, provided that it knows what the fence does.
 */
async function askFence(
  row: LockedTag,
  to: bigint,
  { value, granted: end, skipped, taken }: FenceMark,
): Promise<void> {
  const granted = minBigint(value, end);
  for (const above of [taken, row.taken]) {
    if (above !== undefined && to >= above.start && to < above.end) throw handedOut(to, above.end);
  }
  if (to >= granted) return;
  if (skipped !== undefined && to >= skipped.start && to < skipped.end) return;
  if (skipped === undefined && (await row.ledgerEnd(granted)) >= granted) return;
  throw handedOut(to, skipped !== undefined && to < skipped.start ? skipped.start : granted);
}

function handedOut(to: bigint, lowest: bigint): LeafcutterError {
  return refused(
    `The fence says that IDs from ${to} on may have been handed out; the lowest that were not is ${lowest}. If you know that they were not, say so with force.`,
  );
}

/** The gap that begins at `to`: its highest ID, and what was handed out above it. */
async function gapAt(
  row: LockedTag,
  to: bigint,
  mark: FenceMark,
  force: boolean,
): Promise<{ highestId: bigint; taken: Range | undefined }> {
  const below = await row.ledgerEnd(to);
  if (below > to)
    throw refused(
      `${to} lies in a range that the ledger says is handed out; the lowest that does not is ${below}.`,
    );
  if (below === 0n && !force)
    throw refused(
      `The ledger knows of nothing below ${to}. If nothing was handed out from there on, by a Leaf neither, say so with force.`,
    );
  const taken = await takenAbove(row, to, mark);
  const limit = minBigint(
    row.tag.highestId ?? HIGHEST_ID,
    taken === undefined ? HIGHEST_ID : taken.start - 1n,
  );
  if (limit - to + 1n >= BigInt(row.tag.step)) return { highestId: limit, taken };
  throw refused(
    `From ${to} there is no room for one step of ${row.tag.step}: IDs from ${limit + 1n} on are handed out.`,
  );
}

/** Everything that the ledger, the fence or an earlier lowering knows was handed out above `to`, as one range. */
async function takenAbove(row: LockedTag, to: bigint, mark: FenceMark): Promise<Range | undefined> {
  const starts = [await row.nextRangeStart(to), mark.skipped?.end, mark.taken?.start, row.taken?.start];
  const [start] = starts.filter((one) => one !== undefined && one >= to).sort(ascending);
  if (start === undefined) return undefined;
  const ends = [row.ledgerTop, mark.granted, mark.taken?.end ?? 0n, row.taken?.end ?? 0n];
  const end = ends.reduce(maxBigint);
  return end > start ? { start, end } : undefined;
}

function ascending(a = 0n, b = 0n): number {
  return a < b ? -1 : Number(a > b);
}

function refused(message: string): LeafcutterError {
  return new LeafcutterError('BAD_REQUEST', message, { reason: 'to' });
}

function tryAgain(message: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', `${message} Try again shortly.`, { reason: 'redis' });
}
