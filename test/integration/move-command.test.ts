import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hasEarlierVersion, unpackEarlierVersion } from '../support/earlier-version.ts';
import { embedded, fillLedger } from '../support/embedded-file.ts';
import { executeSql } from '../support/mariadb-client.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { dumpMysql, inMysql, mysqlSchema, sqliteSchema } from '../support/moved-data.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let mariadb: MariadbServer;

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.dispose());

const REDIS_URL = 'redis://127.0.0.1:1';

async function move(dataDir: string, mysqlUrl: string, ...flags: string[]) {
  await using process = leafcutter(['move', '--data-dir', dataDir, ...flags], {
    LEAFCUTTER_MYSQL_URL: mysqlUrl,
    LEAFCUTTER_REDIS_URL: REDIS_URL,
  });
  const { code } = await process.exited;
  return { code, output: process.tail(4_000) };
}

/** The message of a coordinator that cannot start. */
async function coordinator(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  main?: string,
) {
  await using process = leafcutter(['coordinator', '--listen', '127.0.0.1:0', ...flags], env, main);
  const { code } = await process.exited;
  return { code, output: process.tail(4_000) };
}

const refused = (reason: string, text: string) => ({
  code: 1,
  output: expect.stringMatching(new RegExp(`${text}[\\s\\S]*\\[${reason}\\]$`)),
});

