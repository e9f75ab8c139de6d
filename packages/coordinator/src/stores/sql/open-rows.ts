import { marks, type SqlDriver, type SqlValue } from './driver.ts';

const PAGE = 500;

/** The tables of the counters, and their keys. */
const COUNTERS = [
  ['leaf_alloc', 'biz_tag'],
  ['leafcutter_machine', 'machine_id'],
] as const;

/**
 * Waits for the transactions that hold counters' rows. It asks which rows are free and waits for each of the others alone, so
 * that it holds no row while it waits.
 */
export async function untilRowsAreFree(driver: SqlDriver): Promise<void> {
  for (const [table, key] of COUNTERS) {
    for await (const names of namePages(driver, table, key)) {
      const free = await driver.query(
        `SELECT ${key} AS name FROM ${table} WHERE ${key} IN (${marks(names)})${driver.forUpdate}${driver.skipLocked}`,
        names,
      );
      const isFree = new Set(free.map(({ name }) => String(name)));
      for (const name of names) if (!isFree.has(String(name))) await waitFor(driver, table, key, name);
    }
  }
}

function waitFor(driver: SqlDriver, table: string, key: string, name: SqlValue): Promise<unknown> {
  return driver.transaction((session) =>
    session.query(`SELECT 1 AS one FROM ${table} WHERE ${key} = ?${driver.forUpdate}`, [name]),
  );
}

async function* namePages(driver: SqlDriver, table: string, key: string): AsyncGenerator<SqlValue[]> {
  for (let after: SqlValue | undefined; ; ) {
    const rows = await driver.query(
      `SELECT ${key} AS name FROM ${table} ${after === undefined ? '' : `WHERE ${key} > ?`} ORDER BY ${key} LIMIT ${PAGE}`,
      after === undefined ? [] : [after],
    );
    const names = rows.map(({ name }) => name ?? null);
    if (names.length > 0) yield names;
    if (names.length < PAGE) return;
    after = names.at(-1) ?? null;
  }
}
