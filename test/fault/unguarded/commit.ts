/** Negative control: a coordinator that treats a COMMIT without an answer as one that succeeded. */
import type { LockedGroup, LockedTag } from '@leafcutter/coordinator/domain/allocation/store';
import { RETRY_REASONS } from '@leafcutter/coordinator/domain/allocation/store';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { LeafcutterError } from '@leafcutter/shared/errors';

const { withTag, withTags } = SqlStore.prototype;

SqlStore.prototype.withTag = function <T>(
  this: SqlStore,
  tag: string,
  work: (locked: LockedTag) => Promise<T>,
): Promise<T> {
  return trusting(work, (noted) => withTag.call(this, tag, noted) as Promise<T>);
} as typeof withTag;
SqlStore.prototype.withTags = function <T>(
  this: SqlStore,
  tags: readonly string[],
  work: (group: LockedGroup<LockedTag>) => Promise<T>,
): Promise<T> {
  return trusting(work, (noted) => withTags.call(this, tags, noted) as Promise<T>);
} as typeof withTags;

async function trusting<L, T>(
  work: (locked: L) => Promise<T>,
  run: (noted: (locked: L) => Promise<T>) => Promise<T>,
): Promise<T> {
  let done: { readonly result: T } | undefined;
  try {
    return await run(async (locked) => {
      done = { result: await work(locked) };
      return done.result;
    });
  } catch (error) {
    const unclear = error instanceof LeafcutterError && error.reason === RETRY_REASONS.commitUnclear;
    if (unclear && done !== undefined) return done.result;
    throw error;
  }
}
