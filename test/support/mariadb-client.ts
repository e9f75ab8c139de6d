import { createConnection } from 'mysql2/promise';
import { PATIENCE_MS } from './patience.ts';

/** Runs one statement as `root`, on a connection of its own. */
export async function executeSql(port: number, sql: string): Promise<void> {
  await querySql(port, sql);
}

/** A row of an answer; a number that is too long for JavaScript is a text. */
export type SqlRow = Readonly<Record<string, string | number | null>>;

/** The same; resolves to the rows. */
export async function querySql(
  port: number,
  sql: string,
  values: readonly unknown[] = [],
  database = '',
): Promise<SqlRow[]> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port,
    user: 'root',
    database,
    connectTimeout: PATIENCE_MS,
    supportBigNumbers: true,
  });
  try {
    const [rows] = await connection.query(sql, [...values]);
    return rows as SqlRow[];
  } finally {
    connection.destroy();
  }
}

/**
 * True if a query is answered. An open port is not enough: it accepts before the server does, and a Galera node
 * answers queries without a table before it has joined. Throws otherwise.
 */
export async function answersQuery(port: number): Promise<boolean> {
  await executeSql(port, 'SELECT 1 FROM mysql.user LIMIT 1');
  return true;
}

/** Makes a database unless it exists; resolves to its URL. */
export async function createDatabaseOn(port: number, name: string): Promise<string> {
  await executeSql(port, `CREATE DATABASE IF NOT EXISTS \`${name}\``);
  return `mysql://root@127.0.0.1:${port}/${name}`;
}

/** Makes databases under fresh names, unless a name is given. */
export function databaseMaker(port: number): (name?: string) => Promise<string> {
  let made = 0;
  return (name = `test_${process.pid}_${++made}`) => createDatabaseOn(port, name);
}
