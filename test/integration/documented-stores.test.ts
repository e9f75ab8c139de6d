/**
 * The command blocks of pages that need MySQL and Redis, run as they stand there, by the users that the pages make,
 * with other names for databases and another key prefix: see test/commands.md.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  commandFolder,
  documented,
  inPlace,
  runDocumented,
  startDocumented,
  untilReady,
} from '../support/documented-commands.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { inMysql } from '../support/moved-data.ts';
import { PATIENCE_MS, UNHURRIED } from '../support/patience.ts';
import { freePort } from '../support/ports.ts';
import type { RunningProcess } from '../support/process.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const README = '../README.md';
const LEAF = 'migrate-from-leaf.md';
const LEAF_PROGRAM = fileURLToPath(new URL('../support/leaf-program.ts', import.meta.url));
const whenFull = process.env.LEAFCUTTER_FULL === '1' ? test : test.skip;

let mariadb: MariadbServer;
let redis: RedisServer;
let bin = '';
let cwd = '';
const running = new Set<RunningProcess>();

beforeAll(async () => {
  [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
  bin = await commandFolder();
  cwd = await scratchDir('documented-stores');
});
afterAll(async () => {
  await stopAll();
  await mariadb?.dispose();
  await redis?.stop();
});

async function stopAll(): Promise<void> {
  await Promise.all([...running].map((service) => service.stop()));
  running.clear();
}

type Names = Readonly<Record<string, string>>;

/** A deployment of a page: services under their addresses there, on stores of its own. */
class Deployment {
  readonly #page: string;
  readonly #env: Readonly<Record<string, string>>;
  #instead: Names;

  constructor(page: string, instead: Names, env: Readonly<Record<string, string>> = {}) {
    this.#page = page;
    this.#instead = { ...instead, 'redis://redis:6379': redis.url };
    this.#env = { ...UNHURRIED, PATH: `${bin}:${process.env.PATH}`, ...env };
  }

