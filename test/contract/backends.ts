import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CounterName } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import type { SqlDriver } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';
import { systemClock } from '@leafcutter/shared/system-clock';
import type { MariadbServer } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** More than the precision with which a start is known. */
const UPTIME_S = 5;

/** A store with the driver under it, for a test that needs to reach past the port. */
export interface OpenStore {
  readonly store: Store;
  readonly driver: SqlDriver;
}

/**
 * As a coordinator opens it, with other deadlines: if the machine stands still, no lock and no statement is given up.
 */
export function openMysqlStore(url: string): OpenStore {
  const { driver, store } = openHastyMysqlStore(url, PATIENCE_MS);
  const transaction = driver.transaction.bind(driver);
  driver.transaction = (work) =>
    transaction(async (session) => {
      await session.run(`SET SESSION innodb_lock_wait_timeout = ${PATIENCE_MS / 1_000}`);
      return work(session);
    });
  return { driver, store };
}

/** As a coordinator opens it: a lock is waited for as long as the driver says. */
export function openHastyMysqlStore(url: string, statementTimeoutMs: number): OpenStore {
  const driver = openMysql({ url, connectionLimit: 8, statementTimeoutMs });
  return { driver, store: new SqlStore(driver) };
}

/** Two coordinators' handles on a fresh database with the newest schema. */
export async function freshMysqlStores(
  server: MariadbServer,
): Promise<{ url: string; handles: [OpenStore, OpenStore] }> {
  const url = await server.createDatabase();
  const handles: [OpenStore, OpenStore] = [openMysqlStore(url), openMysqlStore(url)];
  await migrateMysql(handles[0].driver);
  return { url, handles };
}

/** A fresh SQLite file; `close` removes it. */
export async function freshSqliteStore(): Promise<OpenStore & { file: string; close(): Promise<void> }> {
  const directory = await scratchDir('sqlite');
  const file = join(directory, 'leafcutter.db');
  const driver = openSqlite(file);
  const store = new SqlStore(driver);
  return {
    store,
    driver,
    file,
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function insertByHand(
  driver: SqlDriver,
  tag: string,
  nextId: bigint,
  step: number,
): Promise<void> {
  await driver.run('INSERT INTO leaf_alloc (biz_tag, max_id, step) VALUES (?, ?, ?)', [tag, nextId, step]);
}

export async function deleteByHand(driver: SqlDriver, tag: string): Promise<void> {
  await driver.run('DELETE FROM leaf_alloc WHERE biz_tag = ?', [tag]);
}

/** Deletes every row of a counter except those of the ledger. */
export async function deleteAllByHand(driver: SqlDriver, name: CounterName): Promise<void> {
  if (name.kind === 'machine') {
    await driver.run('DELETE FROM leafcutter_machine WHERE machine_id = ?', [name.machineId]);
    return;
  }
  await deleteByHand(driver, name.tag);
  await driver.run('DELETE FROM leafcutter_tag WHERE tag = ?', [name.tag]);
}

/** How many rows the server reads during `work`. MySQL, unlike MariaDB, reads some to tell how many it has read. */
export async function rowsReadDuring(driver: SqlDriver, work: () => Promise<unknown>): Promise<number> {
  const first = await rowsRead(driver);
  const before = await rowsRead(driver);
  await work();
  return (await rowsRead(driver)) - before - (before - first);
}

/** Rows that the server has read since it started. */
async function rowsRead(driver: SqlDriver): Promise<number> {
  const rows = await driver.query("SHOW GLOBAL STATUS LIKE 'Handler_read%'");
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
}

/** Waits until a restart can be told from the start before it: two within a few seconds look like one. */
export function untilRestartShows(driver: SqlDriver): Promise<boolean | undefined> {
  return poll(async () => {
    const [row] = await driver.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
    return Number(row?.Value) >= UPTIME_S;
  });
}

const DIGIT = Array.from(
  { length: 10 },
  (_, digit) => `SELECT ${digit}${digit === 0 ? ' AS digit' : ''}`,
).join(' UNION ALL ');

/** A table for FROM with the numbers from `from` to below `to` in its column `seq`, in SQL that MariaDB and MySQL know. */
export function numbers(from: number, to: number): string {
  const places = Array.from(String(to - from), (_, place) => place);
  const sum = places.map((place) => `${10 ** place} * d${place}.digit`).join(' + ');
  const tables = places.map((place) => `(${DIGIT}) AS d${place}`).join(', ');
  return `(SELECT ${from} + ${sum} AS seq FROM ${tables} WHERE ${sum} < ${to - from}) AS numbers`;
}

let prefixes = 0;

/** A key prefix that no other test has. */
export function freshPrefix(): string {
  return `test${process.pid}-${++prefixes}:`;
}

/** A connected link; by default no command is given up while the machine stands still. */
export async function openLink(
  redis: Pick<RedisServer, 'url'>,
  keyPrefix = freshPrefix(),
  commandTimeoutMs = PATIENCE_MS,
): Promise<RedisLink> {
  const link = new RedisLink({ url: redis.url, keyPrefix, commandTimeoutMs }, systemClock);
  await link.connect();
  return link;
}
