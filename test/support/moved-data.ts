import { openSqliteToMove } from '@leafcutter/coordinator/stores/sqlite/driver';
import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** Rows of all moved tables as texts, by table, each in the order of its key. */
export type Dump = Readonly<Record<string, readonly (readonly (string | null)[])[]>>;

/** Tables and columns of a store that a move carries. */
export type Schema = Readonly<Record<string, readonly string[]>>;

const CARRIED =
  "(name = 'leaf_alloc' OR name LIKE 'leafcutter%') AND name NOT IN ('leafcutter_migration', 'leafcutter_moved')";

/** Runs `work` with every value as text: a JavaScript number rounds a counter. */
export async function inMysql<T>(url: string, work: (query: Query) => Promise<T>): Promise<T> {
  const connection = await createConnection({ uri: url, timezone: 'Z', charset: 'utf8mb4' });
  try {
    return await work(async (sql, values = []) => {
      const typeCast = (field: { buffer(): Buffer | null }) => field.buffer()?.toString('utf8') ?? null;
      const [rows] = await connection.query<RowDataPacket[]>({ sql, values: [...values], typeCast });
      return rows as Record<string, string | null>[];
    });
  } finally {
    connection.destroy();
  }
}

export type Query = (
  sql: string,
  values?: readonly (string | bigint | number)[],
) => Promise<Record<string, string | null>[]>;

export function mysqlSchema(url: string): Promise<Schema> {
  return inMysql(url, async (query) => {
    const rows = await query(
      `SELECT * FROM (SELECT table_name AS name, column_name AS col, ordinal_position AS at FROM information_schema.columns
       WHERE table_schema = DATABASE()) AS columns_of WHERE ${CARRIED} ORDER BY name, at`,
    );
    const schema: Record<string, string[]> = {};
    for (const { name, col } of rows) schema[String(name)] = [...(schema[String(name)] ?? []), String(col)];
    return schema;
  });
}

export async function sqliteSchema(file: string): Promise<Schema> {
  const { driver } = openSqliteToMove(file, { migrate: false });
  try {
    const tables = await driver.query(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND ${CARRIED} ORDER BY name`,
    );
    const schema: Record<string, string[]> = {};
    for (const { name } of tables) {
      const columns = await driver.query('SELECT name FROM pragma_table_info(?)', [String(name)]);
      schema[String(name)] = columns.map((column) => String(column.name));
    }
    return schema;
  } finally {
    await driver.close();
  }
}

export async function dumpSqlite(file: string, schema: Schema): Promise<Dump> {
  const { driver } = openSqliteToMove(file, { migrate: false });
  try {
    const dump: Record<string, (string | null)[][]> = {};
    for (const [table, columns] of Object.entries(schema)) {
      const rows = await driver.query(`SELECT ${columns.join(', ')} FROM ${table}`);
      dump[table] = sorted(rows.map((row) => columns.map((column) => textOf(row[column]))));
    }
    return dump;
  } finally {
    await driver.close();
  }
}

export function dumpMysql(url: string, schema: Schema): Promise<Dump> {
  return inMysql(url, async (query) => {
    await query("SET SESSION time_zone = '+00:00'");
    const dump: Record<string, (string | null)[][]> = {};
    for (const [table, columns] of Object.entries(schema)) {
      const rows = await query(`SELECT ${columns.join(', ')} FROM ${table}`);
      dump[table] = sorted(rows.map((row) => columns.map((column) => row[column] ?? null)));
    }
    return dump;
  });
}

function textOf(value: unknown): string | null {
  return value == null ? null : String(value);
}

function sorted(rows: (string | null)[][]): (string | null)[][] {
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
