import { copyFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LAYOUT_TEXT } from '@leafcutter/coordinator/fakes/samples';
import { type MoveEvents, type MoveReport, moveBetween } from '@leafcutter/coordinator/move';
import { ClaimedTarget } from '@leafcutter/coordinator/move/target';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import type { SqlDriver } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { openSqlite, openSqliteToMove } from '@leafcutter/coordinator/stores/sqlite/driver';
import { migrateSqlite } from '@leafcutter/coordinator/stores/sqlite/migrations';
import { systemClock } from '@leafcutter/shared/system-clock';
import { overriding } from '../simulation/overriding.ts';
import { embedded, fillEveryColumn, fillLedger } from '../support/embedded-file.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { dumpMysql, dumpSqlite, inMysql, mysqlSchema, sqliteSchema } from '../support/moved-data.ts';
import { whoServes } from '../support/who-serves.ts';

let mariadb: MariadbServer;

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.dispose());

function mysql(url: string): SqlDriver {
  return openMysql({ url, connectionLimit: 2, statementTimeoutMs: 20_000 });
}

/** Moves in this process; `crash` is asked at each step and may throw. */
async function moveHere(
  file: string,
  url: string,
  crash: MoveEvents['progress'] = () => undefined,
): Promise<MoveReport> {
  const held = openSqliteToMove(file, { migrate: true });
  const target = mysql(url);
  const parts = { ...held, file, target, name: 'mysql', clock: systemClock, events: { progress: crash } };
  try {
    return await moveBetween(parts, LAYOUT_TEXT, false);
  } finally {
    await target.close();
    await held.driver.close();
  }
}

