import type { CounterName } from '@leafcutter/coordinator/domain/allocation/range';
import type { LockedTag } from '@leafcutter/coordinator/domain/allocation/store';
import type { MemoryDatabase } from '@leafcutter/coordinator/fakes/memory-database';
import type { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { agreeing } from '@leafcutter/coordinator/fakes/unguarded';

import { overriding } from '../overriding.ts';
import type { Plant } from '../world.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Without fence and high-water mark, only the ledger protects against a counter that was lowered by hand. */
export const THE_LEDGER_ALONE: Plant = {
  coordinator: { fence: (fence) => overriding(fence, { raise: async (moves) => agreeing(moves) }) },
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

/** The counter alone says where a tag stands. */
export function withoutHighWater(store: MemoryStore): MemoryStore {
  const without = (row: LockedTag) => ({ ...row, value: row.tag.nextId });
  return overriding(store, {
    withTag: (tag, work) => store.withTag(tag, (row) => work(without(row))),
    withTags: (tags, work) =>
      store.withTags(tags, (group) => work({ ...group, rows: group.rows.map(without) })),
  });
}

/**
 * Like MariaDB's answer to a `SELECT … FOR UPDATE` that waited: the row from after the wait, subqueries from before
 * it. One for several rows does not wait.
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
