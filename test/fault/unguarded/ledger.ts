/** Negative control: a coordinator that allocates without a look at what the ledger and the high-water mark have. */
import type { LockedMachineId, LockedTag } from '@leafcutter/coordinator/domain/allocation/store';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';

const { withMachineId, withTag } = SqlStore.prototype;

SqlStore.prototype.withTag = function <T>(
  this: SqlStore,
  tag: string,
  work: (locked: LockedTag) => Promise<T>,
): Promise<T> {
  return withTag.call(this, tag, (locked) =>
    work({ ...locked, value: locked.tag.nextId, ledgerTop: 0n, ledgerEnd: async () => 0n }),
  ) as Promise<T>;
} as typeof withTag;
SqlStore.prototype.withMachineId = function <T>(
  this: SqlStore,
  machineId: number,
  work: (locked: LockedMachineId) => Promise<T>,
): Promise<T> {
  return withMachineId.call(this, machineId, (locked) =>
    work({ ...locked, ledgerTop: 0n, ledgerEnd: async () => 0n }),
  ) as Promise<T>;
} as typeof withMachineId;
