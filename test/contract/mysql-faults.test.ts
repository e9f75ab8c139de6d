import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import { CALM, holder, newTag, SEGMENT_RULES } from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { StoreTrouble } from '@leafcutter/coordinator/stores/trouble';
import { systemClock } from '@leafcutter/shared/system-clock';
import { createConnection } from 'mysql2/promise';
import { executeSql } from '../support/mariadb-client.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { freshMysqlStores, type OpenStore, openHastyMysqlStore, openMysqlStore } from './backends.ts';

/** How long a grant may take where that matters. */
const GRANT_MS = 300;

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

const unavailable = (reason: string) => expect.objectContaining({ code: 'STORE_UNAVAILABLE', reason });

/** Holds the tag's row from a session of its own, as a paused coordinator or an operator's client does. */
async function holdRow(): Promise<{ id: number; end(): void }> {
  const connection = await createConnection(url);
  connection.on('error', () => undefined);
  await connection.query('START TRANSACTION');
  await connection.query("SELECT * FROM leaf_alloc WHERE biz_tag = 'orders' FOR UPDATE");
  return { id: connection.threadId, end: () => connection.destroy() };
}

/** The connection that waits for a row now. */
async function waitingConnection(): Promise<number> {
  const admin = await createConnection(url);
  const found = await poll(async () => {
    const sql =
      "SELECT id FROM information_schema.processlist WHERE info LIKE '%FOR UPDATE' AND id <> CONNECTION_ID()";
    const [rows] = await admin.query(sql);
    return (rows as { id: number }[])[0]?.id;
  });
  admin.destroy();
  if (found === undefined) throw new Error('no connection waits for a row');
  return found;
}

describe('a session', () => {
  test('is strict, in UTC, reads what is committed, and gives a lock up after seconds', async () => {
    const names = ['sql_mode', 'time_zone', 'innodb_lock_wait_timeout', 'wait_timeout', 'autocommit'];
    const columns = names.map((name) => `@@${name} AS ${name}`).join(', ');
    const { driver, store } = openHastyMysqlStore(url, PATIENCE_MS);
    const [row] = await driver.query(`SELECT ${columns}`);
    // Of the two names of the isolation level, a server knows one or both.
    const [isolation] = await driver.query(
      "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')",
    );
    await store.close();
    expect(isolation?.Value).toBe('READ-COMMITTED');
    expect(row).toMatchObject({
      sql_mode: expect.stringContaining('STRICT_ALL_TABLES'),
      time_zone: '+00:00',
      innodb_lock_wait_timeout: 1n,
      wait_timeout: 10n,
    });
  });

  test('that the database chose to end a deadlock is told so, and the other one goes on', async () => {
    await handles[0].store.createTag(newTag('users'));
    const { promise: both, resolve: ready } = Promise.withResolvers<void>();
    let inside = 0;
    const crosswise = (first: string, second: string, { driver }: OpenStore) =>
      driver.transaction(async (session) => {
        const lock = (tag: string) =>
          session.query('SELECT max_id FROM leaf_alloc WHERE biz_tag = ? FOR UPDATE', [tag]);
        await lock(first);
        if (++inside === 2) ready();
        await both;
        await lock(second);
        return 'done';
      });
    const [a, b] = handles;
    const answers = await Promise.allSettled([
      crosswise('orders', 'users', a),
      crosswise('users', 'orders', b),
    ]);
    expect(answers).toContainEqual({ status: 'fulfilled', value: 'done' });
    expect(answers).toContainEqual({ status: 'rejected', reason: unavailable('deadlock') });
    expect(await a.store.withTag('orders', async () => 'in')).toBe('in');
  });

  test('that is killed while it waits for a row is a lost connection, and the pool serves on', async () => {
    const other = await holdRow();
    const waiting = handles[0].store.withTag('orders', async () => 'in').catch((error: unknown) => error);
    await executeSql(mariadb.port, `KILL ${await waitingConnection()}`);
    expect(await waiting).toEqual(unavailable('connection_lost'));
    other.end();
    expect(await handles[0].store.withTag('orders', async () => 'in')).toBe('in');
  });

  test('whose statement is killed may try again', async () => {
    const other = await holdRow();
    const waiting = handles[0].store.withTag('orders', async () => 'in').catch((error: unknown) => error);
    await executeSql(mariadb.port, `KILL QUERY ${await waitingConnection()}`);
    expect(await waiting).toEqual(unavailable('connection_lost'));
    other.end();
    expect(await handles[0].store.withTag('orders', async () => 'in')).toBe('in');
  });

  test('that is killed between two statements leaves nothing behind', async () => {
    const lost = handles[0].store.withTag('orders', async (row) => {
      await row.advance(101n, []);
      // MySQL lists it as sleeping only a moment after its answer, and as gone only a moment after it was killed.
      const id = await poll(async () => (await idleTransactions())[0]);
      await executeSql(mariadb.port, `KILL ${id}`);
      await poll(async () => (await idleTransactions()).length === 0);
    });
    await expect(lost).rejects.toEqual(unavailable('commit_unclear'));
    expect(await handles[1].store.findTag('orders')).toMatchObject({ nextId: 1n });
  });

  test('that waits for a row longer than three seconds gives way', async () => {
    const other = await holdRow();
    const { store } = openHastyMysqlStore(url, PATIENCE_MS);
    await expect(store.withTag('orders', async () => 'in')).rejects.toEqual(unavailable('deadlock'));
    await store.close();
    other.end();
    expect(await handles[0].store.withTag('orders', async () => 'in')).toBe('in');
  });
});

