import type {
  TrailAction,
  TrailEntry,
  TrailQuery,
  TrailRecord,
  TrailValues,
} from '../../domain/trail/trail.ts';
import type { Row, SqlDriver, SqlSession, SqlValue } from './driver.ts';

/** Rows that one statement deletes, so that none holds many locks. */
const ROWS_PER_DELETE = 1_000;

/** Enters a change, in the transaction of whoever makes it. */
export async function writeTrail(driver: SqlDriver, session: SqlSession, entry: TrailEntry): Promise<void> {
  const { action, subject, actor, origin, coordinatorId, before, after } = entry;
  await session.run(
    `INSERT INTO leafcutter_trail
       (at_ms, action, subject, actor, origin, coordinator_id, before_values, after_values)
     VALUES (${driver.nowMs}, ?, ?, ?, ?, ?, ?, ?)`,
    [action, subject, actor, origin, coordinatorId, jsonOf(before), jsonOf(after)],
  );
}

/** Each question goes by an index. */
export async function readTrail(
  driver: SqlDriver,
  { tag, actor, after, limit }: TrailQuery,
): Promise<TrailRecord[]> {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  if (tag !== undefined) {
    conditions.push('subject = ?');
    values.push(tag);
  }
  if (actor !== undefined) {
    conditions.push('actor = ?');
    values.push(actor);
  }
  if (after !== undefined) {
    const atMs = BigInt(after.atMs);
    conditions.push('(at_ms < ? OR (at_ms = ? AND id < ?))');
    values.push(atMs, atMs, after.id);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = await driver.query(
    `SELECT id, at_ms, action, subject, actor, origin, coordinator_id, before_values, after_values
     FROM leafcutter_trail ${where} ORDER BY at_ms DESC, id DESC LIMIT ${Math.floor(limit)}`,
    values,
  );
  return rows.map(toRecord);
}

/** Resolves to how many rows are gone. */
export async function pruneTrail(driver: SqlDriver, beforeMs: number): Promise<number> {
  for (let gone = 0; ; ) {
    const rows = await driver.query(
      `SELECT id FROM leafcutter_trail WHERE at_ms < ? ORDER BY at_ms, id LIMIT ${ROWS_PER_DELETE}`,
      [BigInt(beforeMs)],
    );
    if (rows.length === 0) return gone;
    const marks = rows.map(() => '?').join(', ');
    gone += await driver.run(
      `DELETE FROM leafcutter_trail WHERE id IN (${marks})`,
      rows.map(({ id }) => BigInt(id ?? 0)),
    );
  }
}

function jsonOf(values: TrailValues | null): string | null {
  return values === null ? null : JSON.stringify(values);
}

function toRecord(row: Row): TrailRecord {
  return {
    id: BigInt(row.id ?? 0),
    atMs: Number(row.at_ms),
    action: String(row.action) as TrailAction,
    subject: String(row.subject),
    actor: String(row.actor),
    origin: String(row.origin),
    coordinatorId: String(row.coordinator_id),
    before: valuesOf(row.before_values),
    after: valuesOf(row.after_values),
  };
}

function valuesOf(json: SqlValue | undefined): TrailValues | null {
  return json == null ? null : (JSON.parse(String(json)) as TrailValues);
}
