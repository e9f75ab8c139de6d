import type { DatabaseSync } from 'node:sqlite';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { SqlDriver } from '../sql/driver.ts';

/** The mark in a file whose counters went to MySQL. */
export interface Moved {
  /** Names the one move that may be finished from this file. */
  readonly claim: string;
  /** Where it went, `host:port/database`. */
  readonly target: string;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/**
 * The schema number of a file that was moved. It requires a program that knows as many steps, so that programs from
 * before this mark refuse it too.
 */
const MOVED_SCHEMA = 1_000_000;

/** The mark of a file; undefined if it was not moved. */
export function readMoved(database: DatabaseSync): Moved | undefined {
  const { user_version: schema } = database.prepare('PRAGMA user_version').get() ?? {};
  if (Number(schema) !== MOVED_SCHEMA) return undefined;
  const row = database.prepare('SELECT claim, target, at_ms FROM leafcutter_moved').get() ?? {};
  return { claim: String(row.claim), target: String(row.target), atMs: Number(row.at_ms) };
}

/** Marks the file for good: from this COMMIT on no coordinator opens it. */
export async function markMoved(driver: SqlDriver, { claim, target, atMs }: Moved): Promise<void> {
  await driver.transaction(async (session) => {
    await session.run('CREATE TABLE leafcutter_moved (claim TEXT, target TEXT, at_ms INTEGER) STRICT');
    await session.run('INSERT INTO leafcutter_moved VALUES (?, ?, ?)', [claim, target, BigInt(atMs)]);
    const columns = 'leafcutter_migration (number, compatible_from)';
    await session.run(`INSERT INTO ${columns} VALUES (${MOVED_SCHEMA}, ${MOVED_SCHEMA})`);
    await session.run(`PRAGMA user_version = ${MOVED_SCHEMA}`);
  });
  // Somebody may copy the file without its log.
  await driver.query('PRAGMA wal_checkpoint(TRUNCATE)');
}

export function movedAway(file: string, { target, atMs }: Moved): LeafcutterError {
  const when = new Date(atMs).toISOString();
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    `${file} was moved to MySQL, ${target}, at ${when}, and must not be used again: set mysql.url and redis.url.`,
    { reason: 'moved' },
  );
}
