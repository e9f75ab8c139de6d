import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { LeafcutterError } from '@leafcutter/shared/errors';
import {
  DuplicateKeyError,
  type Row,
  type SqlDriver,
  type SqlSession,
  type SqlValue,
} from '../sql/driver.ts';
import { type FileLock, lockFile } from './lock.ts';
import { migrateSqlite } from './migrations.ts';
import { type Moved, movedAway, readMoved } from './moved.ts';
import { makePrivateFile } from './private-file.ts';

interface Trouble {
  met(error: unknown): void;
  over(): void;
}

/** How many transactions may wait for the one file; more means that the disk has stopped answering. */
const MAX_WAITING = 1_000;

const SQLITE_BUSY = 5;
/** Extended codes of a primary key and of a unique index. */
const DUPLICATE_KEYS = new Set([1555, 2067]);

/** The embedded database in its folder. */
export function embeddedFile(dataDir: string): string {
  return join(dataDir, 'leafcutter.db');
}

/**
 * Opens the embedded database: WAL, every COMMIT synced to disk, and held exclusively, so that a second coordinator
 * on the same file is refused. If several come at once, exactly one gets it.
 * `trouble` is told when it refuses, and when it serves.
 * @throws STORE_UNAVAILABLE with reason `in_use` if another process has it open, `moved` if its counters went to
 * MySQL
 */
export function openSqlite(file: string, trouble?: Trouble): SqlDriver {
  return hold(file, trouble, (database, driver) => {
    const moved = readMoved(database);
    if (moved !== undefined) throw movedAway(file, moved);
    migrateSqlite(database);
    return driver;
  });
}

/**
 * Opens it for a move, even if it was moved already. Its schema is brought to the newest, unless it is only looked
 * at.
 * @throws STORE_UNAVAILABLE with reason `in_use` if another process has it open
 */
export function openSqliteToMove(
  file: string,
  { migrate }: { readonly migrate: boolean },
): { readonly driver: SqlDriver; readonly moved: Moved | undefined } {
  return hold(file, undefined, (database, driver) => {
    const moved = readMoved(database);
    if (migrate && moved === undefined) migrateSqlite(database);
    return { driver, moved };
  });
}

/** Opens the file for this process alone; if `prepare` throws, it is closed again. */
function hold<T>(
  file: string,
  trouble: Trouble | undefined,
  prepare: (database: DatabaseSync, driver: SqlDriver) => T,
): T {
  let lock: FileLock | undefined;
  let database: DatabaseSync | undefined;
  try {
    lock = lockFile(file);
    makePrivateFile(file);
    database = new DatabaseSync(file, { readBigInts: true });
    // Exclusive as well, against programs that do not know our lock: an earlier release, or a tool.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 0;`);
    return prepare(database, new SqliteDriver(database, lock, trouble));
  } catch (error) {
    database?.close();
    lock?.release();
    if (primaryCode(error) !== SQLITE_BUSY) throw translate(error);
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `Another process, most likely a coordinator, has ${file} open; stop it, or use another data directory.`,
      { reason: 'in_use', cause: error },
    );
  }
}

/** One connection; transactions take turns, because SQLite has one writer. */
class SqliteDriver implements SqlDriver {
  readonly forUpdate = '';
  readonly skipLocked = '';
  readonly nowMs = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
  readonly insertIgnore = 'INSERT OR IGNORE';
  /** Never rises: the file is ours alone from the moment it was opened. */
  readonly incarnation = 1;
  readonly #database: DatabaseSync;
  readonly #lock: FileLock;
  readonly #session: SqlSession;
  readonly #trouble: Trouble | undefined;
  #refusesWrites = false;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(database: DatabaseSync, lock: FileLock, trouble: Trouble | undefined) {
    this.#database = database;
    this.#lock = lock;
    this.#trouble = trouble;
    this.#session = {
      query: async (sql, values = []) => this.#prepare(sql).all(...values) as Row[],
      run: async (sql, values = []) => Number(this.#prepare(sql).run(...values).changes),
    };
  }

  bytewise(expression: string): string {
    return expression;
  }

  onReplaced(): void {
    // It never is.
  }

  query(sql: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#exclusively(() => this.#session.query(sql, values), false);
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#exclusively(() => this.#session.run(sql, values), true);
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#exclusively(async () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = await work(this.#session);
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    }, true);
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    if (!this.#database.isOpen) return;
    this.#database.close();
    this.#lock.release();
  }

  #prepare(sql: string): {
    all(...values: SQLInputValue[]): unknown[];
    run(...values: SQLInputValue[]): { changes: number | bigint };
  } {
    return this.#database.prepare(sql);
  }

  async #exclusively<T>(work: () => Promise<T>, writes: boolean): Promise<T> {
    if (this.#waiting >= MAX_WAITING) {
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Too many transactions wait for the embedded database.');
    }
    this.#waiting++;
    const result = this.#turn
      .then(async () => {
        if (!this.#database.isOpen)
          throw new LeafcutterError('STORE_UNAVAILABLE', 'The embedded database is closed.', {
            reason: 'closed',
          });
        const done = await work();
        this.#served(writes);
        return done;
      })
      .catch((error: unknown) => {
        const translated = translate(error);
        if (translated instanceof LeafcutterError && translated !== error) this.#refused(translated, writes);
        throw translated;
      });
    this.#turn = result.catch(() => undefined).finally(() => this.#waiting--);
    return result;
  }

  #refused(error: LeafcutterError, writes: boolean): void {
    this.#refusesWrites ||= writes;
    this.#trouble?.met(error);
  }

  /** A full disk can still be read. */
  #served(wrote: boolean): void {
    if (this.#refusesWrites && !wrote) return;
    this.#refusesWrites = false;
    this.#trouble?.over();
  }
}

/** The low byte of a code; the rest refines it. */
function primaryCode(error: unknown): number | undefined {
  const code = sqliteCode(error);
  return code === undefined ? undefined : code & 0xff;
}

function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return Number(error.errcode);
}

/** SQLite's own errors become codes; errors of the work itself pass through. */
function translate(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (DUPLICATE_KEYS.has(code)) return new DuplicateKeyError('duplicate key', { cause: error });
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'The embedded database refused; is its disk full or read-only?',
    {
      cause: error,
    },
  );
}