/** Sessions of this test's database that are inside a transaction and wait for their next statement. */
async function idleTransactions(): Promise<number[]> {
  const admin = await createConnection(url);
  const sql = `SELECT p.id FROM information_schema.processlist p JOIN information_schema.innodb_trx t
    ON t.trx_mysql_thread_id = p.id WHERE p.command = 'Sleep' AND p.db = DATABASE()`;
  const [rows] = await admin.query(sql);
  admin.destroy();
  return (rows as { id: number }[]).map(({ id }) => id);
}

/** A coordinator's, without a fence, that waits for a grant so long. */
function arbiter(store: SqlStore, deadlineMs: number): SegmentArbiter {
  return new SegmentArbiter({
    store,
    fence: undefined,
    locks: noLocks,
    clock: systemClock,
    random: Math.random,
    rules: { ...SEGMENT_RULES, deadlineMs },
    events: new RecordedEvents(),
    coordinatorId: 'c1',
  });
}

describe('a MySQL', () => {
  test('that nobody listens for is unreachable', async () => {
    const { store } = openMysqlStore(`mysql://root@127.0.0.1:${await freePort()}/none`);
    await expect(store.now()).rejects.toEqual(unavailable('unreachable'));
    await store.close();
  });

  test.each(['ssl-mode=REQUIRED', 'tls=true'])(
    'without TLS, or with a certificate of nobody’s, is not spoken to in plaintext by who asks for %s',
    async (query) => {
      const { store } = openMysqlStore(`${url}?${query}`);
      await expect(store.now()).rejects.toMatchObject({
        cause: expect.objectContaining({
          code: expect.stringMatching(/^HANDSHAKE_(NO_SSL_SUPPORT|SSL_ERROR)$/),
        }),
      });
      await store.close();
    },
  );

  test('that stops answering is given up after the statement timeout, and used again when it answers', async () => {
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: mariadb.port } });
    const { store } = openHastyMysqlStore(url.replace(`:${mariadb.port}/`, `:${proxy.port}/`), 500);
    expect(await poll(() => store.now())).toBeGreaterThan(0);
    await proxy.blackhole();
    await expect(store.withTag('orders', async () => 'in')).rejects.toEqual(unavailable('connection_lost'));
    await proxy.heal();
    expect(await poll(() => store.withTag('orders', async () => 'in'))).toBe('in');
    await store.close();
  });

  test('that breaks off in mid-statement leaves nothing behind that keeps a process from ending', async () => {
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: mariadb.port } });
    const options = {
      url: url.replace(`:${mariadb.port}/`, `:${proxy.port}/`),
      connectionLimit: 1,
      statementTimeoutMs: 10 * PATIENCE_MS,
    };
    const script = `
      import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
      const driver = openMysql(${JSON.stringify(options)});
      await driver.query('SELECT 1');
      await driver.run("DO 'the last'").catch(({ reason }) => console.log(reason));
      await driver.close();
      console.log('done');`;
    proxy.onChunk = (_direction, chunk) => (chunk.includes('the last') ? 'cut' : 'pass');
    await using child = startProcess({
      command: process.execPath,
      args: ['--input-type=module', '--eval', script],
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      name: 'client',
    });
    await child.waitForLine(/^done$/);
    expect(child.lines).toContain('connection_lost');
    expect(await poll(() => !child.running)).toBe(true);
  });

  test('that gives fewer connections than are wanted: what needs one waits, and the cause is told', async () => {
    const database = url.split('/').at(-1);
    await executeSql(mariadb.port, "CREATE USER few@'127.0.0.1' WITH MAX_USER_CONNECTIONS 2");
    await executeSql(mariadb.port, `GRANT ALL ON ${database}.* TO few@'127.0.0.1'`);
    const trouble = new StoreTrouble();
    const options = { connectionLimit: 8, statementTimeoutMs: PATIENCE_MS, trouble };
    const store = new SqlStore(openMysql({ ...options, url: url.replace('root@', 'few@') }));
    const asked = Array.from({ length: 40 }, (_, n) => store.findTag(`tag-${n}`));
    expect(await Promise.all(asked)).toEqual(asked.map(() => undefined));
    expect(trouble.last).toEqual({
      reason: 'connections',
      words: expect.stringMatching(/max_user_connections/i),
    });
    await store.close();
  });

  test('that gives no connection at all says so', async () => {
    const hog = openMysqlStore(url.replace('root@', 'lonely@'));
    const database = url.split('/').at(-1);
    await executeSql(mariadb.port, "CREATE USER lonely@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1");
    await executeSql(mariadb.port, `GRANT ALL ON ${database}.* TO lonely@'127.0.0.1'`);
    await hog.driver.transaction(async () => {
      const { store } = openMysqlStore(url.replace('root@', 'lonely@'));
      await expect(store.now()).rejects.toEqual(unavailable('connections'));
      await store.close();
    });
    await hog.store.close();
  });

  test('that answers and holds up each write, as for a backup, is told until it takes one', async () => {
    const trouble = new StoreTrouble();
    const options = { url, connectionLimit: 8, statementTimeoutMs: 500, trouble };
    const store = new SqlStore(openMysql(options));
    const write = () => store.withTag('orders', (row) => row.advance(row.value + 1n, []).then(() => true));
    expect(await poll(write)).toBe(true);
    const backup = await createConnection(url);
    await backup.query('FLUSH TABLES WITH READ LOCK');
    const isTold = await poll(async () => {
      await write().catch(() => undefined);
      return (await store.now()) > 0 && trouble.last?.reason === 'connection_lost';
    });
    backup.destroy();
    expect(isTold).toBe(true);
    expect(await poll(write)).toBe(true);
    expect(trouble.last).toBeUndefined();
    await store.close();
  });

  test('that answers each statement and no grant in time is told, until it grants in time', async () => {
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: mariadb.port } });
    await using stack = new AsyncDisposableStack();
    const trouble = new StoreTrouble();
    const options = { connectionLimit: 8, statementTimeoutMs: PATIENCE_MS, trouble };
    const store = new SqlStore(
      openMysql({ ...options, url: url.replace(`:${mariadb.port}/`, `:${proxy.port}/`) }),
    );
    stack.defer(() => store.close());
    const segments = arbiter(store, GRANT_MS);
    const grant = () => segments.grant('orders', holder(1), CALM);
    expect(await poll(grant)).toBeDefined();
    proxy.delay(GRANT_MS / 3);
    expect(
      await poll(async () => {
        await grant().catch(() => undefined);
        return trouble.last?.reason === 'deadline';
      }),
    ).toBe(true);
    await expect(grant()).rejects.toEqual(unavailable('deadline'));
    await store.now();
    expect(trouble.last?.words).toMatch(/^each statement is answered, but the \d+ of a grant took \d+ ms/);
    proxy.delay(0);
    expect(await poll(grant)).toBeDefined();
    expect(trouble.last).toBeUndefined();
  });

  test('that takes no writes says that it may be a replica', async () => {
    await executeSql(mariadb.port, "CREATE USER IF NOT EXISTS app@'127.0.0.1'");
    // Rights on one database do not let it write in spite of read_only.
    await executeSql(mariadb.port, `GRANT ALL ON ${url.split('/').at(-1)}.* TO app@'127.0.0.1'`);
    const { store } = openMysqlStore(url.replace('root@', 'app@'));
    await executeSql(mariadb.port, 'SET GLOBAL read_only = 1');
    try {
      const written = store.withTag('orders', (row) => row.advance(2n, []));
      await expect(written).rejects.toEqual(unavailable('read_only'));
    } finally {
      await executeSql(mariadb.port, 'SET GLOBAL read_only = 0');
    }
    await store.withTag('orders', (row) => row.advance(2n, []));
    await store.close();
  });
});

