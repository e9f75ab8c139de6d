import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import { CALM, holder, newTag, SEGMENT_RULES } from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import type { SqlDriver, SqlSession } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { freshMysqlStores, type OpenStore, openMysqlStore } from './backends.ts';
import { raceForRanges } from './store-contract.ts';
import { entry } from './store-under-test.ts';

let mariadb: MariadbServer;
let url: string;
let handles: [OpenStore, OpenStore];

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.dispose());

beforeEach(async () => {
  ({ url, handles } = await freshMysqlStores(mariadb));
  await handles[0].store.createTag(newTag('orders'));
});
afterEach(async () => {
  await Promise.all(handles.map(({ store }) => store.close()));
});

/** A driver whose statements are changed on their way, to take a guard out. */
function altered(
  driver: SqlDriver,
  change: (sql: string, values: readonly unknown[]) => [string, unknown[]],
): SqlDriver {
  const session = (inner: SqlSession): SqlSession => ({
    query: (sql, values = []) => inner.query(...(change(sql, values) as Parameters<SqlSession['query']>)),
    run: (sql, values = []) => inner.run(...(change(sql, values) as Parameters<SqlSession['run']>)),
  });
  return {
    ...session(driver),
    forUpdate: driver.forUpdate,
    skipLocked: driver.skipLocked,
    nowMs: driver.nowMs,
    insertIgnore: driver.insertIgnore,
    incarnation: driver.incarnation,
    onReplaced: (listener) => driver.onReplaced(listener),
    bytewise: (expression) => driver.bytewise(expression),
    transaction: (work) => driver.transaction((inner) => work(session(inner))),
    close: () => driver.close(),
  };
}

const withoutLock = (sql: string, values: readonly unknown[]): [string, unknown[]] => [
  sql.replace(' FOR UPDATE', ''),
  [...values],
];

const withoutLockAndCondition = (sql: string, values: readonly unknown[]): [string, unknown[]] => {
  const unlocked = sql.replace(' FOR UPDATE', '');
  const unconditional = unlocked.replace(' AND max_id = CASE biz_tag WHEN ? THEN ? END', '');
  return [unconditional, unconditional === unlocked ? [...values] : values.slice(0, -2)];
};

