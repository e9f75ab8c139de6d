import { LeafcutterError } from '@leafcutter/shared/errors';
import type { NewTag, TagChange, TagRecord } from './domain/store.ts';
import { unknownTag } from './domain/tags.ts';
import {
  DuplicateKeyError,
  type Row,
  type SqlDriver,
  type SqlSession,
  UnstorableTextError,
} from './sql-driver.ts';

/** Leaf's own table is read and written as Leaf does; what Leafcutter adds stands beside it in `leafcutter_tag`. */
const COLUMNS = `a.biz_tag, a.max_id, a.step, a.description, t.max_step, t.target_duration_s, t.highest_id, t.retired`;

/** Locks the tag's row and reads it with the database's clock; undefined where there is none. */
export async function lockTag(
  driver: SqlDriver,
  session: SqlSession,
  tag: string,
): Promise<{ record: TagRecord; nowMs: number } | undefined> {
  const [row] = await session
    .query(
      `SELECT ${COLUMNS}, ${driver.nowMs} AS now_ms FROM leaf_alloc a LEFT JOIN leafcutter_tag t ON t.tag = ?
     WHERE a.biz_tag = ? AND ${driver.bytewise('a.biz_tag')} = ${driver.bytewise('?')}${driver.forUpdate}`,
      [tag, tag, tag],
    )
    .catch(noneIfUnstorable);
  return row === undefined ? undefined : { record: toTag(row), nowMs: Number(row.now_ms) };
}

export async function findTags(driver: SqlDriver, tags: readonly string[]): Promise<TagRecord[]> {
  if (tags.length === 0) return [];
  const marks = tags.map(() => '?').join(', ');
  const wanted = new Set(tags);
  try {
    const rows = await driver.query(
      `SELECT ${COLUMNS} FROM leaf_alloc a LEFT JOIN leafcutter_tag t ON t.tag = ${driver.bytewise('a.biz_tag')}
       WHERE a.biz_tag IN (${marks})`,
      tags,
    );
    return rows.map(toTag).filter((record) => wanted.has(record.tag));
  } catch (error) {
    if (tags.length === 1) return noneIfUnstorable(error);
    if (!(error instanceof UnstorableTextError)) throw error;
    // One of them cannot stand in this table, which must not hide the others.
    const found: TagRecord[] = [];
    for (const tag of wanted) found.push(...(await findTags(driver, [tag])));
    return found;
  }
}

export async function listTags(
  driver: SqlDriver,
  after: string | undefined,
  limit: number,
): Promise<TagRecord[]> {
  const name = driver.bytewise('a.biz_tag');
  const rows = await driver.query(
    `SELECT ${COLUMNS} FROM leaf_alloc a LEFT JOIN leafcutter_tag t ON t.tag = ${name}
     WHERE ${name} > ${driver.bytewise('?')} ORDER BY ${name} LIMIT ${Math.floor(limit)}`,
    [after ?? ''],
  );
  return rows.map(toTag);
}

export async function createTag(driver: SqlDriver, tag: NewTag): Promise<void> {
  try {
    await driver.transaction(async (session) => {
      await session.run('INSERT INTO leaf_alloc (biz_tag, max_id, step, description) VALUES (?, ?, ?, ?)', [
        tag.tag,
        tag.nextId,
        tag.step,
        tag.description ?? null,
      ]);
      await session.run(
        'INSERT INTO leafcutter_tag (tag, max_step, target_duration_s, highest_id, retired) VALUES (?, ?, ?, ?, 0)',
        [tag.tag, tag.maxStep ?? null, tag.targetDurationS ?? null, tag.highestId ?? null],
      );
    });
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    throw new LeafcutterError(
      'TAG_EXISTS',
      `Tag "${tag.tag}", or one that differs only in case, exists already.`,
    );
  }
}

export async function changeTag(driver: SqlDriver, tag: string, change: TagChange): Promise<void> {
  await driver.transaction(async (session) => {
    if ((await lockTag(driver, session, tag)) === undefined) throw unknownTag(tag);
    if (change.step !== undefined) {
      await session.run('UPDATE leaf_alloc SET step = ? WHERE biz_tag = ?', [change.step, tag]);
    }
    if (change.description !== undefined) {
      await session.run('UPDATE leaf_alloc SET description = ? WHERE biz_tag = ?', [change.description, tag]);
    }
    await session.run(`${driver.insertIgnore} INTO leafcutter_tag (tag, retired) VALUES (?, 0)`, [tag]);
    const own = [
      ['max_step', change.maxStep],
      ['target_duration_s', change.targetDurationS],
      ['highest_id', change.highestId],
      ['retired', change.retired === undefined ? undefined : 1],
    ] as const;
    for (const [column, value] of own) {
      if (value === undefined) continue;
      await session.run(`UPDATE leafcutter_tag SET ${column} = ? WHERE tag = ?`, [value, tag]);
    }
  });
}

function noneIfUnstorable(error: unknown): never[] {
  if (error instanceof UnstorableTextError) return [];
  throw error;
}

function toTag(row: Row): TagRecord {
  return {
    tag: String(row.biz_tag),
    nextId: BigInt(row.max_id ?? 1),
    step: Number(row.step),
    maxStep: optionalNumber(row.max_step),
    targetDurationS: optionalNumber(row.target_duration_s),
    highestId: row.highest_id == null ? undefined : BigInt(row.highest_id),
    retired: Number(row.retired ?? 0) === 1,
    description: row.description == null ? undefined : String(row.description),
  };
}

function optionalNumber(value: Row[string] | undefined): number | undefined {
  return value == null ? undefined : Number(value);
}
