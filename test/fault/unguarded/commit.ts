/** Negative control: a coordinator that treats a COMMIT without an answer as one that succeeded. */
import type { LockedTag } from '@leafcutter/coordinator/domain/allocation/store';
import { RETRY_REASONS } from '@leafcutter/coordinator/domain/allocation/store';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { LeafcutterError } from '@leafcutter/shared/errors';

const { withTag } = SqlStore.prototype;

SqlStore.prototype.withTag = async function <T>(
  this: SqlStore,
  tag: string,
  work: (locked: LockedTag) => Promise<T>,
): Promise<T> {
  let done: { readonly result: T } | undefined;
  try {
    return (await withTag.call(this, tag, async (locked) => {
      done = { result: await work(locked) };
      return done.result;
    })) as T;
  } catch (error) {
    const unclear = error instanceof LeafcutterError && error.reason === RETRY_REASONS.commitUnclear;
    if (unclear && done !== undefined) return done.result;
    throw error;
  }
} as typeof withTag;
