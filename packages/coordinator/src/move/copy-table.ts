import { LeafcutterError } from '@leafcutter/shared/errors';
import { DuplicateKeyError, type Row, type SqlDriver, type SqlValue } from '../stores/sql/driver.ts';
import type { MovedTable } from './tables.ts';
import { type ClaimedTarget, insertRows } from './target.ts';

/** How many rows are read, held in memory and written in one transaction. */
const ROWS_PER_PAGE = 1_000;

/**
 * Copies a table page by page in the order of its key. Calls `copied` after each page with the number of rows so far.
 * @throws STORE_UNAVAILABLE with reason `target_refused` if MySQL does not take a row as it is
 */
export async function copyTable(
  source: SqlDriver,
  target: ClaimedTarget,
  table: MovedTable,
  copied: (rows: number) => void,
): Promise<void> {
  const { name, columns, key } = table;
  const order = key.join(', ');
  const above = `WHERE (${order}) > (${key.map(() => '?').join(', ')})`;
  let last: SqlValue[] | undefined;
  for (let rows = 0; ; ) {
    const page = await source.query(
      `SELECT ${columns.join(', ')} FROM ${name} ${last === undefined ? '' : above} ORDER BY ${order} LIMIT ${ROWS_PER_PAGE}`,
      last,
    );
    const end = page.at(-1);
    if (end === undefined) return;
    await write(target, table, page);
    rows += page.length;
    copied(rows);
    last = key.map((column) => end[column] ?? null);
  }
}

async function write(
  target: ClaimedTarget,
  { name, columns }: MovedTable,
  page: readonly Row[],
): Promise<void> {
  const rows = page.map((row) => columns.map((column) => row[column] ?? null));
  try {
    await target.transaction((session) => insertRows(session, name, columns, rows));
  } catch (error) {
    const isRefusal =
      error instanceof DuplicateKeyError || (error instanceof LeafcutterError && error.code === 'INTERNAL');
    if (!isRefusal) throw error;
    throw new LeafcutterError('STORE_UNAVAILABLE', `MySQL does not accept the rows of ${name} unchanged.`, {
      reason: 'target_refused',
      cause: error.cause,
    });
  }
}