describe('leafcutter move', () => {
  test('explains itself, and says what is missing', async () => {
    await using help = leafcutter(['move', '--help']);
    expect((await help.exited).code).toBe(0);
    expect(help.tail(100)).toMatch(/--dry-run[\s\S]*--data-dir[\s\S]*--mysql-url/);
    await using bare = leafcutter(['move']);
    expect((await bare.exited).code).toBe(64);
    await using wrong = leafcutter(['move', '--dry-rum', '--mysql-url', mariadb.url]);
    expect((await wrong.exited).code).toBe(78);
    expect(wrong.tail(100)).toMatch(/redis\.url|--dry-rum/);
  });

  test('shows what it would move and changes nothing, then moves it, then has nothing to do', async () => {
    const { dataDir, file } = await embedded((source) => fillLedger(source, 'orders', 12_000));
    const schema = await sqliteSchema(file);
    const url = await mariadb.createDatabase();
    const bytes = await readFile(file);
    const shown = await move(dataDir, url, '--dry-run');
    expect(shown).toMatchObject({ code: 0, output: expect.stringContaining('Nothing was changed') });
    expect(shown.output).toContain('leafcutter_ledger: 12000 rows');
    expect(await mysqlSchema(url)).toEqual({});
    expect(bytes.equals(await readFile(file))).toBe(true);
    const done = await move(dataDir, url);
    expect(done).toMatchObject({ code: 0, output: expect.stringContaining('Moved.') });
    expect(done.output).toMatch(/ledger: 4000 of 12000 rows[\s\S]*ledger: 12000 of 12000 rows/);
    const before = await dumpMysql(url, schema);
    for (const flags of [[], ['--dry-run']])
      expect(await move(dataDir, url, ...flags)).toMatchObject({
        code: 0,
        output: expect.stringContaining('nothing to do'),
      });
    expect(await dumpMysql(url, schema)).toEqual(before);
    // And a coordinator that is started on the file says so.
    const { port } = new URL(url);
    expect(await coordinator(['--data-dir', dataDir])).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        new RegExp(`was moved to MySQL, 127.0.0.1:${port}/.* must not be used again`),
      ),
    });
  });

  test('refuses a file that a coordinator has open, a folder without one, and one that was never used', async () => {
    const { dataDir } = await embedded();
    const url = await mariadb.createDatabase();
    const running = await Service.start({ kind: 'coordinator', name: 'c', flags: ['--data-dir', dataDir] });
    try {
      for (const flags of [[], ['--dry-run']])
        expect(await move(dataDir, url, ...flags)).toEqual(refused('in_use', 'stop it'));
    } finally {
      await running.stop();
    }
    const empty = await scratchDir('no-database');
    expect(await move(empty, url)).toEqual(refused('no_database', '--data-dir'));
    expect(await readdir(empty)).toEqual([]);
    expect(await mysqlSchema(url)).toEqual({});
  });

  test('refuses a MySQL that is not empty: another deployment’s, a Leaf’s, this one’s under a copy of the file', async () => {
    const { dataDir, file } = await embedded();
    const copy = join(dirname(dataDir), 'copy');
    await mkdir(copy);
    await copyFile(file, join(copy, 'leafcutter.db'));

    const leaf = await mariadb.createDatabase();
    await inMysql(leaf, (query) =>
      query('CREATE TABLE leaf_alloc (biz_tag varchar(128) PRIMARY KEY, max_id bigint, step int)'),
    );
    await inMysql(leaf, (query) => query("INSERT INTO leaf_alloc VALUES ('order', 1, 1)"));
    expect(await move(dataDir, leaf)).toEqual(refused('target_not_empty', 'leaf_alloc has rows'));

    const other = await embedded();
    const url = await mariadb.createDatabase();
    expect(await move(other.dataDir, url)).toMatchObject({ code: 0 });
    expect(await move(dataDir, url)).toEqual(refused('target_not_empty', 'belongs to deployment'));

    const own = await mariadb.createDatabase();
    expect(await move(dataDir, own)).toMatchObject({ code: 0 });
    expect(await move(copy, own)).toEqual(refused('target_not_empty', 'copy from before'));
    // The moved file may go nowhere else: its MySQL may be in use.
    expect(await move(dataDir, await mariadb.createDatabase())).toEqual(
      refused('moved_elsewhere', 'Use that one'),
    );
  });

  test('keeps coordinators away from a MySQL that is not complete', async () => {
    const { dataDir } = await embedded();
    const url = await mariadb.createDatabase();
    await move(dataDir, url);
    await inMysql(url, (query) => query("UPDATE leafcutter_deployment SET layout = 'moving somebody'"));
    const env = { LEAFCUTTER_MYSQL_URL: url, LEAFCUTTER_REDIS_URL: REDIS_URL };
    expect(await coordinator([], env)).toMatchObject({
      code: 1,
      output: expect.stringContaining('not finished'),
    });
    expect(await move(dataDir, url)).toEqual(refused('moved_elsewhere', 'Use that one'));
  });

  // A shallow clone does not have that commit.
  (hasEarlierVersion() ? test : test.skip)(
    'keeps coordinators of an earlier release from both, too',
    async () => {
      const main = await unpackEarlierVersion();
      const { dataDir } = await embedded();
      const url = await mariadb.createDatabase();
      await move(dataDir, url);
      expect(await coordinator(['--data-dir', dataDir], {}, main)).toMatchObject({
        code: 1,
        output: expect.stringMatching(/schema is at 1000000/),
      });
      await inMysql(url, (query) => query("UPDATE leafcutter_deployment SET layout = 'moving somebody'"));
      const env = { LEAFCUTTER_MYSQL_URL: url, LEAFCUTTER_REDIS_URL: REDIS_URL };
      expect(await coordinator([], env, main)).toMatchObject({
        code: 1,
        output: expect.stringMatching(/snowflake layout moving somebody/),
      });
    },
  );

  test('refuses settings with another snowflake layout before it touches anything', async () => {
    const { dataDir, file } = await embedded();
    const url = await mariadb.createDatabase();
    expect(await move(dataDir, url, '--snowflake-layout', 'javascript')).toMatchObject({
      code: 1,
      output: expect.stringContaining('LAYOUT_MISMATCH'),
    });
    expect(await mysqlSchema(url)).toEqual({});
    expect(Object.keys(await sqliteSchema(file))).toContain('leaf_alloc');
  });

  test('says what MySQL refused, without the password, and leaves the file as it was', async () => {
    const { dataDir } = await embedded((source) => fillLedger(source, 'orders', 10));
    const url = await mariadb.createDatabase();
    const { port, pathname } = new URL(url);
    await executeSql(Number(port), "CREATE USER IF NOT EXISTS 'few'@'127.0.0.1' IDENTIFIED BY 'hush-hush'");
    const few = `mysql://few:hush-hush@127.0.0.1:${port}${pathname}`;
    const nobody = await move(dataDir, `mysql://few:hush-hash@127.0.0.1:${port}${pathname}`);
    expect(nobody).toMatchObject({
      code: 1,
      output: expect.stringMatching(/STORE_UNAVAILABLE.*Access denied/),
    });
    const database = `\`${pathname.slice(1)}\`.*`;
    await executeSql(
      Number(port),
      `GRANT SELECT, UPDATE, DELETE, CREATE, ALTER ON ${database} TO 'few'@'127.0.0.1'`,
    );
    const denied = await move(dataDir, few);
    expect(denied).toMatchObject({ code: 1, output: expect.stringMatching(/INSERT command denied/) });
    for (const { output } of [nobody, denied]) expect(output).not.toMatch(/hush/);
    const down = await move(dataDir, 'mysql://few:hush-hush@127.0.0.1:1/ids');
    expect(down).toMatchObject({ code: 1, output: expect.stringContaining('cannot be reached') });
    await executeSql(Number(port), `GRANT INSERT ON ${database} TO 'few'@'127.0.0.1'`);
    expect(await move(dataDir, few)).toMatchObject({ code: 0 });
  });
});
