import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { layoutFingerprint } from '@leafcutter/shared/layout';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { systemClock } from '@leafcutter/shared/system-clock';
import type { CoordinatorConfig } from '../settings/settings.ts';
import { openMysql } from '../stores/mysql/driver.ts';
import { MIGRATION_TIMEOUT_MS, migrateMysql } from '../stores/mysql/migrations.ts';
import type { Row, SqlDriver } from '../stores/sql/driver.ts';
import { embeddedFile, openSqliteToMove } from '../stores/sqlite/driver.ts';
import { type Moved, markMoved } from '../stores/sqlite/moved.ts';
import { copyTable } from './copy-table.ts';
import { type Plan, planMove } from './plan.ts';
import { checkColumns, columnsOf, DEPLOYMENT, type MovedTable, tablesOf } from './tables.ts';
import { ClaimedTarget, lookAt } from './target.ts';

/** The steps of a move, in their order. */
type MoveStep = 'claimed' | 'emptied' | 'copied' | 'raised' | 'checked' | 'marked' | 'completed';

export interface MoveEvents {
  /** Called between transactions. If it throws, the move ends there, and can be repeated. */
  progress(step: MoveStep, table?: string, rows?: number, of?: number): void;
}

export interface MoveReport {
  readonly plan: Plan;
  readonly file: string;
  /** `host:port/database`. */
  readonly target: string;
  readonly deploymentId: string;
  readonly layout: string;
  readonly tables: readonly Pick<MovedTable, 'name' | 'rows'>[];
}

/** An embedded database that this process holds. */
interface HeldFile {
  readonly file: string;
  readonly driver: SqlDriver;
  readonly moved: Moved | undefined;
}

/**
 * Moves the embedded database of `dataDir` to the MySQL of `mysql`. `config` is that of the coordinator that will
 * follow. With `dryRun` it says what it would do and changes neither.
 * @throws STORE_UNAVAILABLE, LAYOUT_MISMATCH
 */
export async function move(
  config: CoordinatorConfig,
  dryRun: boolean,
  events: MoveEvents,
): Promise<MoveReport> {
  const { mysql, dataDir, snowflake } = config;
  const file = embeddedFile(dataDir);
  if (mysql.url === undefined || !existsSync(file)) {
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `There is no embedded database ${file}; name its folder with --data-dir.`,
      { reason: 'no_database' },
    );
  }
  const source = openSqliteToMove(file, { migrate: !dryRun });
  try {
    const target = openMysql({
      ...mysql,
      url: mysql.url,
      connectionLimit: 1,
      statementTimeoutMs: MIGRATION_TIMEOUT_MS,
    });
    try {
      const parts = { ...source, file, target, name: describeTarget(mysql.url), clock: systemClock, events };
      return await moveBetween(parts, layoutFingerprint(layoutOf(snowflake)), dryRun);
    } finally {
      await target.close();
    }
  } finally {
    await source.driver.close();
  }
}

interface Parts extends HeldFile {
  readonly target: SqlDriver;
  /** The target, without its password. */
  readonly name: string;
  readonly clock: Clock;
  readonly events: MoveEvents;
}

/**
 * The move itself. The two must never both serve (I1), so the file is stopped before MySQL is started.
 *
 * 1. This process holds the file: no coordinator has it open, or opens it, while the process lives.
 * 2. MySQL is claimed: no coordinator serves from it, and one that came first is noticed.
 * 3. Everything is copied. A crash up to here leaves the file as it was, and it may serve on; the next move begins
 *    anew.
 * 4. The file is marked. From here on it never serves again. After a crash, neither of the two serves.
 * 5. MySQL is completed, and serves.
 *
 * The same rows mean the same next range, since both stores run the same statements.
 */
export async function moveBetween(parts: Parts, layout: string, dryRun: boolean): Promise<MoveReport> {
  const { driver, moved, target, events } = parts;
  const deployment = await readDeployment(parts, layout);
  const deploymentId = String(deployment.id);
  const tables = await tablesOf(driver);
  const found = await lookAt(target, tables, await columnsOf(target));
  const plan = planMove({ deploymentId, movedBy: moved?.claim }, found);
  const report = { plan, file: parts.file, target: parts.name, deploymentId, layout, tables };
  if (dryRun || plan === 'done') return report;

  await migrateMysql(target);
  checkColumns(tables, await columnsOf(target));
  const claim = moved?.claim ?? randomUUID();
  const before = found.kind === 'claimed' ? found.claim : undefined;
  const claimed = await ClaimedTarget.take(target, claim, { deployment, tables, before });
  events.progress('claimed');
  if (plan === 'again') {
    for (const table of tables) await claimed.empty(table, () => events.progress('emptied', table.name));
  }
  for (const table of tables) {
    if (table.name === DEPLOYMENT) continue;
    await copyTable(driver, claimed, table, (rows) =>
      events.progress('copied', table.name, rows, table.rows),
    );
  }
  await claimed.raiseCounters();
  events.progress('raised');
  await claimed.check(tables);
  events.progress('checked');
  if (moved === undefined) await markMoved(driver, { claim, target: parts.name, atMs: parts.clock.now() });
  events.progress('marked');
  await claimed.complete(layout, tables);
  events.progress('completed');
  return report;
}

/** The row that identifies the file. @throws STORE_UNAVAILABLE, LAYOUT_MISMATCH */
async function readDeployment({ driver, file }: HeldFile, layout: string): Promise<Row> {
  const isThere = await driver.query(`SELECT 1 AS one FROM sqlite_schema WHERE name = '${DEPLOYMENT}'`);
  const [row] = isThere.length === 0 ? [] : await driver.query(`SELECT * FROM ${DEPLOYMENT}`);
  if (row === undefined) {
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `No coordinator has ever used ${file}: there is nothing to move.`,
      {
        reason: 'no_database',
      },
    );
  }
  if (row.layout === layout) return row;
  throw new LeafcutterError(
    'LAYOUT_MISMATCH',
    `The file has snowflake layout ${row.layout}, but the settings say ${layout}. Run the move with the settings that the coordinator will have.`,
  );
}

/** `host:port/database` of a URL. */
export function describeTarget(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 3306}${pathname}`;
}
