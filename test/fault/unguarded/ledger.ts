/** Negative control: a coordinator that allocates without a look at what the ledger and the high-water mark have. */
import type { Locked } from '@leafcutter/coordinator/domain/allocation/store';
import { seeMachineIds, seeTags } from './locked-rows.ts';

seeTags((locked) => ({ ...withoutLedger(locked), value: locked.tag.nextId }));
seeMachineIds(withoutLedger);

function withoutLedger<Row extends Locked>(locked: Row): Row {
  return { ...locked, ledgerTop: 0n, ledgerEnd: async () => 0n };
}
