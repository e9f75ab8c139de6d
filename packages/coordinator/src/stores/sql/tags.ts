import { LeafcutterError } from '@leafcutter/shared/errors';
import { type Era, maxBigint, minBigint } from '../../domain/allocation/range.ts';
import type {
  NewTag,
  Noting,
  ShapedTag,
  ShapeSpan,
  TagChange,
  TagRecord,
} from '../../domain/allocation/store.ts';
import { checkSameShape, unknownTag } from '../../domain/tags/tags.ts';
import { withChange } from '../../domain/trail/tag-entry.ts';
import { DEPLOYMENT_COLUMNS, JOIN_DEPLOYMENT, toMemory } from './deployment.ts';
import {
  byKey,
  DuplicateKeyError,
  marks,
  optionalText,
  type Row,
  requireAll,
  type SqlDriver,
  type SqlSession,
  UnstorableTextError,
} from './driver.ts';
import { LEDGER_KIND, ledgerTops } from './ledger.ts';
import { writeTrail } from './trail.ts';

/** Leaf's own table is read and written as Leaf does; what Leafcutter adds is in `leafcutter_tag`. */
const LEAF_COLUMNS = 'a.biz_tag, a.max_id, a.step, a.description';
const OWN_COLUMNS =
  't.max_step, t.target_duration_s, t.highest_id, t.retired, t.high_water, t.shape, t.shaped_active, t.era, t.taken_from, t.taken_to, t.first_id';
const COLUMNS = `${LEAF_COLUMNS}, ${OWN_COLUMNS}`;

/**
 * `retired` and `shaped_active` of a tag with a shape. A coordinator of an earlier release reads only the first
 * column, and so refuses a tag whose bare numbers it would give out.
 */
const RETIRED_TO_WHO_KNOWS_NO_SHAPES = [1, 1];

/** A tag as read under its lock. */
export interface LockedTagRow {
  readonly record: TagRecord;
  /** True if it has a row in `leafcutter_tag` too. */
  readonly hasOwn: boolean;
  readonly era: Era;
  /** The database's clock, unix milliseconds. */
  readonly nowMs: number;
  readonly deploymentId: string | undefined;
  readonly generation: string | undefined;
  readonly memory: ReturnType<typeof toMemory>;
  readonly ledgerTop: bigint;
}

/**
 * Locks the rows of these tags, and then reads everything that must agree with them. It takes two statements, because
 * MariaDB answers a locking one that waited from two moments: the row from after the wait, its subqueries from before it.
 * `lock` ends the first one. Tags without a row are left out, as are those that `lock` skips.
 */
export async function lockTags(
  driver: SqlDriver,
  session: SqlSession,
  tags: readonly string[],
  lock: string,
): Promise<LockedTagRow[]> {
  const found = await session
    .query(`SELECT ${LEAF_COLUMNS} FROM leaf_alloc a WHERE a.biz_tag IN (${marks(tags)})${lock}`, tags)
    .catch(tags.length === 1 ? noneIfUnstorable : rethrow);
  // Whatever its collation takes for the same, a tag is what it is byte by byte.
  const asked = new Set(tags);
  const same = found.filter((row) => asked.has(String(row.biz_tag)));
  const locked = new Map(same.map((row) => [String(row.biz_tag), row]));
  if (locked.size === 0) return [];
  const names = [...locked.keys()];
  const tag = driver.bytewise('a.biz_tag');
  const top = ledgerTops(LEDGER_KIND.tag, tag, names);
  const rows = await session.query(
    `SELECT a.biz_tag, ${OWN_COLUMNS}, t.tag AS own, ${driver.nowMs} AS now_ms, ${DEPLOYMENT_COLUMNS},
       ${top.sql} AS ledger_top
     FROM leaf_alloc a ${JOIN_DEPLOYMENT} LEFT JOIN leafcutter_tag t ON t.tag = ${tag}
     WHERE a.biz_tag IN (${marks(names)})`,
    [...top.values, ...names],
  );
  if (rows.length !== names.length)
    throw new LeafcutterError('INTERNAL', `A row of the tags ${names.join(', ')} is gone under its lock.`);
  return rows.map((row) => ({
    record: toTag({ ...locked.get(String(row.biz_tag)), ...row }),
    hasOwn: row.own !== null,
    era: toEra(row),
    nowMs: Number(row.now_ms),
    deploymentId: optionalText(row.deployment_id),
    generation: optionalText(row.generation),
    memory: toMemory(row),
    ledgerTop: BigInt(row.ledger_top ?? 0),
  }));
}

