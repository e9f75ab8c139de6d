import type { TagWarning } from '@leafcutter/shared/wire';
import type { Store, TagRecord } from '../allocation/store.ts';

/** The newest ranges of a tag that are looked at. */
const LOOKED_AT = 100;

/**
 * Warns of a retired tag whose numbers somebody else may still hand out. A Leaf on the same database knows the row in
 * `leaf_alloc` and nothing else, so retiring stops agents only. @throws STORE_UNAVAILABLE
 */
export async function otherWriterWarnings(
  store: Pick<Store, 'latestRanges'>,
  record: TagRecord,
): Promise<TagWarning[]> {
  if (!(await isTakenByOthers(store, record))) return [];
  const message = `The counter of "${record.tag}" moved past everything in the ledger, as it does if a Leaf uses the same row. Agents stop; a Leaf serves the tag until its row in leaf_alloc is deleted (docs/migrate-from-leaf.md#retired-tags).`;
  return [{ code: 'OTHER_WRITERS', message }];
}

/**
 * Whether the newest ranges leave numbers below the counter out: from where the tag was made, or else from the first range
 * on. A COMMIT that failed does so, too.
 */
async function isTakenByOthers(
  store: Pick<Store, 'latestRanges'>,
  { tag, nextId, firstId }: TagRecord,
): Promise<boolean> {
  const newest = await store.latestRanges({ kind: 'tag', tag }, undefined, LOOKED_AT);
  const ranges = newest.filter(({ start }) => firstId === undefined || start >= firstId);
  const isAll = ranges.length < LOOKED_AT;
  const from = (isAll ? firstId : undefined) ?? ranges.at(-1)?.start ?? 1n;
  const granted = ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  return granted < nextId - from;
}
