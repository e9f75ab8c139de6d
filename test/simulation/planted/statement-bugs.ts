import type { CounterName } from '@leafcutter/coordinator/domain/allocation/range';
import type { MemoryDatabase } from '@leafcutter/coordinator/fakes/memory-database';
import type { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';

import { overriding } from '../overriding.ts';
import type { Plant } from '../world.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Without fence and high-water mark, only the ledger protects against a counter that was lowered by hand. */
const THE_LEDGER_ALONE: Plant = {
  coordinator: { fence: (fence) => overriding(fence, { raise: async () => ({ kind: 'ok' }) }) },
  statements: withoutHighWater,
};

/** Bugs in the statements that a coordinator sends to its database. */
export const STATEMENT_BUGS = {
  'a lock query that is answered from two moments': {
    ...THE_LEDGER_ALONE,
    breaks: ['I1', 'I2'],
    statements: (store) => twoMoments(withoutHighWater(store)),
    behind: THE_LEDGER_ALONE,
    // Without the lock in Redis, transactions wait for the row.
    aimed: ['counter-lowered', 'counter-lowered', 'database-slow', 'redis-read-only'],
  },
} satisfies Record<string, PlantedBug>;

function withoutHighWater(store: MemoryStore): MemoryStore {
  return overriding(store, {
    withTag: (tag, work) => store.withTag(tag, (row) => work({ ...row, value: row.tag.nextId })),
  });
}

/**
 * Like MariaDB's answer to a `SELECT … FOR UPDATE` that waited: the row from after the wait, subqueries from before
 * it.
 */
function twoMoments(store: MemoryStore): MemoryStore {
  return overriding(store, {
    withTag: (tag, work) => {
      const before = askedBefore(store.database, { kind: 'tag', tag });
      return store.withTag(tag, (row) => work({ ...row, ...before }));
    },
    withMachineId: (machineId, work) => {
      const before = askedBefore(store.database, { kind: 'machine', machineId });
      return store.withMachineId(machineId, (row) => work({ ...row, ...before }));
    },
  });
}

function askedBefore(database: MemoryDatabase, name: CounterName) {
  const deployment = database.deployment.get(1);
  return {
    ledgerTop: database.ledgerTop(name),
    generation: deployment?.generation,
    confirmedAtMs: deployment?.confirmedAtMs ?? 0,
  };
}
