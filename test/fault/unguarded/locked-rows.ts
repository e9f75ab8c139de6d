import type {
  LockedGroup,
  LockedMachineId,
  LockedTag,
} from '@leafcutter/coordinator/domain/allocation/store';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';

const { withMachineId, withMachineIds, withTag, withTags } = SqlStore.prototype;

/** Runs a transaction, `run`, with other work in it than `work`, or makes something else of how it ends. */
type Around<Locked> = <T>(
  work: (locked: Locked) => Promise<T>,
  run: (other: (locked: Locked) => Promise<T>) => Promise<T>,
) => Promise<T>;

/** Changes all transactions on tags, each alone and in groups. */
export function aroundTags(one: Around<LockedTag>, group: Around<LockedGroup<LockedTag>>): void {
  SqlStore.prototype.withTag = function <T>(
    this: SqlStore,
    tag: string,
    work: (locked: LockedTag) => Promise<T>,
  ): Promise<T> {
    return one(work, (other) => withTag.call(this, tag, other) as Promise<T>);
  } as typeof withTag;
  SqlStore.prototype.withTags = function <T>(
    this: SqlStore,
    tags: readonly string[],
    work: (locked: LockedGroup<LockedTag>) => Promise<T>,
  ): Promise<T> {
    return group(work, (other) => withTags.call(this, tags, other) as Promise<T>);
  } as typeof withTags;
}

/** Has all transactions see their tags' locked rows as `seen` has them. */
export function seeTags(seen: (row: LockedTag) => LockedTag): void {
  aroundTags(
    (work, run) => run((locked) => work(seen(locked))),
    (work, run) => run((group) => work({ ...group, rows: group.rows.map(seen) })),
  );
}

/** Has all transactions see their machine ids' locked rows as `seen` has them. */
export function seeMachineIds(seen: (row: LockedMachineId) => LockedMachineId): void {
  SqlStore.prototype.withMachineId = function <T>(
    this: SqlStore,
    machineId: number,
    work: (locked: LockedMachineId) => Promise<T>,
  ): Promise<T> {
    return withMachineId.call(this, machineId, (locked) => work(seen(locked))) as Promise<T>;
  } as typeof withMachineId;
  SqlStore.prototype.withMachineIds = function <T>(
    this: SqlStore,
    machineIds: readonly number[],
    work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
  ): Promise<T> {
    return withMachineIds.call(this, machineIds, (group) =>
      work({ ...group, rows: group.rows.map(seen) }),
    ) as Promise<T>;
  } as typeof withMachineIds;
}
