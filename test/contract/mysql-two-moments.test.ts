import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Locked } from '@leafcutter/coordinator/domain/allocation/store';
import { LAYOUT_TEXT, newTag } from '@leafcutter/coordinator/fakes/samples';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { freshMysqlStores, type OpenStore } from './backends.ts';
import { entry } from './store-under-test.ts';

const [BEFORE, AFTER] = ['before', 'after'];

let mariadb: MariadbServer;
let url: string;
let handles: [OpenStore, OpenStore];
let watcher: Connection;

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.dispose());

beforeEach(async () => {
  ({ url, handles } = await freshMysqlStores(mariadb));
  const [{ store }] = handles;
  await store.createTag(newTag('orders'));
  await store.ensureMachineIds(3, 3);
  await store.identify(LAYOUT_TEXT);
  await store.changeGeneration(undefined, BEFORE);
  watcher = await createConnection({ uri: url, supportBigNumbers: true, bigNumberStrings: true });
});
afterEach(async () => {
  await watcher.end();
  await Promise.all(handles.map(({ store }) => store.close()));
});

/** Resolves when a transaction waits for a row that another one holds. */
async function somebodyWaits(): Promise<void> {
  const waiting = async () => {
    const [rows] = await watcher.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'");
    return Number((rows as { Value: string }[])[0]?.Value) > 0;
  };
  if (!(await poll(waiting, PATIENCE_MS, 5))) throw new Error('nobody waits for the row');
}

/**
 * One transaction holds the row and raises its counter; `second` comes meanwhile, and waits for the row. While it waits,
 * the generation changes, too. Resolves to what the second was told.
 */
async function whileItWaits<T>(
  raise: (whenHeld: () => Promise<void>) => Promise<unknown>,
  second: () => Promise<T>,
): Promise<T> {
  let told: Promise<T> | undefined;
  await raise(async () => {
    told = second();
    told.catch(() => undefined);
    await somebodyWaits();
    await handles[0].store.changeGeneration(BEFORE, AFTER);
  });
  if (told === undefined) throw new Error('the row was never held');
  return told;
}

async function toldOf({ value, ledgerTop, generation }: Locked) {
  return { value, ledgerTop, generation };
}

const FROM_AFTER = { value: 101n, ledgerTop: 101n, generation: AFTER };

describe('who waited for a row', () => {
  test('is told of counter, ledger and generation as they are after the wait: of a tag', async () => {
    const [{ store: first }, { store: second }] = handles;
    const told = await whileItWaits(
      (whenHeld) =>
        first.withTag('orders', async (row) => {
          await row.advance(101n, [entry('orders', 1n, 101n)]);
          await whenHeld();
        }),
      () => second.withTag('orders', toldOf),
    );
    expect(told).toEqual(FROM_AFTER);
  });

  test('is told of counter, ledger and generation as they are after the wait: of a machine id', async () => {
    const [{ store: first }, { store: second }] = handles;
    const window = { ...entry('orders', 1n, 101n), counter: { kind: 'machine', machineId: 3 } } as const;
    const told = await whileItWaits(
      (whenHeld) =>
        first.withMachineId(3, async (row) => {
          await row.advance(101n, [window]);
          await whenHeld();
        }),
      () => second.withMachineId(3, toldOf),
    );
    expect(told).toEqual(FROM_AFTER);
  });

  test('NEGATIVE CONTROL: who asks for all in the statement that waits is told of two moments', async () => {
    const asker = await createConnection({ uri: url, supportBigNumbers: true, bigNumberStrings: true });
    try {
      const [{ store: first }] = handles;
      await asker.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      // MariaDB 11.8 and later would fail the query that waits; others know no such variable.
      await asker.query('SET SESSION innodb_snapshot_isolation = OFF').catch(() => undefined);
      await asker.query('START TRANSACTION');
      const told = await whileItWaits(
        (whenHeld) =>
          first.withTag('orders', async (row) => {
            await row.advance(101n, [entry('orders', 1n, 101n)]);
            await whenHeld();
          }),
        async () => {
          const [rows] = await asker.query(
            `SELECT a.max_id, (SELECT d.generation FROM leafcutter_deployment d WHERE d.singleton = 1) AS generation,
               (SELECT l.range_end FROM leafcutter_ledger l WHERE l.kind = 't' AND l.name = 'orders'
                ORDER BY l.range_start DESC LIMIT 1) AS ledger_top
             FROM leaf_alloc a WHERE a.biz_tag = 'orders' FOR UPDATE`,
          );
          return (rows as unknown[])[0];
        },
      );
      expect(told).toEqual(
        (await isMariadb())
          ? { max_id: '101', generation: BEFORE, ledger_top: null }
          : { max_id: '101', generation: AFTER, ledger_top: '101' },
      );
    } finally {
      await asker.end();
    }
  });
});

/** MySQL answers all three as of after the wait, so the control holds on MariaDB only. */
async function isMariadb(): Promise<boolean> {
  const [rows] = await watcher.query('SELECT VERSION() AS version');
  return (rows as { version: string }[])[0]?.version.includes('MariaDB') ?? false;
}