  async start(name: string, at: string): Promise<void> {
    const here = `127.0.0.1:${await freePort()}`;
    this.#instead = { ...this.#instead, [at]: here };
    // For a block that leaves its service where it listens by default.
    const env = { ...this.#env, LEAFCUTTER_LISTEN: here };
    running.add(await startDocumented(name, { page: this.#page, cwd, env, instead: this.#instead }));
    await untilReady(this.urlOf(at));
  }

  /** Of a service that listens at `at` on its page. */
  urlOf(at: string): string {
    return `http://${this.#instead[at]}`;
  }

  run(name: string, instead: Names = {}, page = this.#page): Promise<string> {
    const env = { ...this.#env, LEAFCUTTER_COORDINATOR: this.urlOf('127.0.0.1:8100') };
    return runDocumented(name, { page, cwd, env, instead: { ...this.#instead, ...instead } });
  }
}

/** Runs the statements of a block one by one; resolves to the rows of the last one. */
async function runSql(url: string, mark: string, page: string, instead: Names = {}) {
  const sql = inPlace(await documented(`sql ${mark}`, page), instead);
  const statements = sql.split(/;\s*$/m).filter((statement) => statement.trim() !== '');
  return inMysql(url, async (query) => {
    let rows: Awaited<ReturnType<typeof query>> = [];
    for (const statement of statements) rows = await query(statement);
    return rows;
  });
}

/** `root`'s URL of a fresh database. */
const database = (name: string) => mariadb.createDatabase(name);
const as = (user: string, url: string) => url.replace('//root@', `//${user}@`);
const textOf = async (url: string) => (await fetch(url)).text();

describe('docs/migrate-from-leaf.md, from a table that a Leaf made', () => {
  let leaf: Deployment;
  let root = '';
  let user = '';

  beforeAll(async () => {
    root = await database('leaf_of_another_name');
    user = as('leafcutter:change-me', root);
    await inMysql(root, async (query) => {
      await query(`CREATE TABLE leaf_alloc (biz_tag varchar(128) NOT NULL DEFAULT '', max_id bigint NOT NULL DEFAULT '1',
        step int NOT NULL, description varchar(256) DEFAULT NULL, update_time timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
        ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (biz_tag)) ENGINE=InnoDB`);
      await query(
        "INSERT INTO leaf_alloc (biz_tag, max_id, step) VALUES ('order', 5001, 100), ('acct.v2', 1, 100), ('old', 1, 100)",
      );
    });
    await runSql(root, 'leaf-user', LEAF, { 'leaf.*': 'leaf_of_another_name.*' });
    leaf = new Deployment(
      LEAF,
      { 'mysql://leafcutter:change-me@db:3306/leaf': user },
      { LEAFCUTTER_REDIS_KEY_PREFIX: 'beside-leaf:' },
    );
    await startAll();
  });

  async function startAll(): Promise<void> {
    await leaf.start('coordinator', '127.0.0.1:8100');
    await leaf.start('central-agent', '0.0.0.0:8080');
    await leaf.start('sidecar-agent', '127.0.0.1:8000');
  }

  test('finds the keys that Leaf cuts', async () => {
    expect(await runSql(user, 'dotted-keys', LEAF)).toEqual([{ biz_tag: 'acct.v2' }]);
  });

  test('compares the canary with a Leaf, in whose place another agent stands here, and finds no ID twice', async () => {
    const fewer = { 'http://leaf:8080': leaf.urlOf('0.0.0.0:8080'), 'seq 500': 'seq 30' };
    expect(await leaf.run('canary', fewer)).toBe('');
    // NEGATIVE CONTROL: it would print one.
    const twice = { 'draw "$LEAF"': 'echo 7', 'draw "$AGENT"': 'echo 7' };
    expect(await leaf.run('canary', { ...fewer, ...twice })).toBe('7\n');
    expect(await leaf.run('verify', { '--ids 100000': '--ids 1000' })).toContain('VERDICT: no violation');
  });

  test('goes back: a Leaf on the same table goes on above all that was handed out', async () => {
    const drawn = [leaf.urlOf('0.0.0.0:8080'), leaf.urlOf('127.0.0.1:8000')].map((url) =>
      textOf(`${url}/api/segment/get/order`),
    );
    const highest = Math.max(...(await Promise.all(drawn)).map(Number));
    await stopAll();
    const run = promisify(execFile);
    const options = { timeout: PATIENCE_MS };
    const { stdout } = await run(process.execPath, [LEAF_PROGRAM, root, 'order', '1', '50'], options);
    const [[start]] = JSON.parse(/^issued (.*)$/m.exec(stdout)?.[1] ?? '[[]]') as [[number, number]];
    expect(start).toBeGreaterThan(highest);
    await startAll();
  });

  test('retires a tag for Leaf, too, and remembers how far it came', async () => {
    expect(await textOf(`${leaf.urlOf('0.0.0.0:8080')}/api/segment/get/old`)).toBe('1');
    const left = (sql: string) => inMysql(user, (query) => query(sql));
    const [{ max_id: counter } = {}] = await left("SELECT max_id FROM leaf_alloc WHERE biz_tag = 'old'");
    await runSql(user, 'retire', LEAF, { "'order'": "'old'" });
    expect(await left("SELECT biz_tag FROM leaf_alloc WHERE biz_tag = 'old'")).toEqual([]);
    expect(await left("SELECT high_water FROM leafcutter_tag WHERE tag = 'old'")).toEqual([
      { high_water: counter },
    ]);
  });
});

describe('README.md and docs, on stores', () => {
  let deployment: Deployment;
  let root = '';

  beforeAll(async () => {
    root = await database('ids_of_readme');
    const keys = join(cwd, 'opaque-keys');
    const opaque = { page: 'shapes.md', cwd, env: {}, instead: { '/etc/leafcutter/opaque-keys': keys } };
    await runDocumented('opaque-key', opaque);
    deployment = new Deployment(
      README,
      { 'mysql://leafcutter:secret@db:3306/leafcutter': root, '/etc/leafcutter/opaque-keys': keys },
      { LEAFCUTTER_REDIS_KEY_PREFIX: 'readme:', LEAFCUTTER_OPAQUE_KEYS_FILE: keys },
    );
    await deployment.start('coordinator', '127.0.0.1:8100');
    await deployment.start('agent', '127.0.0.1:8000');
  });

  test('shapes.md: an opaque ID is explained', async () => {
    const explained = await deployment.run('opaque', { orders: 'secret-orders' }, 'shapes.md');
    expect(explained).toMatch(/ORD-1[0-9A-Z]{13}/);
  });

  test('changing-the-layout.md: the first snowflake lies above what the statement says', async () => {
    const snowflake = BigInt(await textOf(`${deployment.urlOf('127.0.0.1:8000')}/v1/snowflake`));
    const [row] = await runSql(root, 'first-snowflake', 'changing-the-layout.md');
    const highest = BigInt(row?.highest_id?.split('.')[0] ?? '0');
    expect(highest).toBeGreaterThan(2n ** 60n);
    expect(highest).toBeLessThan(snowflake);
  });

  test('migrate-from-uuid.md: the column goes on above its highest key', async () => {
    await inMysql(root, async (query) => {
      await query('CREATE TABLE orders (id bigint PRIMARY KEY AUTO_INCREMENT)');
      await query('INSERT INTO orders VALUES (41), (100004)');
    });
    expect(await runSql(root, 'auto-increment-next', 'migrate-from-uuid.md')).toEqual([
      { next_id: '100005' },
    ]);
  });

  test('migrate-from-tinyid.md: a user that may only read imports', async () => {
    const url = await database('tinyid_of_another_name');
    await inMysql(url, async (query) => {
      await query(`CREATE TABLE tiny_id_info (id bigint unsigned PRIMARY KEY AUTO_INCREMENT, biz_type varchar(63) UNIQUE,
        begin_id bigint, max_id bigint, step int, delta int, remainder int, create_time timestamp, update_time timestamp,
        version bigint)`);
      await query(`INSERT INTO tiny_id_info (biz_type, begin_id, max_id, step, delta, remainder, version)
        VALUES ('tiny', 1, 100, 50, 1, 0, 1)`);
    });
    await runSql(url, 'reader', 'migrate-from-tinyid.md', { 'tinyid.*': 'tinyid_of_another_name.*' });
    const there = { 'mysql://reader:…@db:3306/tinyid': as('reader:change-me', url) };
    expect(await deployment.run('import', there, 'migrate-from-tinyid.md')).toMatch(
      /1 to create[\s\S]*1 created/,
    );
  });

  whenFull('migrate-from-go-leaf.md and migrate-from-cosid.md: their tables are imported', async () => {
    const url = await database('others_of_another_name');
    await inMysql(url, async (query) => {
      await query(`CREATE TABLE segments (biz_tag varchar(32) PRIMARY KEY, max_id bigint, step bigint,
        description varchar(256), update_time bigint)`);
      await query("INSERT INTO segments VALUES ('golang', 2001, 2000, 'orders', 0)");
      await query(`CREATE TABLE cosid (name varchar(100) PRIMARY KEY, last_max_id bigint unsigned NOT NULL DEFAULT 0,
        last_fetch_time bigint unsigned NOT NULL)`);
      await query("INSERT INTO cosid VALUES ('shop.basket', 500, 0)");
    });
    const goLeaf = { 'mysql://reader:…@db:3306/id_alloc_db': url };
    expect(await deployment.run('import', goLeaf, 'migrate-from-go-leaf.md')).toMatch(/1 made/);
    const cosid = { 'mysql://reader:…@db:3306/cosid': url };
    expect(await deployment.run('import', cosid, 'migrate-from-cosid.md')).toMatch(/1 made/);
  });

  whenFull('migrate-from-redis-incr.md: counters are imported', async () => {
    const set = ['-u', redis.url, 'SET', 'id:user', '41'];
    await promisify(execFile)('redis-cli', set, { timeout: PATIENCE_MS });
    const there = { 'redis://redis:6379/0': `${redis.url}/0` };
    expect(await deployment.run('import', there, 'migrate-from-redis-incr.md')).toMatch(/1 made/);
  });

  whenFull('topologies.md: each agent becomes ready', async () => {
    const topologies = new Deployment('topologies.md', {
      '127.0.0.1:8100': deployment.urlOf('127.0.0.1:8100').slice('http://'.length),
    });
    await topologies.start('sidecar', '127.0.0.1:8000');
    await topologies.start('central', '0.0.0.0:8080');
  });
});
