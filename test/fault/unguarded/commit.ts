/** Negative control: a coordinator that treats a COMMIT without an answer as one that succeeded. */
import type { LockedGroup, LockedTag } from '@leafcutter/coordinator/domain/allocation/store';
import { trusting } from '@leafcutter/coordinator/fakes/unguarded';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';

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