describe('a move', () => {
  test('finds the same tables and columns on both sides', async () => {
    const { file } = await embedded();
    const url = await mariadb.createDatabase();
    const driver = mysql(url);
    await migrateMysql(driver);
    await driver.close();
    const [here, there] = [await sqliteSchema(file), await mysqlSchema(url)];
    expect(Object.keys(here).length).toBeGreaterThan(5);
    const ordered = (schema: typeof here) =>
      Object.fromEntries(Object.entries(schema).map(([name, columns]) => [name, [...columns].sort()]));
    expect(ordered(here)).toEqual(ordered(there));
  });

  test('carries every column of every table, to the last digit', async () => {
    const template = await mariadb.createDatabase();
    const driver = mysql(template);
    await migrateMysql(driver);
    await driver.close();
    const { file } = await embedded((source) => fillEveryColumn(source, template));
    const schema = await sqliteSchema(file);
    const before = await dumpSqlite(file, schema);
    for (const [table, columns] of Object.entries(schema))
      expect([
        table,
        before[table]?.some((row) => row.length === columns.length && row.every((v) => v !== null)),
      ]).toEqual([table, true]);
    const url = await mariadb.createDatabase();
    await moveHere(file, url);
    expect(await dumpMysql(url, schema)).toEqual(before);
  });

  test('carries a column that a later step of the schema adds, and refuses a file with one that MySQL lacks', async () => {
    const later = 'ALTER TABLE leafcutter_tag ADD COLUMN later bigint';
    const { file } = await embedded(async (source) => {
      await source.run(later.replace('bigint', 'INTEGER'));
      await source.run("INSERT INTO leafcutter_tag (tag, later) VALUES ('orders', 9007199254740993)");
    });
    const url = await mariadb.createDatabase();
    await expect(moveHere(file, url)).rejects.toMatchObject({
      reason: 'schema',
      message: expect.stringContaining('leafcutter_tag.later'),
    });
    await inMysql(url, (query) => query(later));
    await moveHere(file, url);
    expect(await inMysql(url, (query) => query('SELECT tag, later FROM leafcutter_tag'))).toEqual([
      { tag: 'orders', later: '9007199254740993' },
    ]);
  });

  test('keeps the identity, knows no Redis yet, and starts each tag above its high-water mark', async () => {
    const { file } = await embedded(async (source) => {
      await source.run(
        "INSERT INTO leaf_alloc (biz_tag, max_id, step) VALUES ('édité', 5, 100), ('as-is', 70, 100)",
      );
      await source.run(
        "INSERT INTO leafcutter_tag (tag, high_water) VALUES ('édité', 9007199254740995), ('as-is', 60)",
      );
      await source.run("INSERT INTO leafcutter_tag (tag, high_water) VALUES ('deleted', 900)");
    });
    const embeddedStore = new SqlStore(openSqlite(file));
    const { id } = await embeddedStore.identify(LAYOUT_TEXT);
    await embeddedStore.close();
    const url = await mariadb.createDatabase();
    await moveHere(file, url);
    const store = new SqlStore(mysql(url));
    expect(await store.identify(LAYOUT_TEXT)).toMatchObject({
      id,
      layout: LAYOUT_TEXT,
      generation: undefined,
      sweep: 0,
    });
    expect(
      await inMysql(url, (query) => query('SELECT biz_tag, max_id FROM leaf_alloc ORDER BY biz_tag')),
    ).toEqual([
      { biz_tag: 'as-is', max_id: '70' },
      { biz_tag: 'édité', max_id: '9007199254740995' },
    ]);
    const again = { tag: 'deleted', nextId: 1n, step: 10, description: undefined, shape: undefined };
    const none = { maxStep: undefined, targetDurationS: undefined, highestId: undefined };
    expect(await store.createTag({ ...again, ...none })).toMatchObject({ nextId: 900n });
    await store.close();
  });

  test('that crashes at any step leaves at most one that serves, and repeated gives what an undisturbed one gives', async () => {
    const original = await embedded((source) => fillLedger(source, 'orders', 2_500));
    const schema = await sqliteSchema(original.file);
    const expected = await dumpSqlite(original.file, schema);
    const seen: string[] = [];
    for (let crashAt = 0; ; crashAt++) {
      const file = `${original.file}-${crashAt}`;
      await copyFile(original.file, file);
      const url = await mariadb.createDatabase();
      let steps = 0;
      let last = '';
      const crash: MoveEvents['progress'] = (step, table, rows) => {
        last = [step, table, rows].filter((part) => part !== undefined).join(' ');
        if (steps++ === crashAt) throw new Error('crash');
      };
      const ended = await moveHere(file, url, crash).then(
        () => true,
        () => false,
      );
      const serving = await whoServes(file, url);
      seen.push(`${ended ? 'end' : last}: file ${serving.file}, MySQL ${serving.mysql}`);
      // An interrupted repetition, and then one that ends.
      if (!ended) {
        const half = Math.floor(crashAt / 2);
        let repeated = 0;
        const again: MoveEvents['progress'] = () => {
          if (repeated++ === half) throw new Error('crash');
        };
        await moveHere(file, url, again).catch(() => undefined);
      }
      expect((await moveHere(file, url)).plan).toMatch(ended || last === 'completed' ? /done/ : /again|done/);
      expect(await dumpMysql(url, schema)).toEqual(expected);
      expect(await whoServes(file, url)).toEqual({ file: 'moved', mysql: 'serves' });
      if (ended) break;
    }
    const unmoved = 'file serves, MySQL move_unfinished';
    expect(seen).toEqual([
      `claimed: ${unmoved}`,
      `copied leaf_alloc 1: ${unmoved}`,
      `copied leafcutter_ledger 1000: ${unmoved}`,
      `copied leafcutter_ledger 2000: ${unmoved}`,
      `copied leafcutter_ledger 2500: ${unmoved}`,
      `copied leafcutter_tag 1: ${unmoved}`,
      `raised: ${unmoved}`,
      `checked: ${unmoved}`,
      'marked: file moved, MySQL move_unfinished',
      'completed: file moved, MySQL serves',
      'end: file moved, MySQL serves',
    ]);
  });

  test('that is repeated carries what the file handed out in between, and forgets what it pruned', async () => {
    const { file } = await embedded((source) => fillLedger(source, 'orders', 1_500));
    const url = await mariadb.createDatabase();
    const crash: MoveEvents['progress'] = (step) => {
      if (step === 'checked') throw new Error('crash');
    };
    await expect(moveHere(file, url, crash)).rejects.toThrow('crash');
    const driver = openSqlite(file);
    await driver.run('DELETE FROM leafcutter_ledger WHERE range_start < 5000');
    await driver.run('UPDATE leaf_alloc SET max_id = 20001');
    await driver.run('UPDATE leafcutter_tag SET high_water = 20001');
    await driver.close();
    const schema = await sqliteSchema(file);
    const expected = await dumpSqlite(file, schema);
    expect(await moveHere(file, url)).toMatchObject({ plan: 'again' });
    expect(await dumpMysql(url, schema)).toEqual(expected);
  });

  test('stops if another move of the same deployment takes over', async () => {
    const { file } = await embedded((source) => fillLedger(source, 'orders', 1_500));
    const copy = `${file}-copy`;
    await copyFile(file, copy);
    const url = await mariadb.createDatabase();
    const overtaken = moveHere(file, url, (step, _table, rows) => {
      if (step === 'copied' && rows === 1_000) throw new Error('paused here');
    });
    await expect(overtaken).rejects.toThrow('paused here');
    // What the first one would do next, once the second one has taken over and ended.
    const [deployment] = await inMysql(url, (query) => query('SELECT * FROM leafcutter_deployment'));
    const claim = String(deployment?.layout).replace('moving ', '');
    const driver = mysql(url);
    const first = await ClaimedTarget.take(driver, claim, {
      deployment: deployment ?? {},
      tables: [],
      before: claim,
    });
    await moveHere(copy, url);
    await expect(first.check([])).rejects.toMatchObject({ reason: 'move_overtaken' });
    await driver.close();
  });

  test('notices what somebody else writes meanwhile, and leaves the file as it is', async () => {
    const { file } = await embedded((source) => fillLedger(source, 'orders', 10));
    const url = await mariadb.createDatabase();
    const held = openSqliteToMove(file, { migrate: true });
    const target = mysql(url);
    let written: Promise<unknown> = Promise.resolve();
    const progress: MoveEvents['progress'] = (step) => {
      if (step === 'claimed')
        written = inMysql(url, (query) =>
          query("INSERT INTO leaf_alloc (biz_tag, max_id, step) VALUES ('leaf', 1, 1)"),
        );
    };
    // The move goes on once it is written.
    const after = overriding(target, {
      query: (...asked) => written.then(() => target.query(...asked)),
      run: (...asked) => written.then(() => target.run(...asked)),
      transaction: (work) => written.then(() => target.transaction(work)),
    });
    const parts = { ...held, file, target: after, name: 'mysql', clock: systemClock, events: { progress } };
    await expect(moveBetween(parts, LAYOUT_TEXT, false).finally(() => written)).rejects.toMatchObject({
      reason: 'move_differs',
    });
    await target.close();
    await held.driver.close();
    expect(await whoServes(file, url)).toEqual({ file: 'serves', mysql: 'move_unfinished' });
  });

  test('NEGATIVE CONTROL: without the mark in the file both serve', async () => {
    const { file } = await embedded((source) => fillLedger(source, 'orders', 10));
    const url = await mariadb.createDatabase();
    await copyFile(file, `${file}-before`);
    await moveHere(file, url);
    expect(await whoServes(`${file}-before`, url)).toEqual({ file: 'serves', mysql: 'serves' });
    // The move itself recognises such a file as a copy.
    await expect(moveHere(`${file}-before`, url)).rejects.toMatchObject({ reason: 'target_not_empty' });
  });

  test('NEGATIVE CONTROL: without the claim a MySQL that has a part of it serves', async () => {
    const { file } = await embedded((source) => fillLedger(source, 'orders', 2_500));
    const url = await mariadb.createDatabase();
    const crash: MoveEvents['progress'] = (_step, _table, rows) => {
      if (rows === 1_000) throw new Error('crash');
    };
    await expect(moveHere(file, url, crash)).rejects.toThrow('crash');
    await inMysql(url, (query) => query(`UPDATE leafcutter_deployment SET layout = '${LAYOUT_TEXT}'`));
    expect(await whoServes(file, url)).toEqual({ file: 'serves', mysql: 'serves' });
  });

  test('leaves a file that a program from before the mark refuses, too', async () => {
    const { file } = await embedded();
    await moveHere(file, await mariadb.createDatabase());
    const database = new DatabaseSync(file, { readBigInts: true });
    expect(() => migrateSqlite(database)).toThrow(expect.objectContaining({ reason: 'schema' }));
    database.close();
  });
});
