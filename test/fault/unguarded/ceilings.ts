/**
 * Negative control: a coordinator that only asks the leases in Redis whether a machine id is free, and not even the
 * ledger.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FenceMove } from '@leafcutter/coordinator/domain/allocation/fence';
import type { CounterName } from '@leafcutter/coordinator/domain/allocation/range';
import type { LockedMachineId } from '@leafcutter/coordinator/domain/allocation/store';
import { LeaseArbiter, type LeaseCall } from '@leafcutter/coordinator/domain/leases/leases';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';

const { listMachineIds, withMachineId } = SqlStore.prototype;
const { raise } = RedisFence.prototype;
const { grant } = LeaseArbiter.prototype;
/** Set during a grant: an extension starts where the holder's window ends, and may go on. */
const granting = new AsyncLocalStorage<true>();

LeaseArbiter.prototype.grant = function (this: LeaseArbiter, call: LeaseCall) {
  return granting.run(true, () => grant.call(this, call));
};
SqlStore.prototype.listMachineIds = async function (this: SqlStore, ...page) {
  const records = await listMachineIds.apply(this, page);
  return records.map((record) => ({ ...record, ceilingMs: 0n }));
};
SqlStore.prototype.withMachineId = function <T>(
  this: SqlStore,
  machineId: number,
  work: (locked: LockedMachineId) => Promise<T>,
): Promise<T> {
  return withMachineId.call(this, machineId, (locked) =>
    work(granting.getStore() ? { ...locked, value: 0n, ledgerTop: 0n } : locked),
  ) as Promise<T>;
} as typeof withMachineId;
RedisFence.prototype.raise = async function (this: RedisFence, name: CounterName, move: FenceMove) {
  return name.kind === 'machine' ? { kind: 'ok' } : raise.call(this, name, move);
};
