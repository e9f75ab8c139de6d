import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LAYOUT_TEXT } from '@leafcutter/coordinator/fakes/samples';
import type { SqlDriver, SqlValue } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { embeddedFile, openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';
import { inMysql } from './moved-data.ts';
import { scratchDir } from './scratch-dir.ts';

/** A data folder with an embedded database, as a coordinator left it. */
export interface Embedded {
  readonly dataDir: string;
  readonly file: string;
}

/** Makes one, with an identity and what `fill` puts in. */
export async function embedded(
  fill: (driver: SqlDriver) => Promise<void> = async () => undefined,
): Promise<Embedded> {
  const dataDir = join(await scratchDir('embedded'), 'data');
  await mkdir(dataDir);
  const file = embeddedFile(dataDir);
  const driver = openSqlite(file);
  try {
    await new SqlStore(driver).identify(LAYOUT_TEXT);
    await fill(driver);
  } finally {
    await driver.close();
  }
  return { dataDir, file };
}

/** Fills the ledger of a tag with `rows` ranges of ten, and sets the counter to their end. */
export async function fillLedger(driver: SqlDriver, tag: string, rows: number): Promise<void> {
  const end = BigInt(rows) * 10n + 1n;
  await driver.run('INSERT INTO leaf_alloc (biz_tag, max_id, step) VALUES (?, ?, ?)', [tag, end, 10n]);
  await driver.run('INSERT INTO leafcutter_tag (tag, high_water) VALUES (?, ?)', [tag, end]);
  await driver.run(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
     INSERT INTO leafcutter_ledger (kind, name, range_start, range_end, agent_id, instance_id, coordinator_id, granted_at_ms)
     SELECT 't', ?, i * 10 + 1, i * 10 + 11, 'agent', '00000000-0000-4000-8000-000000000001', 'coordinator', i FROM n`,
    [BigInt(rows), tag],
  );
}

/** The value that a column needs for its row to be one of ours; every other column gets a unique value. */
const FIXED: Readonly<Record<string, (row: number) => SqlValue>> = {
  'leafcutter_deployment.singleton': () => 1n,
  'leafcutter_deployment.layout': () => LAYOUT_TEXT,
  'leafcutter_ledger.kind': (row) => (row === 0 ? 't' : 'm'),
  'leafcutter_ledger.range_end': () => 9_223_372_036_854_775_000n,
};
const ROWS = 2;

/**
 * Puts rows into every table so that each column has a value of its own, as long or as large as MySQL's type for it
 * allows. A column that a later step of the schema adds gets one too.
 */
export async function fillEveryColumn(driver: SqlDriver, mysqlUrl: string): Promise<void> {
  const columns = await inMysql(mysqlUrl, (query) =>
    query(
      `SELECT table_name AS t, column_name AS c, data_type AS type, character_maximum_length AS size
       FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> 'leafcutter_migration'
       ORDER BY t, ordinal_position`,
    ),
  );
  await driver.run('DELETE FROM leafcutter_deployment');
  for (const [table, of] of Map.groupBy(columns, ({ t }) => String(t))) {
    const rows = table === 'leafcutter_deployment' ? 1 : ROWS;
    for (let row = 0; row < rows; row++) {
      const names = of.map(({ c }) => String(c));
      const values = of.map(({ c, type, size }, index) => {
        const fixed = FIXED[`${table}.${c}`];
        return fixed === undefined
          ? sampleOf(String(c), String(type), Number(size), index * ROWS + row)
          : fixed(row);
      });
      const marks = names.map(() => '?').join(', ');
      await driver.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`, values);
    }
  }
}

function sampleOf(column: string, type: string, size: number, unique: number): SqlValue {
  switch (type) {
    case 'tinyint':
      return BigInt(unique + 1);
    case 'int':
      return BigInt(2_000_000_000 + unique);
    case 'bigint':
      // Above what a double holds.
      return 9_007_199_254_740_993n + BigInt(unique * 2);
    case 'timestamp':
      return `2026-01-02 03:04:${String(unique % 60).padStart(2, '0')}`;
    case 'char':
    case 'varchar':
    case 'varbinary':
      return `${unique}-${column}-`.padEnd(Math.min(size, 200), 'x').slice(0, size);
    default:
      throw new Error(`no sample of type ${type} for ${column}: add one`);
  }
}