/** The era of a row of `leafcutter_tag`. */
export function toEra(row: Row): Era {
  const era = row.era == null || Number(row.era) === 0 ? {} : { era: Number(row.era) };
  if (row.taken_from == null || row.taken_to == null) return era;
  return { ...era, taken: { start: BigInt(row.taken_from), end: BigInt(row.taken_to) } };
}

/** Sets the counters of locked tags, and their high-water marks, which outlive the counters' rows. */
export async function setCounters(
  session: SqlSession,
  rises: readonly { readonly row: LockedTagRow; readonly to: bigint }[],
): Promise<void> {
  const tags = rises.map(({ row }) => row.record.tag);
  const to = byKey(
    'biz_tag',
    rises.map((rise) => [rise.row.record.tag, rise.to] as const),
  );
  // The condition includes the old value: if a row changed under our lock, it was not locked.
  const from = byKey(
    'biz_tag',
    rises.map(({ row }) => [row.record.tag, row.record.nextId] as const),
  );
  const affected = await session.run(
    `UPDATE leaf_alloc SET max_id = ${to.sql} WHERE biz_tag IN (${marks(tags)}) AND max_id = ${from.sql}`,
    [...to.values, ...tags, ...from.values],
  );
  requireAll(affected, tags, 'the tags');
  const [old, fresh] = [rises.filter(({ row }) => row.hasOwn), rises.filter(({ row }) => !row.hasOwn)];
  if (old.length > 0) {
    const pairs = old.map((rise) => [rise.row.record.tag, rise.to] as const);
    const highWater = byKey('tag', pairs);
    await session.run(
      `UPDATE leafcutter_tag SET high_water = ${highWater.sql} WHERE tag IN (${marks(old)})`,
      [...highWater.values, ...old.map(({ row }) => row.record.tag)],
    );
  }
  if (fresh.length > 0) {
    await session.run(
      `INSERT INTO leafcutter_tag (high_water, tag) VALUES ${fresh.map(() => '(?, ?)').join(', ')}`,
      fresh.flatMap((rise) => [rise.to, rise.row.record.tag]),
    );
  }
}

/** Notes the era of a tag whose counter is set already, and the highest ID that it may reach in that era. */
export async function setEra(
  session: SqlSession,
  { tag, highestId }: TagRecord,
  { era = 0, taken }: Era,
): Promise<void> {
  const below = taken === undefined ? highestId : minBigint(highestId ?? taken.start, taken.start - 1n);
  await session.run(
    'UPDATE leafcutter_tag SET highest_id = ?, era = ?, taken_from = ?, taken_to = ? WHERE tag = ?',
    [below ?? null, era, taken?.start ?? null, taken?.end ?? null, tag],
  );
}

/** The shape of a tag whose row the database lost, and that nobody has made again yet. */
const FORGOTTEN_SHAPE = '?';

/** Raises the high-water mark of a tag that has no row. */
export async function keepHighWater(
  driver: SqlDriver,
  session: SqlSession,
  tag: string,
  to: bigint,
): Promise<void> {
  const insert = `${driver.insertIgnore} INTO leafcutter_tag (tag, retired, shape) VALUES (?, 0, ?)`;
  await session.run(insert, [tag, FORGOTTEN_SHAPE]);
  await session.run('UPDATE leafcutter_tag SET high_water = ? WHERE tag = ? AND high_water < ?', [
    to,
    tag,
    to,
  ]);
}

