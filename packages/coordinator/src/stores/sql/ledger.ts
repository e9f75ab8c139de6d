import { LeafcutterError } from '@leafcutter/shared/errors';
import type { CounterName, LedgerEntry, Range } from '../../domain/allocation/range.ts';
import type { HoldingPage, LedgerCursor } from '../../domain/allocation/store.ts';
import type { Row, SqlDriver, SqlSession } from './driver.ts';

/** `t` for tags, `m` for machine ids; machine ids are padded so that they sort as numbers. */
export const LEDGER_KIND = { tag: 't', machine: 'm' } as const;

/**
 * Writes the ledger rows of one allocation in one statement.
 * @throws DuplicateKeyError if a range with one of their starts exists already
 */
export async function writeLedger(session: SqlSession, entries: readonly LedgerEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const marks = entries.map(() => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ');
  const values = entries.flatMap((entry) => [
    ...ledgerKey(entry.counter),
    entry.start,
    entry.end,
    entry.agentId,
    entry.instanceId,
    entry.coordinatorId,
    entry.grantedAtMs,
  ]);
  await session.run(
    `INSERT INTO leafcutter_ledger
       (kind, name, range_start, range_end, agent_id, instance_id, coordinator_id, granted_at_ms) VALUES ${marks}`,
    values,
  );
}

/** End of the highest of a counter's ranges that start below `below`; 0 if there is none. */
export async function ledgerEnd(session: SqlSession, name: CounterName, below: bigint): Promise<bigint> {
  const [row] = await session.query(
    `SELECT range_end FROM leafcutter_ledger WHERE kind = ? AND name = ? AND range_start < ?
     ORDER BY range_start DESC LIMIT 1`,
    [...ledgerKey(name), below],
  );
  return BigInt(row?.range_end ?? 0);
}

/** Above every start of a range. */
export const NO_END = '9223372036854775807';

/**
 * An expression for the end of the highest range of each counter of a table, and its values. `column` names the counters
 * as the ledger does. It is a subquery, so that a locking SELECT does not lock the ledger.
 *
 * One counter is named by its name, and several by the column, because of what each order makes of a server's plan: MySQL
 * 9 would read all ranges of each counter for an order by the last column of the key, and MariaDB 10.11 all of a constant
 * name's for an order by all of it.
 */
export function ledgerTops(
  kind: 't' | 'm',
  column: string,
  names: readonly string[],
): { readonly sql: string; readonly values: readonly string[] } {
  return names.length === 1
    ? { sql: topRange(kind, '?', 'ORDER BY l.range_start DESC'), values: names }
    : { sql: ledgerTopBelow(kind, column, NO_END), values: [] };
}

/** The same of each row of a table, and of the ranges that start below another expression. */
export function ledgerTopBelow(kind: 't' | 'm', column: string, below: string): string {
  return topRange(
    kind,
    column,
    `AND l.range_start < ${below} ORDER BY l.kind DESC, l.name DESC, l.range_start DESC`,
  );
}

function topRange(kind: 't' | 'm', name: string, end: string): string {
  return `(SELECT l.range_end FROM leafcutter_ledger l WHERE l.kind = '${kind}' AND l.name = ${name} ${end} LIMIT 1)`;
}

/** A machine id as the ledger names it: padded, so that names sort as numbers. */
export function machineName(machineId: number): string {
  return String(machineId).padStart(10, '0');
}

/** The same in SQL. */
export function machineNameOf(driver: Pick<SqlDriver, 'bytewise'>, column: string): string {
  return driver.bytewise(`SUBSTR(CONCAT('0000000000', ${column}), -10)`);
}

/** Start of the lowest of a counter's ranges that start at `from` or above; undefined if there is none. */
export async function nextRangeStart(
  session: SqlSession,
  name: CounterName,
  from: bigint,
): Promise<bigint | undefined> {
  const [row] = await session.query(
    `SELECT range_start FROM leafcutter_ledger WHERE kind = ? AND name = ? AND range_start >= ?
     ORDER BY range_start LIMIT 1`,
    [...ledgerKey(name), from],
  );
  return row?.range_start == null ? undefined : BigInt(row.range_start);
}

/**
 * The parts of `within` that none of a counter's ranges starting in it covers, in order. One statement finds them,
 * because there may be a million ranges.
 */
export async function holes(
  session: Pick<SqlSession, 'query'>,
  name: CounterName,
  { start, end }: Range,
): Promise<Range[]> {
  const key = ledgerKey(name);
  const ranges = `leafcutter_ledger WHERE kind = ? AND name = ? AND range_start >= ? AND range_start < ?`;
  const inside = [...key, start, end];
  const rows = await session.query(
    `SELECT range_end AS hole_start, next_start AS hole_end FROM
       (SELECT range_end, COALESCE(LEAD(range_start) OVER (ORDER BY range_start), ?) AS next_start FROM ${ranges}) AS pairs
     WHERE next_start > range_end ORDER BY range_end`,
    [end, ...inside],
  );
  const [first] = await session.query(`SELECT MIN(range_start) AS hole_end FROM ${ranges}`, inside);
  const all = [{ hole_start: start, hole_end: first?.hole_end ?? end }, ...rows];
  return all
    .map((row) => ({ start: BigInt(row.hole_start ?? 0), end: BigInt(row.hole_end ?? 0) }))
    .filter((hole) => hole.end > hole.start);
}

/** A counter's ranges that start in `[first, last]`, in order. */
export async function rangesFrom(
  session: SqlSession,
  name: CounterName,
  first: bigint,
  last: bigint,
): Promise<LedgerEntry[]> {
  const rows = await session.query(
    `SELECT ${COLUMNS} FROM leafcutter_ledger l WHERE l.kind = ? AND l.name = ?
     AND l.range_start BETWEEN ? AND ? ORDER BY l.range_start`,
    [...ledgerKey(name), first, last],
  );
  return rows.map(toEntry);
}

/** Puts `whole` in place of the `count` ranges that start inside it. */
export async function mergeRanges(session: SqlSession, whole: LedgerEntry, count: number): Promise<void> {
  const key = ledgerKey(whole.counter);
  const { start, end, agentId, instanceId, coordinatorId, grantedAtMs } = whole;
  const raised = await session.run(
    `UPDATE leafcutter_ledger SET range_end = ?, agent_id = ?, instance_id = ?, coordinator_id = ?, granted_at_ms = ?
     WHERE kind = ? AND name = ? AND range_start = ?`,
    [end, agentId, instanceId, coordinatorId, grantedAtMs, ...key, start],
  );
  const deleted = await session.run(
    'DELETE FROM leafcutter_ledger WHERE kind = ? AND name = ? AND range_start > ? AND range_start < ?',
    [...key, start, end],
  );
  if (raised === 1 && deleted === count - 1) return;
  throw new LeafcutterError('INTERNAL', `The ledger of ${key.join(' ')} changed under its counter's lock.`);
}

export async function readLedger(
  driver: SqlDriver,
  after: LedgerCursor | undefined,
  limit: number,
): Promise<LedgerEntry[]> {
  const cursor = after === undefined ? undefined : ledgerKey(after.counter);
  const where =
    cursor === undefined
      ? ''
      : 'WHERE (kind = ? AND name = ? AND range_start > ?) OR (kind = ? AND name > ?) OR kind > ?';
  const values =
    cursor === undefined || after === undefined ? [] : [...cursor, after.start, ...cursor, cursor[0]];
  const rows = await driver.query(
    `SELECT kind, name, range_start, range_end, agent_id, instance_id, coordinator_id, granted_at_ms
     FROM leafcutter_ledger ${where} ORDER BY kind, name, range_start LIMIT ${Math.floor(limit)}`,
    values,
  );
  return rows.map(toEntry);
}

const COLUMNS =
  'l.kind, l.name, l.range_start, l.range_end, l.agent_id, l.instance_id, l.coordinator_id, l.granted_at_ms';

/**
 * The highest ranges of a counter that start below `below`, highest first. Reads the end of the primary key
 * backwards.
 */
export async function latestRanges(
  driver: SqlDriver,
  name: CounterName,
  below: bigint | undefined,
  limit: number,
): Promise<LedgerEntry[]> {
  const rows = await driver.query(
    `SELECT ${COLUMNS} FROM leafcutter_ledger l WHERE l.kind = ? AND l.name = ?
     ${below === undefined ? '' : 'AND l.range_start < ?'} ORDER BY l.range_start DESC LIMIT ${Math.floor(limit)}`,
    [...ledgerKey(name), ...(below === undefined ? [] : [below])],
  );
  return rows.map(toEntry);
}

/** How many tags one statement looks up: its text and its plan grow with them. */
const LOOKUPS_PER_STATEMENT = 50;

/**
 * Looks once into the primary key of the ledger for each tag of a page: ranges are disjoint, so the last start
 * decides. Each look is a query of its own in a UNION; with a correlated subquery MariaDB reads every range of the
 * tag.
 */
export async function rangesHolding(
  driver: SqlDriver,
  id: bigint,
  after: string | undefined,
  limit: number,
): Promise<HoldingPage> {
  const page = Math.floor(limit);
  const tags = await driver.query(
    `SELECT a.biz_tag FROM leaf_alloc a ${after === undefined ? '' : 'WHERE a.biz_tag > ?'}
     ORDER BY a.biz_tag LIMIT ${page}`,
    after === undefined ? [] : [after],
  );
  const names = tags.map((row) => String(row.biz_tag));
  const ranges: LedgerEntry[] = [];
  for (let at = 0; at < names.length; at += LOOKUPS_PER_STATEMENT) {
    const some = names.slice(at, at + LOOKUPS_PER_STATEMENT);
    const lookups = some.map(
      (_, index) => `SELECT * FROM (SELECT ${COLUMNS} FROM leafcutter_ledger l
         WHERE l.kind = ? AND l.name = ? AND l.range_start <= ? ORDER BY l.range_start DESC LIMIT 1) AS of${index}`,
    );
    const values = some.flatMap((tag) => [LEDGER_KIND.tag, tag, id]);
    const rows = await driver.query(lookups.join(' UNION ALL '), values);
    ranges.push(...rows.map(toEntry).filter(({ end }) => end > id));
  }
  return { ranges, next: names.length < page ? undefined : names.at(-1) };
}

function ledgerKey(name: CounterName): [kind: string, name: string] {
  return [LEDGER_KIND[name.kind], name.kind === 'machine' ? machineName(name.machineId) : name.tag];
}

function toEntry(row: Row): LedgerEntry {
  const name = String(row.name);
  return {
    counter:
      row.kind === LEDGER_KIND.tag
        ? { kind: 'tag', tag: name }
        : { kind: 'machine', machineId: Number(name) },
    start: BigInt(row.range_start ?? 0),
    end: BigInt(row.range_end ?? 0),
    agentId: String(row.agent_id),
    instanceId: String(row.instance_id),
    coordinatorId: String(row.coordinator_id),
    grantedAtMs: Number(row.granted_at_ms),
  };
}
