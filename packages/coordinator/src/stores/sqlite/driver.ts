import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { type LeftMs, RETRY_REASONS } from '../../domain/allocation/store.ts';
import {
  DuplicateKeyError,
  type Row,
  type SqlDriver,
  type SqlSession,
  type SqlValue,
} from '../sql/driver.ts';
import { type ServingTrouble, type StoreCall, StoreServing } from '../sql/serving.ts';
import { CommitMark } from './commit-mark.ts';
import { type FileLock, lockFile } from './lock.ts';
import { migrateSqlite } from './migrations.ts';
import { type Moved, movedAway, readMoved } from './moved.ts';
import { type OpenFile, openedFile } from './opened-file.ts';
import { makePrivateFile } from './private-file.ts';

/** How many transactions may wait for the one file; more means that the disk has stopped answering. */
const MAX_WAITING = 1_000;

/**
 * A statement that took longer lets others have a turn at the event loop before the next transaction begins: probes are answered,
 * and deadlines pass. Milliseconds.
 */
const LONG_MS = 20;

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
/** What the driver itself says of the file, and what the store's look shows. */
const OF_THE_FILE: ReadonlySet<string | undefined> = new Set(['file_gone', RETRY_REASONS.refused]);
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
export function openSqlite(file: string, trouble?: ServingTrouble): SqlDriver {
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
  trouble: ServingTrouble | undefined,
  prepare: (database: DatabaseSync, driver: SqlDriver) => T,
): T {
  let lock: FileLock | undefined;
  let database: DatabaseSync | undefined;
  let mark: CommitMark | undefined;
  try {
    lock = lockFile(file);
    makePrivateFile(file);
    database = new DatabaseSync(file, { readBigInts: true });
    // Exclusive as well, against programs that do not know our lock: an earlier release, or a tool.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 0;`);
    const commit = lastCommit(database);
    mark = new CommitMark(file);
    mark.check(commit);
    const opened = openedFile(file);
    return prepare(database, new SqliteDriver({ database, lock, mark, commit, opened, trouble }));
  } catch (error) {
    database?.close();
    mark?.close();
    lock?.release();
    if (primaryCode(error) !== SQLITE_BUSY) throw translate(error);
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `Another process, most likely a coordinator, has ${file} open; stop it, or use another data directory.`,
      { reason: 'in_use', cause: error },
    );
  }
}

/** The number of the last commit, in the place that SQLite leaves to applications. */
function lastCommit(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA application_id').get()?.application_id);
}

interface SqliteParts {
  readonly database: DatabaseSync;
  readonly lock: FileLock;
  readonly mark: CommitMark;
  /** The number of the last commit. */
  readonly commit: number;
  readonly opened: OpenFile;
  readonly trouble: ServingTrouble | undefined;
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
  readonly #mark: CommitMark;
  readonly #opened: OpenFile;
  readonly #serving: StoreServing;
  #commit: number;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ database, lock, mark, commit, opened, trouble }: SqliteParts) {
    this.#database = database;
    this.#lock = lock;
    this.#mark = mark;
    this.#commit = commit;
    this.#opened = opened;
    this.#serving = new StoreServing(trouble);
  }

  bytewise(expression: string): string {
    return expression;
  }

  onReplaced(): void {
    // It never is.
  }

  query(sql: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#exclusively((call) => this.#session(call).query(sql, values), { writes: false });
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#exclusively((call) => this.#session(call).run(sql, values), { writes: true });
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>, leftMs?: LeftMs): Promise<T> {
    const transact = async (call: StoreCall) => {
      timed(call, () => this.#database.exec('BEGIN IMMEDIATE'));
      try {
        const session = this.#session(call);
        let isChanged = false;
        const run: SqlSession['run'] = (...statement) => {
          isChanged = true;
          return session.run(...statement);
        };
        const result = await work({ ...session, run });
        this.#commitNumbered(call, isChanged);
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    };
    return this.#exclusively(transact, { writes: true, leftMs });
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    if (!this.#database.isOpen) return;
    this.#database.close();
    this.#mark.close();
    this.#lock.release();
  }

  /** One that changed nothing needs no number, which would have it synced. */
  #commitNumbered(call: StoreCall, isChanged: boolean): void {
    const commit = isChanged ? CommitMark.after(this.#commit) : this.#commit;
    const number = isChanged ? `PRAGMA application_id = ${commit}; ` : '';
    timed(call, () => this.#database.exec(`${number}COMMIT`));
    this.#commit = commit;
    if (isChanged) this.#mark.note(commit);
  }

  #session(call: StoreCall): SqlSession {
    return {
      query: async (sql, values = []) => timed(call, () => this.#prepare(sql).all(...values) as Row[]),
      run: async (sql, values = []) => timed(call, () => Number(this.#prepare(sql).run(...values).changes)),
    };
  }

  #prepare(sql: string): {
    all(...values: SQLInputValue[]): unknown[];
    run(...values: SQLInputValue[]): { changes: number | bigint };
  } {
    return this.#database.prepare(sql);
  }

  async #exclusively<T>(
    work: (call: StoreCall) => Promise<T>,
    { writes, leftMs }: { readonly writes: boolean; readonly leftMs?: LeftMs | undefined },
  ): Promise<T> {
    if (this.#waiting >= MAX_WAITING) {
      throw new LeafcutterError(
        'STORE_UNAVAILABLE',
        'Too many transactions are waiting for the embedded database.',
      );
    }
    this.#waiting++;
    const call: StoreCall = { writes, statements: 0, tookMs: 0, leftMs: leftMs?.() };
    const askedAtMs = performance.now();
    const result = this.#turn
      .then(async () => {
        if (!this.#database.isOpen)
          throw new LeafcutterError('STORE_UNAVAILABLE', 'The embedded database is closed.', {
            reason: 'closed',
          });
        if (writes) this.#opened.check();
        call.tookMs = performance.now() - askedAtMs;
        const done = await work(call);
        this.#serving.served(call, leftMs?.());
        return done;
      })
      .catch((error: unknown) => {
        const translated = translate(error);
        if (
          translated instanceof LeafcutterError &&
          (translated !== error || OF_THE_FILE.has(translated.reason))
        )
          this.#serving.failed(translated, writes);
        throw translated;
      });
    this.#turn = result
      .catch(() => undefined)
      .then(() => (call.tookMs >= LONG_MS ? new Promise(setImmediate) : undefined))
      .finally(() => this.#waiting--);
    return result;
  }
}

/** Runs one statement, and enters what it took. */
function timed<T>(call: StoreCall, statement: () => T): T {
  const askedAtMs = performance.now();
  try {
    return statement();
  } finally {
    call.statements += 1;
    call.tookMs += performance.now() - askedAtMs;
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
    'The embedded database refused a statement; is its disk full or read-only?',
    {
      reason: primaryCode(error) === SQLITE_READONLY ? RETRY_REASONS.readOnly : RETRY_REASONS.refused,
      cause: error,
    },
  );
}
