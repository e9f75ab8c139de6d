import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Row, SqlDriver, SqlSession, SqlValue } from '../stores/sql/driver.ts';
import { DuplicateKeyError } from '../stores/sql/driver.ts';
import type { FoundTarget } from './plan.ts';
import { countRows, DEPLOYMENT, type MovedTable } from './tables.ts';
import { claimOf, unfinishedLayout } from './unfinished.ts';

/** How many rows one transaction deletes. */
const ROWS_PER_DELETE = 5_000;

/** Looks at MySQL without changing it. `existing`: its tables. */
export async function lookAt(
  target: SqlDriver,
  tables: readonly MovedTable[],
  existing: { has(table: string): boolean },
): Promise<FoundTarget> {
  const present = tables.filter(({ name }) => existing.has(name));
  if (existing.has(DEPLOYMENT)) {
    const [row] = await target.query(`SELECT id, layout FROM ${DEPLOYMENT}`);
    if (row !== undefined) {
      const deploymentId = String(row.id);
      const claim = claimOf(String(row.layout));
      return claim === undefined
        ? { kind: 'serving', deploymentId }
        : { kind: 'claimed', deploymentId, claim };
    }
  }
  const table = await firstWithRows(target, present);
  return table === undefined ? { kind: 'empty' } : { kind: 'occupied', table };
}

async function firstWithRows(
  session: Pick<SqlSession, 'query'>,
  tables: readonly MovedTable[],
): Promise<string | undefined> {
  for (const { name } of tables) {
    if (name === DEPLOYMENT) continue;
    if ((await session.query(`SELECT 1 AS one FROM ${name} LIMIT 1`)).length > 0) return name;
  }
  return undefined;
}

/**
 * A MySQL that only this move fills. Until everything is there, its deployment row has a layout that no coordinator
 * has. Every transaction holds that row. So a second move of the same deployment can take over only between two of
 * them, and the first one then notices.
 */
export class ClaimedTarget {
  readonly #driver: SqlDriver;
  readonly #claim: string;

  private constructor(driver: SqlDriver, claim: string) {
    this.#driver = driver;
    this.#claim = claim;
  }

  /**
   * Takes an empty target, or one that an interrupted move of the same deployment left (`before`: its claim). The
   * rows of that one stay for `empty`.
   * @throws STORE_UNAVAILABLE with reason `target_not_empty` if somebody else was quicker
   */
  static async take(
    driver: SqlDriver,
    claim: string,
    {
      deployment,
      tables,
      before,
    }: { deployment: Row; tables: readonly MovedTable[]; before: string | undefined },
  ): Promise<ClaimedTarget> {
    const row: Row = { ...deployment, layout: unfinishedLayout(claim) };
    try {
      await driver.transaction(async (session) => {
        if (before !== undefined) {
          const sql = `DELETE FROM ${DEPLOYMENT} WHERE id = ? AND layout = ?`;
          if ((await session.run(sql, [row.id ?? '', unfinishedLayout(before)])) !== 1) throw overtaken();
        }
        await insertRows(session, DEPLOYMENT, Object.keys(row), [Object.values(row)]);
        const occupied = before === undefined ? await firstWithRows(session, tables) : undefined;
        if (occupied !== undefined) throw notEmpty(occupied);
      });
    } catch (error) {
      throw error instanceof DuplicateKeyError ? notEmpty(DEPLOYMENT) : error;
    }
    return new ClaimedTarget(driver, claim);
  }

  /** @throws STORE_UNAVAILABLE with reason `move_overtaken` if another move took over */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#driver.transaction(async (session) => {
      const [row] = await session.query(`SELECT layout FROM ${DEPLOYMENT} WHERE singleton = 1 FOR UPDATE`);
      if (row?.layout !== unfinishedLayout(this.#claim)) throw overtaken();
      return work(session);
    });
  }

  /** Deletes what an interrupted move wrote: the file may have handed out more since. */
  async empty({ name }: MovedTable, pause: () => void): Promise<void> {
    if (name === DEPLOYMENT) return;
    for (let deleted = ROWS_PER_DELETE; deleted === ROWS_PER_DELETE; ) {
      pause();
      deleted = await this.transaction((session) =>
        session.run(`DELETE FROM ${name} LIMIT ${ROWS_PER_DELETE}`),
      );
    }
  }

  /** Raises each tag's counter to its high-water mark, since a Leaf on this table reads only the counter. */
  async raiseCounters(): Promise<void> {
    const tag = this.#driver.bytewise('a.biz_tag');
    await this.transaction((session) =>
      session.run(
        `UPDATE leaf_alloc a JOIN leafcutter_tag t ON t.tag = ${tag}
         SET a.max_id = t.high_water, a.update_time = a.update_time WHERE t.high_water > a.max_id`,
      ),
    );
  }

  /** @throws STORE_UNAVAILABLE with reason `move_differs` if a table does not have as many rows as the file */
  async check(tables: readonly MovedTable[]): Promise<void> {
    await this.transaction((session) => checkCounts(session, tables));
  }

  /** Gives MySQL its layout. From that moment on coordinators serve from it. */
  async complete(layout: string, tables: readonly MovedTable[]): Promise<void> {
    await this.transaction(async (session) => {
      // Checked once more: another server may have been promoted meanwhile, without the last rows.
      await checkCounts(session, tables);
      await session.run(`UPDATE ${DEPLOYMENT} SET layout = ? WHERE singleton = 1`, [layout]);
    });
  }
}

/** @throws STORE_UNAVAILABLE with reason `move_differs` if not all were written */
export async function insertRows(
  session: SqlSession,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  const marks = rows.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ');
  const written = await session.run(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${marks}`,
    rows.flat(),
  );
  if (written !== rows.length) throw differs(table, rows.length, written);
}

async function checkCounts(session: SqlSession, tables: readonly MovedTable[]): Promise<void> {
  for (const { name, rows } of tables) {
    const there = await countRows(session, name);
    if (there !== rows) throw differs(name, rows, there);
  }
}

function notEmpty(table: string): LeafcutterError {
  return unavailable(
    `The target is not empty any more: ${table} has rows. Use a separate database.`,
    'target_not_empty',
  );
}

function overtaken(): LeafcutterError {
  return unavailable('Another move into this MySQL took over. Let that one finish.', 'move_overtaken');
}

function differs(table: string, rows: number, there: number): LeafcutterError {
  return unavailable(
    `${table} has ${there} rows in MySQL and ${rows} in the file: something else writes to that database, or it failed over. Run the move again.`,
    'move_differs',
  );
}

function unavailable(
  message: string,
  reason: 'target_not_empty' | 'move_overtaken' | 'move_differs',
): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason });
}