describe('eight writers on two pools, on one tag', () => {
  /** Eight writers of ten ranges each; resolves to what they got and how often they were refused. */
  async function race(stores: readonly SqlStore[]): Promise<{ starts: bigint[]; refused: number }> {
    const starts: bigint[] = [];
    let refused = 0;
    const writer = async (n: number) => {
      for (let i = 0; i < 10; i++) {
        await raceForRanges([stores[n % 2] as SqlStore], 'orders', 1).then(
          (got) => starts.push(...got),
          () => refused++,
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => writer(n)));
    return { starts, refused };
  }

  const through = (change: Parameters<typeof altered>[1]) =>
    handles.map(({ driver }) => new SqlStore(altered(driver, change)));

  test('get 80 ranges that share no number, and leave no gap', async () => {
    const { starts, refused } = await race(handles.map(({ store }) => store as SqlStore));
    expect(refused).toBe(0);
    expect(starts.sort((a, b) => Number(a - b))).toEqual(
      Array.from({ length: 80 }, (_, n) => 1n + 10n * BigInt(n)),
    );
    expect(await handles[0].store.findTag('orders')).toMatchObject({ nextId: 801n });
  });

  test('without the row lock are refused by the counter’s condition, and still share no number', async () => {
    const { starts, refused } = await race(through(withoutLock));
    expect(refused).toBeGreaterThan(0);
    expect(new Set(starts).size).toBe(starts.length);
  });

  test('without row lock and condition are refused by the ledger’s key, and still share no number', async () => {
    const { starts, refused } = await race(through(withoutLockAndCondition));
    expect(refused).toBeGreaterThan(0);
    expect(new Set(starts).size).toBe(starts.length);
  });

  test('NEGATIVE CONTROL: without row lock, condition and key they get the same numbers', async () => {
    await handles[0].driver.run('ALTER TABLE leafcutter_ledger DROP PRIMARY KEY');
    const { starts } = await race(through(withoutLockAndCondition));
    expect(new Set(starts).size).toBeLessThan(starts.length);
  });
});

describe('a COMMIT that the network swallows', () => {
  let proxy: TcpProxy;
  let store: SqlStore;

  beforeEach(async () => {
    proxy = await startProxy({ target: { host: '127.0.0.1', port: mariadb.port } });
    store = openMysqlStore(url.replace(`:${mariadb.port}/`, `:${proxy.port}/`)).store as SqlStore;
    // The pool's connection is made and prepared before the fault, which is about one statement.
    await store.now();
  });

  afterEach(async () => {
    await store.close();
    await proxy.close();
  });

  /** Cuts the connection of the next COMMIT, before it reaches the server or before its answer comes back. */
  function cutCommit(where: 'before' | 'after'): void {
    let sent = false;
    proxy.onChunk = (direction, chunk) => {
      if (direction === 'client-to-server' && chunk.includes('COMMIT')) {
        sent = true;
        if (where === 'after') return 'pass';
        proxy.onChunk = () => 'pass';
        return 'cut';
      }
      if (!sent || direction === 'client-to-server') return 'pass';
      proxy.onChunk = () => 'pass';
      return 'cut';
    };
  }

  const take = () => store.withTag('orders', (row) => row.advance(101n, [entry('orders', 1n, 101n)]));
  const unclear = expect.objectContaining({
    code: 'STORE_UNAVAILABLE',
    reason: 'commit_unclear',
    retryable: true,
  });

  test('on its way is unclear to the caller; the database did nothing', async () => {
    cutCommit('before');
    await expect(take()).rejects.toEqual(unclear);
    expect(await handles[0].store.findTag('orders')).toMatchObject({ nextId: 1n });
    expect(await handles[0].store.readLedger(undefined, 9)).toEqual([]);
  });

  test('on its way back is unclear to the caller; the database did it all', async () => {
    cutCommit('after');
    await expect(take()).rejects.toEqual(unclear);
    expect(await handles[0].store.findTag('orders')).toMatchObject({ nextId: 101n });
    expect(await handles[0].store.readLedger(undefined, 9)).toHaveLength(1);
  });

  test.each(['before', 'after'] as const)('(%s) leaves a pool that serves on', async (where) => {
    cutCommit(where);
    await expect(take()).rejects.toEqual(unclear);
    expect(await store.withTag('orders', async (row) => row.value)).toBe(where === 'before' ? 1n : 101n);
  });

  test('gives nobody the range that it may have taken: the caller’s retry starts above', async () => {
    const segments = new SegmentArbiter({
      store,
      fence: undefined,
      locks: noLocks,
      clock: systemClock,
      random: Math.random,
      rules: { ...SEGMENT_RULES, deadlineMs: PATIENCE_MS },
      events: new RecordedEvents(),
      coordinatorId: 'c1',
    });
    cutCommit('after');
    expect(await segments.grant('orders', holder(1), CALM)).toEqual({ start: 101n, end: 201n });
    const ledger = await handles[0].store.readLedger(undefined, 9);
    expect(ledger.map(({ start }) => start)).toEqual([1n, 101n]);
  });
});

test('a database that another deployment’s takes the place of gives nothing to who knew the first', async () => {
  const { store, driver } = handles[0];
  await store.identify('layout');
  await store.ensureMachineIds(3, 3);
  await store.createTag(newTag('exchanged'));
  await driver.run("UPDATE leafcutter_deployment SET id = '00000000-0000-4000-8000-00000000d002'");
  const refused = { code: 'STORE_UNAVAILABLE', reason: 'other_database' };
  await expect(store.withTag('exchanged', async () => 'in')).rejects.toMatchObject(refused);
  await expect(store.withMachineId(3, async () => 'in')).rejects.toMatchObject(refused);
  expect(await handles[1].store.withTag('exchanged', async () => 'in')).toBe('in');
});
