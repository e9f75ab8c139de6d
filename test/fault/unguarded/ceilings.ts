/**
 * Negative control: a coordinator that only asks the leases in Redis whether a machine id is free, and not even the
 * ledger.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { GroupCommit } from '@leafcutter/coordinator/domain/allocation/group-commit';
import { LeaseArbiter, type LeaseCall } from '@leafcutter/coordinator/domain/leases/leases';
import { agreeing } from '@leafcutter/coordinator/fakes/unguarded';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { seeMachineIds } from './locked-rows.ts';

const { listMachineIds } = SqlStore.prototype;
const { raise } = RedisFence.prototype;
const { grant } = LeaseArbiter.prototype;
const { take } = GroupCommit.prototype;
/** Set during a grant: an extension starts where the holder's window ends, and may go on. */
const granting = new AsyncLocalStorage<true>();
/** Machine ids whose rows are asked for by a grant. */
const granted = new Set<string | number>();

LeaseArbiter.prototype.grant = function (this: LeaseArbiter, call: LeaseCall) {
  return granting.run(true, () => grant.call(this, call));
};
GroupCommit.prototype.take = async function (...[key, ...others]: Parameters<typeof take>) {
  const isGrant = granting.getStore() === true;
  if (isGrant) granted.add(key);
  try {
    return await take.call(this, key, ...others);
  } finally {
    if (isGrant) granted.delete(key);
  }
};
SqlStore.prototype.listMachineIds = async function (this: SqlStore, ...page) {
  const records = await listMachineIds.apply(this, page);
  return records.map((record) => ({ ...record, ceilingMs: 0n }));
};
seeMachineIds((locked) =>
  granted.has(locked.machine.machineId) ? { ...locked, value: 0n, ledgerTop: 0n } : locked,
);
RedisFence.prototype.raise = async function (this: RedisFence, moves) {
  return moves.some(({ name }) => name.kind === 'machine') ? agreeing(moves) : raise.call(this, moves);
};
