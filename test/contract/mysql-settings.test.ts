import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { SweptCounter } from '@leafcutter/coordinator/domain/allocation/fence';
import { newTag } from '@leafcutter/coordinator/fakes/samples';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { executeSql } from '../support/mariadb-client.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { isMariadb } from '../support/mariadb-template.ts';
import { openMysqlStore } from './backends.ts';

let mariadb: MariadbServer;
const toClose: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  mariadb = await startMariadb({
    args: [
      '--character-set-server=latin1',
      '--log-bin',
      // MySQL has no such option any more.
      ...((await isMariadb()) ? ['--skip-character-set-client-handshake'] : []),
    ],
  });
  // init_connect is not run for users with all privileges.
  for (const sql of ['CREATE USER app@`127.0.0.1`', 'GRANT ALL ON `test%`.* TO app@`127.0.0.1`'])
    await executeSql(mariadb.port, sql);
});
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});
afterAll(() => mariadb?.dispose());

/** Sets server defaults for the rest of a test. */
async function withDefaults(settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    toClose.push(() => executeSql(mariadb.port, `SET GLOBAL ${name} = DEFAULT`));
    await executeSql(mariadb.port, `SET GLOBAL ${name} = ${value}`);
  }
}

test('whatever a server’s defaults are, tags are made, counted up, listed and swept', async () => {
  const url = await mariadb.createDatabase();
  toClose.push(() =>
    executeSql(mariadb.port, 'SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE'),
  );
  await executeSql(mariadb.port, 'SET GLOBAL TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY');
  await withDefaults({
    sql_mode: `'${(await isMariadb()) ? 'ORACLE' : 'ANSI'},NO_BACKSLASH_ESCAPES'`,
    time_zone: "'+05:00'",
    autocommit: '0',
    completion_type: "'RELEASE'",
    sql_select_limit: '1',
    max_sort_length: '8',
    sql_safe_updates: '1',
    max_join_size: '1',
    innodb_lock_wait_timeout: '500',
    init_connect: "'SET NAMES latin1, autocommit = 0'",
    [(await isMariadb()) ? 'max_statement_time' : 'max_execution_time']: '600',
  });
  const { store, driver } = openMysqlStore(url.replace('root@', 'app@'));
  toClose.unshift(() => store.close());
  await migrateMysql(driver);
  await store.identify('layout');
  const tags = ['bestellung-größe-1', 'bestellung-größe-2', 'заказы'];
  for (const tag of tags) await store.createTag(newTag(tag));
  for (const tag of tags) await store.withTag(tag, (row) => row.advance(row.value + 10n, []));
  expect((await store.listTags(undefined, 10)).map(({ tag, nextId }) => [tag, nextId])).toEqual(
    tags.map((tag) => [tag, 11n]),
  );
  const swept: SweptCounter[] = [];
  for await (const page of store.counters(undefined)) swept.push(...page);
  expect(swept.map(({ value }) => value)).toEqual([11n, 11n, 11n]);
  const [bound] = await driver.query(
    "SHOW SESSION VARIABLES WHERE Variable_name IN ('max_statement_time', 'max_execution_time')",
  );
  expect(Number(bound?.Value)).toBe(0);
});

test.each([
  ['read_only', '1', 'read_only', 'read-only'],
  ['binlog_format', "'STATEMENT'", 'binlog_format', 'ROW or MIXED'],
])('a server whose %s is %s is refused with each new connection', async (name, value, reason, said) => {
  const url = await mariadb.createDatabase();
  await withDefaults({ [name]: value });
  // This user may write to a replica.
  const { store } = openMysqlStore(url);
  toClose.unshift(() => store.close());
  await expect(store.now()).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    reason,
    message: expect.stringContaining(said),
  });
});

test('a table of another engine is refused with each new connection, and served once it is InnoDB', async () => {
  const url = await mariadb.createDatabase();
  const database = url.split('/').at(-1);
  await executeSql(
    mariadb.port,
    `CREATE TABLE ${database}.leafcutter_tag (tag int PRIMARY KEY) ENGINE = MyISAM`,
  );
  const { store } = openMysqlStore(url);
  toClose.unshift(() => store.close());
  await expect(store.now()).rejects.toMatchObject({
    reason: 'engine',
    message: expect.stringContaining('leafcutter_tag is kept by MyISAM'),
  });
  await executeSql(mariadb.port, `ALTER TABLE ${database}.leafcutter_tag ENGINE = InnoDB`);
  expect(await store.now()).toBeGreaterThan(0);
});