export async function findTags(driver: SqlDriver, tags: readonly string[]): Promise<TagRecord[]> {
  if (tags.length === 0) return [];
  const wanted = new Set(tags);
  try {
    const rows = await driver.query(
      `SELECT ${COLUMNS} FROM leaf_alloc a LEFT JOIN leafcutter_tag t ON t.tag = ${driver.bytewise('a.biz_tag')}
       WHERE a.biz_tag IN (${marks(tags)})`,
      tags,
    );
    return rows.map(toTag).filter((record) => wanted.has(record.tag));
  } catch (error) {
    if (tags.length === 1) return noneIfUnstorable(error);
    if (!(error instanceof UnstorableTextError)) throw error;
    // A name that cannot stand in this table must not hide the others.
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

/** Uses the index on `shape`. A day's tag has braces in its name but no open date in its shape. */
export async function listShapes(
  driver: SqlDriver,
  { above, below }: ShapeSpan,
  except: string,
  limit: number,
): Promise<ShapedTag[]> {
  const rows = await driver.query(
    `SELECT tag, shape FROM leafcutter_tag WHERE shape > ? AND shape < ? AND tag <> ?
       AND (tag NOT LIKE '%{%' OR shape LIKE '%{yyyy%')
     ORDER BY shape, tag LIMIT ${Math.floor(limit)}`,
    [above, below, except],
  );
  return rows.map(({ tag, shape }) => ({ tag: String(tag), shape: String(shape) }));
}

export async function createTag(driver: SqlDriver, tag: NewTag, noting?: Noting): Promise<void> {
  try {
    await driver.transaction(async (session) => {
      // A tag that exists is no earlier tag, whatever shape is asked for.
      const existing = await session.query('SELECT 1 FROM leaf_alloc WHERE biz_tag = ?', [tag.tag]);
      if (existing.length > 0) throw new DuplicateKeyError('the tag exists');
      // An earlier tag of this name left a high-water mark: the new one starts above it.
      await session.run(`${driver.insertIgnore} INTO leafcutter_tag (tag, retired) VALUES (?, 0)`, [tag.tag]);
      const [left] = await session.query('SELECT high_water, shape FROM leafcutter_tag WHERE tag = ?', [
        tag.tag,
      ]);
      if (left?.shape !== FORGOTTEN_SHAPE)
        checkSameShape(tag, BigInt(left?.high_water ?? 0), optionalText(left?.shape));
      const highWater = BigInt(left?.high_water ?? 0);
      const nextId = maxBigint(tag.nextId, highWater);
      await session.run('INSERT INTO leaf_alloc (biz_tag, max_id, step, description) VALUES (?, ?, ?, ?)', [
        tag.tag,
        nextId,
        tag.step,
        tag.description ?? null,
      ]);
      await session.run(
        `UPDATE leafcutter_tag SET max_step = ?, target_duration_s = ?, highest_id = ?, shape = ?,
           retired = ?, shaped_active = ?, first_id = ? WHERE tag = ?`,
        [
          ...[tag.maxStep ?? null, tag.targetDurationS ?? null, tag.highestId ?? null, tag.shape ?? null],
          ...(tag.shape === undefined ? [0, 0] : RETIRED_TO_WHO_KNOWS_NO_SHAPES),
          nextId,
          tag.tag,
        ],
      );
      const entry = noting?.(undefined, { ...tag, nextId, highWater, firstId: nextId, retired: false });
      if (entry !== undefined) await writeTrail(driver, session, entry);
    });
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    throw new LeafcutterError(
      'TAG_EXISTS',
      `Tag "${tag.tag}", or one that differs only in case, already exists.`,
    );
  }
}

export async function changeTag(
  driver: SqlDriver,
  tag: string,
  change: TagChange,
  noting?: Noting,
): Promise<void> {
  await driver.transaction(async (session) => {
    const [locked] = await lockTags(driver, session, [tag], driver.forUpdate);
    if (locked === undefined) throw unknownTag(tag);
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
      ['shaped_active', change.retired === undefined ? undefined : 0],
    ] as const;
    for (const [column, value] of own) {
      if (value === undefined) continue;
      await session.run(`UPDATE leafcutter_tag SET ${column} = ? WHERE tag = ?`, [value, tag]);
    }
    const entry = noting?.(locked.record, withChange(locked.record, change));
    if (entry !== undefined) await writeTrail(driver, session, entry);
  });
}

function noneIfUnstorable(error: unknown): never[] {
  if (error instanceof UnstorableTextError) return [];
  throw error;
}

function rethrow(error: unknown): never {
  throw error;
}

function toTag(row: Row): TagRecord {
  return {
    tag: String(row.biz_tag),
    nextId: BigInt(row.max_id ?? 1),
    highWater: BigInt(row.high_water ?? 0),
    firstId: row.first_id == null ? undefined : BigInt(row.first_id),
    step: Number(row.step),
    maxStep: optionalNumber(row.max_step),
    targetDurationS: optionalNumber(row.target_duration_s),
    highestId: row.highest_id == null ? undefined : BigInt(row.highest_id),
    retired: Number(row.retired ?? 0) === 1 && Number(row.shaped_active ?? 0) === 0,
    description: optionalText(row.description),
    shape: row.shape === FORGOTTEN_SHAPE ? undefined : optionalText(row.shape),
    taken: toEra(row).taken,
  };
}

function optionalNumber(value: Row[string] | undefined): number | undefined {
  return value == null ? undefined : Number(value);
}
