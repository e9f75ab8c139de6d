import { maxBigint, minBigint } from '@leafcutter/coordinator/domain/allocation/range';
import { put, type TagRow, type Write } from '@leafcutter/coordinator/fakes/memory-database';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { World } from '../world.ts';
import { lose } from './database-faults.ts';
import { type Effect, pickOf } from './effect.ts';
import { type Fault, nothingToHeal } from './fault.ts';

/** How long coordinators are down while a backup is restored. */
const RESTORE_MS = 500;
const LOOK_EVERY_MS = 10;
const TAG_ROW = 'tag:';

/** What people do to a deployment, by hand or by command, on purpose or by mistake. */
export const OPERATOR_FAULTS = {
  /**
   * Somebody writes a lower number into `leaf_alloc`, half of the time while a transaction holds the row. The
   * high-water mark stays.
   */
  'counter-lowered': (world, { picks: [whom, where, how] }) => {
    let isOver = false;
    const write = () => {
      const held = [...world.database.held].filter((row) => row.startsWith(TAG_ROW));
      const tag = held.length > 0 ? pickOf(held, whom).slice(TAG_ROW.length) : anyTag(world, whom);
      if (where < 0.5 && held.length === 0 && !isOver) world.scheduler.after(LOOK_EVERY_MS, write);
      else if (tag !== undefined)
        void edit(world, tag, ({ nextId }) => maxBigint(1n, nextId - BigInt(Math.ceil(2_000 ** how))));
    };
    write();
    return () => {
      isOver = true;
    };
  },
  /**
   * Somebody writes a number into `leaf_alloc` that is far too high, or a little. It is used or not, and put back by
   * hand, by command, or not at all.
   */
  'counter-mistyped': (world, { picks: [whom, where, how] }) => {
    const tag = anyTag(world, whom);
    if (tag === undefined) return undefined;
    const before = world.database.tags.get(tag)?.nextId ?? 1n;
    const by = BigInt(Math.ceil(100 * 9e16 ** (where < 0.7 ? where / 3 : where)));
    void edit(world, tag, ({ nextId }) => minBigint(HIGHEST_ID, nextId + by));
    return () => {
      if (how < 0.3) void edit(world, tag, () => before);
      else if (how < 0.9) void lower(world, tag, before);
    };
  },
  /** The operator lowers a counter to a number that may be wrong, and then to the one that the refusal names. */
  'tag-lowered': (world, { picks: [whom, where] }) => {
    const tag = anyTag(world, whom);
    const row = tag === undefined ? undefined : world.database.tags.get(tag);
    if (tag === undefined || row === undefined) return undefined;
    const below = Math.ceil(10_000 ** where);
    void lower(world, tag, maxBigint(1n, row.nextId - BigInt(below)));
    return nothingToHeal;
  },
  /** Somebody deletes a row of `leaf_alloc`, or all but the ledger; the operator makes it again, with its first start. */
  'tag-deleted': (world, { picks: [whom, where] }) => {
    const { database, evidence } = world;
    const tag = anyTag(world, whom);
    if (tag === undefined) return undefined;
    const tables =
      where < 0.5 ? [database.tags] : [database.tags, database.highWaters, database.eras, database.shapes];
    evidence.note(`somebody deletes the tag ${tag} from ${tables.length} tables`);
    database.commit(tables.map((table: Map<string, unknown>) => remove(table, tag)));
    void world.operator.restoreTags();
    return nothingToHeal;
  },
  /** As in `docs/operations.md`: stop, restore, start, wait for a sweep. And then Redis forgets. */
  'restore-drill': (world, { picks: [, where, how] }) => {
    for (const place of world.coordinators) place.kill();
    lose(world, Math.ceil(10 * 100 ** how));
    let isOver = false;
    const start = () => {
      for (const place of world.coordinators) place.start();
    };
    const forget = () => {
      if (isOver) return;
      const snapshot = where < 0.5 ? undefined : pickOf(world.redisSnapshots, 2 * where - 1);
      const done = world.assumptions.redisForgets(() => {
        world.evidence.note('the restore is over, and Redis forgets');
        world.redis.master.rollBack(snapshot);
        return nothingToHeal;
      });
      if (done === undefined) world.scheduler.after(LOOK_EVERY_MS, forget);
    };
    world.scheduler.after(RESTORE_MS, () => {
      if (!isOver) start();
      forget();
    });
    return () => {
      isOver = true;
      start();
    };
  },
} satisfies Partial<Record<Fault['kind'], Effect>>;

function anyTag({ database }: World, whom: number): string | undefined {
  return database.tags.size === 0 ? undefined : pickOf([...database.tags.keys()], whom);
}

/** `UPDATE leaf_alloc SET max_id = …`. It waits for the row lock, as every statement does. */
async function edit(world: World, tag: string, change: (row: TagRow) => bigint): Promise<void> {
  const { database, evidence } = world;
  try {
    const unlock = await database.lock(`${TAG_ROW}${tag}`);
    const row = database.tags.get(tag);
    if (row !== undefined) {
      const nextId = change(row);
      evidence.note(`somebody sets the counter of ${tag} from ${row.nextId} to ${nextId}`);
      database.commit([put(database.tags, tag, { ...row, nextId })]);
    }
    unlock();
  } catch {
    evidence.note(`somebody gives up setting the counter of ${tag}`);
  }
}

/** `tag lower`; agents that hold segments from above are restarted then. */
async function lower(world: World, tag: string, to: bigint): Promise<void> {
  if (await world.operator.lowerTag(tag, to)) world.restartAgents();
}

function remove<K, V>(table: Map<K, V>, key: K): Write {
  return () => {
    const before = table.get(key);
    table.delete(key);
    return () => {
      if (before !== undefined) table.set(key, before);
    };
  };
}
