import { LeafcutterError } from '@leafcutter/shared/errors';

/** A value as it goes into or comes out of a statement. Integers come out as bigint. */
export type SqlValue = string | bigint | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

/** One connection that is inside a transaction, or any connection for a single statement. */
export interface SqlSession {
  query(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** Resolves to the number of affected rows. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
}

/**
 * What differs between MySQL and SQLite. Drivers' errors leave it as LeafcutterError: STORE_UNAVAILABLE, with a
 * reason of `RETRY_REASONS` if the transaction may be tried again, or one of the errors below.
 */
export interface SqlDriver extends SqlSession {
  /** Ends a locking SELECT: ` FOR UPDATE`, or nothing if a transaction locks the whole file. */
  readonly forUpdate: string;
  /** An expression for the database's clock in unix milliseconds. */
  readonly nowMs: string;
  /** `INSERT` that skips rows whose key exists. */
  readonly insertIgnore: string;
  /** A column compared bytewise, whatever its collation. */
  bytewise(expression: string): string;
  /** Rises when another server answers than before, or the same one after a restart; see `Store.incarnation`. */
  readonly incarnation: number;
  /** Calls `listener` when it has risen. */
  onReplaced(listener: () => void): void;
  /** Runs `work` in one pessimistic transaction; resolves only when COMMIT is known to have succeeded. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A row with this key exists. */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError';
}

/** A column or an index of this name exists. */
export class DuplicateNameError extends Error {
  override readonly name = 'DuplicateNameError';
}

/** A comparison contains a text that the column's charset cannot hold (a Leaf's table in latin1): no row has it. */
export class UnstorableTextError extends Error {
  override readonly name = 'UnstorableTextError';
}

/** A column that may be NULL, as text. */
export function optionalText(value: SqlValue | undefined): string | undefined {
  return value == null ? undefined : String(value);
}

/** Asserts that a statement on a locked counter found it unchanged. */
export function requireOne(affected: number, what: string): void {
  if (affected === 1) return;
  throw new LeafcutterError('INTERNAL', `The counter of ${what} changed under its lock (${affected} rows).`);
}
