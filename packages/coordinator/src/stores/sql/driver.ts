import { LeafcutterError } from '@leafcutter/shared/errors';
import type { LeftMs } from '../../domain/allocation/store.ts';

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
  /** After `forUpdate`: leaves out rows that somebody else has locked. Nothing if nobody else can. */
  readonly skipLocked: string;
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
  /**
   * Runs `work` in one pessimistic transaction; resolves only when COMMIT is known to have succeeded. `leftMs` as of
   * `Store`.
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>, leftMs?: LeftMs): Promise<T>;
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

/** Asserts that a statement on locked counters found each of them unchanged. */
export function requireAll(affected: number, names: readonly (string | number)[], what: string): void {
  if (affected === names.length) return;
  throw new LeafcutterError(
    'INTERNAL',
    `A counter of ${what} ${names.join(', ')} changed under its lock (${affected} rows of ${names.length}).`,
  );
}

/** Placeholders for a list of values. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

/** What a column becomes or is, by another one: an expression, and its values. */
export function byKey<K extends SqlValue>(
  key: string,
  pairs: readonly (readonly [K, SqlValue])[],
): { readonly sql: string; readonly values: SqlValue[] } {
  return { sql: `CASE ${key} ${pairs.map(() => 'WHEN ? THEN ?').join(' ')} END`, values: pairs.flat() };
}
