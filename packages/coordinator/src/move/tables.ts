import { LeafcutterError } from '@leafcutter/shared/errors';
import type { SqlDriver, SqlSession } from '../stores/sql/driver.ts';

/** A table that a move copies, as it is in the embedded database. */
export interface MovedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** The columns of its primary key, in order. */
  readonly key: readonly string[];
  readonly rows: number;
}

/** The table with the deployment's identity: it is written first and completed last. */
export const DEPLOYMENT = 'leafcutter_deployment';

/** Tables that each store has for itself: its schema, and the mark of a moved file. */
const NOT_CARRIED = ['leafcutter_migration', 'leafcutter_moved'];

/** All tables of ours, including those of later schema steps, in order of their names. */
export async function tablesOf(source: SqlDriver): Promise<MovedTable[]> {
  const found = await source.query(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name = 'leaf_alloc' OR name GLOB 'leafcutter_*') ORDER BY name",
  );
  const names = found.map((row) => String(row.name)).filter((name) => !NOT_CARRIED.includes(name));
  const tables: MovedTable[] = [];
  for (const name of names) {
    const columns = await source.query('SELECT name, pk FROM pragma_table_info(?)', [name]);
    const inKey = columns.filter(({ pk }) => Number(pk) > 0);
    tables.push({
      name,
      columns: columns.map((row) => String(row.name)),
      key: inKey.sort((a, b) => Number(a.pk) - Number(b.pk)).map((row) => String(row.name)),
      rows: await countRows(source, name),
    });
  }
  return tables;
}

export async function countRows(session: Pick<SqlSession, 'query'>, table: string): Promise<number> {
  const [row] = await session.query(`SELECT COUNT(*) AS n FROM ${table}`);
  return Number(row?.n);
}

/** The columns of the target, by table. */
export async function columnsOf(target: SqlDriver): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await target.query(
    'SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE()',
  );
  const tables = new Map<string, Set<string>>();
  for (const { t, c } of rows) {
    const columns = tables.get(String(t)) ?? new Set();
    tables.set(String(t), columns.add(String(c)));
  }
  return tables;
}

/**
 * A column that the target lacks would be lost. Both schemas come from one program, so a newer release must have had
 * this file open.
 * @throws STORE_UNAVAILABLE with reason `schema`
 */
export function checkColumns(
  tables: readonly MovedTable[],
  target: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const missing = tables.flatMap(({ name, columns }) =>
    columns.filter((column) => target.get(name)?.has(column) !== true).map((column) => `${name}.${column}`),
  );
  if (missing.length === 0) return;
  throw new LeafcutterError(
    'STORE_UNAVAILABLE',
    `The file has something that this release cannot move (${missing.join(', ')}). Use the newer Leafcutter that last had it open.`,
    { reason: 'schema' },
  );
}
