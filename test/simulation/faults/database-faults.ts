import { maxBigint } from '@leafcutter/coordinator/domain/range';
import { put, type Write } from '@leafcutter/coordinator/fakes/memory-database';
import type { World } from '../world.ts';
import { type Effect, nothingToHeal, pickOf } from './effect.ts';
import type { Fault } from './fault.ts';

const loses =
  (commitsOf: (how: number) => number): Effect =>
  (world, { picks: [, , how] }) => {
    lose(world, commitsOf(how));
    return nothingToHeal;
  };

function lose(world: World, wanted: number): void {
  const commits = world.assumptions.databaseForgets(wanted);
  world.evidence.note(`the database loses its last ${commits} commits`);
  world.database.loseLast(commits);
}

export const DATABASE_FAULTS = {
  'database-failover': loses((how) => Math.ceil(5 * how)),
  /** Some commands to Redis get lost, which it may not be taken for away for, and then MySQL loses what it did then. */
  'database-failover-amid-lost-commands': (world, { picks: [, , how] }) =>
    world.assumptions.redisStutters(() => {
      const heal = world.network.trouble({ affects: (_from, to) => to.startsWith('redis'), loss: 0.2 });
      return () => {
        heal();
        lose(world, Math.ceil(10 * how));
      };
    }),
  'database-restored': loses((how) => Math.ceil(10 * 100 ** how)),
  'database-restarted': (world) => {
    world.database.replaced();
    return world.network.trouble({
      affects: (from, to) => from === 'database' || to === 'database',
      cut: true,
    });
  },
  'database-deadlocks': (world, { picks: [, , how] }) => {
    world.database.deadlocks = Math.ceil(20 * how);
    return () => {
      world.database.deadlocks = 0;
    };
  },
  /** Somebody writes a lower number into `leaf_alloc`; the high-water mark stands beside it. */
  'counter-lowered': (world, { picks: [whom, , how] }) => {
    const { tags } = world.database;
    if (tags.size === 0) return undefined;
    const record = pickOf([...tags.values()], whom);
    const nextId = maxBigint(1n, record.nextId - BigInt(Math.ceil(2_000 * how)));
    world.evidence.note(`somebody sets the counter of ${record.tag} from ${record.nextId} to ${nextId}`);
    world.database.commit([put(tags, record.tag, { ...record, nextId })]);
    return nothingToHeal;
  },
  /** Somebody deletes a row of `leaf_alloc`; the operator makes it again, with its first start. */
  'tag-deleted': (world, { picks: [whom] }) => {
    const { tags } = world.database;
    if (tags.size === 0) return undefined;
    const tag = pickOf([...tags.keys()], whom);
    world.evidence.note(`somebody deletes the tag ${tag}`);
    world.database.commit([remove(tags, tag)]);
    void world.operator.restoreTags();
    return nothingToHeal;
  },
} satisfies Partial<Record<Fault['kind'], Effect>>;

function remove<K, V>(table: Map<K, V>, key: K): Write {
  return () => {
    const before = table.get(key);
    table.delete(key);
    return () => {
      if (before !== undefined) table.set(key, before);
    };
  };
}