describe('migrations', () => {
  test('run by four coordinators at once on an empty database happen once', async () => {
    const empty = await mariadb.createDatabase();
    const opened = Array.from({ length: 4 }, () => openMysqlStore(empty));
    await Promise.all(opened.map(({ driver }) => migrateMysql(driver)));
    const rows = (await opened[0]?.driver.query('SELECT number FROM leafcutter_migration')) ?? [];
    expect(rows.length).toBeGreaterThan(3);
    await Promise.all(opened.map(({ store }) => store.close()));
  });

  test('of a newer schema that this program can work with are let be, and one that it cannot is refused', async () => {
    const [first, second] = handles;
    await first.driver.run('INSERT INTO leafcutter_migration (number) VALUES (998)');
    await migrateMysql(second.driver);
    await second.store.withTag('orders', (row) => row.advance(row.value + 1n, []));
    await first.driver.run('INSERT INTO leafcutter_migration (number, compatible_from) VALUES (999, 998)');
    await expect(migrateMysql(second.driver)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'schema',
      message: expect.stringContaining('newer'),
    });
  });

  test('go on from a database of a version that noted no compatibility', async () => {
    const { driver, store } = openMysqlStore(await mariadb.createDatabase());
    await migrateMysql(driver);
    await driver.run('ALTER TABLE leafcutter_migration DROP COLUMN compatible_from');
    await migrateMysql(driver);
    expect(
      await driver.query('SELECT MAX(compatible_from) AS floor FROM leafcutter_migration'),
    ).toMatchObject([{ floor: 0 }]);
    await store.close();
  });
});
