/** Negative control: a coordinator that allocates without a look at what the ledger and the high-water mark have. */
import type {
  Locked,
  LockedGroup,
  LockedMachineId,
  LockedTag,
} from '@leafcutter/coordinator/domain/allocation/store';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';

const { withMachineId, withMachineIds, withTag, withTags } = SqlStore.prototype;

SqlStore.prototype.withTag = function <T>(
  this: SqlStore,
  tag: string,
  work: (locked: LockedTag) => Promise<T>,
): Promise<T> {
  return withTag.call(this, tag, (locked) => work(tagAlone(locked))) as Promise<T>;
} as typeof withTag;
SqlStore.prototype.withTags = function <T>(
  this: SqlStore,
  tags: readonly string[],
  work: (group: LockedGroup<LockedTag>) => Promise<T>,
): Promise<T> {
  return withTags.call(this, tags, (group) =>
    work({ ...group, rows: group.rows.map(tagAlone) }),
  ) as Promise<T>;
} as typeof withTags;
SqlStore.prototype.withMachineId = function <T>(
  this: SqlStore,
  machineId: number,
  work: (locked: LockedMachineId) => Promise<T>,
): Promise<T> {
  return withMachineId.call(this, machineId, (locked) => work(withoutLedger(locked))) as Promise<T>;
} as typeof withMachineId;
SqlStore.prototype.withMachineIds = function <T>(
  this: SqlStore,
  machineIds: readonly number[],
  work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
): Promise<T> {
  return withMachineIds.call(this, machineIds, (group) =>
    work({ ...group, rows: group.rows.map((row) => withoutLedger(row)) }),
  ) as Promise<T>;
} as typeof withMachineIds;

function tagAlone(locked: LockedTag): LockedTag {
  return { ...withoutLedger(locked), value: locked.tag.nextId };
}

function withoutLedger<Row extends Locked>(locked: Row): Row {
  return { ...locked, ledgerTop: 0n, ledgerEnd: async () => 0n };
}
