import type { SweptCounter } from '../../domain/allocation/fence.ts';
import {
  type CounterName,
  counterKey,
  type Era,
  maxBigint,
  minBigint,
} from '../../domain/allocation/range.ts';
import { type SqlDriver, UnstorableTextError } from './driver.ts';
import { LEDGER_KIND, latestRanges, ledgerTopBelow, NO_END } from './ledger.ts';
import { toEra } from './tags.ts';

const PAGE = 500;

/** Columns of `leafcutter_tag` that a swept counter needs, and the number at which its era ends. */
const ERA_COLUMNS = 't.high_water, t.era, t.taken_from, t.taken_to';
const ERA_END = `COALESCE(t.taken_from, ${NO_END})`;

/**
 * Every counter, or those that got a ledger entry since a moment of the database's clock. Tags are paged in the order
 * of their table's own key, whatever its collation: only then is a page found without reading all of them.
 */
export async function* counters(
  driver: SqlDriver,
  movedSinceMs: number | undefined,
): AsyncGenerator<readonly SweptCounter[]> {
  if (movedSinceMs === undefined) {
    yield* pages((after: string | undefined) => tagCounters(driver, after), lastTag);
    yield* tagsWithoutRow(driver);
    yield* pages((after: number | undefined) => machineCounters(driver, after), lastMachineId);
    yield* onlyInLedger(driver);
    return;
  }
  for await (const tags of movedNames(driver, LEDGER_KIND.tag, movedSinceMs))
    yield await taggedCounters(driver, tags);
  // No ledger entry shows that a counter was lowered.
  yield* tagsOf('t.era > 0', driver);
  for await (const names of movedNames(driver, LEDGER_KIND.machine, movedSinceMs))
    yield await machinesNamed(driver, names.map(Number));
}

async function* pages<K>(
  read: (after: K | undefined) => Promise<SweptCounter[]>,
  keyOf: (counter: SweptCounter | undefined) => K | undefined,
): AsyncGenerator<readonly SweptCounter[]> {
  for (let after: K | undefined; ; ) {
    const page = await read(after);
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = keyOf(page.at(-1));
  }
}

/** These counters; one without a row is `gone`. */
export async function countersOf(driver: SqlDriver, names: readonly CounterName[]): Promise<SweptCounter[]> {
  const tags = names.flatMap((name) => (name.kind === 'tag' ? [name.tag] : []));
  const machineIds = names.flatMap((name) => (name.kind === 'machine' ? [name.machineId] : []));
  const found: SweptCounter[] = [];
  for (const page of inPages(tags)) found.push(...(await taggedCounters(driver, page)));
  for (const page of inPages(machineIds)) found.push(...(await machinesNamed(driver, page)));
  return found;
}

/** A page of tags, with what is left of those that have no row. */
async function taggedCounters(driver: SqlDriver, tags: readonly string[]): Promise<SweptCounter[]> {
  if (tags.length === 0) return [];
  const rows = await tagsNamed(driver, tags);
  const present = new Set(rows.map(({ name }) => counterKey(name)));
  return [
    ...rows,
    ...(await goneTags(
      driver,
      tags.filter((tag) => !present.has(tag)),
    )),
  ];
}

/** These machine ids. One that has no row, or a row without any window, gets what the ledger has of it. */
async function machinesNamed(driver: SqlDriver, machineIds: readonly number[]): Promise<SweptCounter[]> {
  const found = await machineCounters(driver, undefined, machineIds);
  const present = new Set(found.map(({ name }) => counterKey(name)));
  for (const machineId of machineIds) {
    if (present.has(String(machineId))) continue;
    const name = { kind: 'machine', machineId } as const;
    const granted = (await latestRanges(driver, name, undefined, 1))[0]?.end ?? 0n;
    found.push({ name, value: granted, granted, gone: true });
  }
  return found;
}

/** Counters that only the ledger knows, because somebody deleted both rows of a tag, or the row of a machine id. */
async function* onlyInLedger(driver: SqlDriver): AsyncGenerator<readonly SweptCounter[]> {
  const wasSeen = `SELECT t.tag FROM leafcutter_tag t WHERE t.high_water > 0 AND t.tag IN `;
  for await (const tags of ledgerNames(driver, LEDGER_KIND.tag)) {
    const rows = await driver.query(`${wasSeen} (${tags.map(() => '?').join(', ')})`, tags);
    const seen = new Set(rows.map(({ tag }) => String(tag)));
    const others = await taggedCounters(
      driver,
      tags.filter((tag) => !seen.has(tag)),
    );
    yield others.filter(({ gone }) => gone);
  }
  for await (const names of ledgerNames(driver, LEDGER_KIND.machine))
    yield (await machinesNamed(driver, names.map(Number))).filter(({ gone }) => gone);
}

function* inPages<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += PAGE) yield items.slice(at, at + PAGE);
}

/** A name that this table's charset cannot hold must not hide the others. */
async function tagsNamed(driver: SqlDriver, tags: readonly string[]): Promise<SweptCounter[]> {
  const wanted = new Set(tags);
  try {
    return (await tagCounters(driver, undefined, tags)).filter(({ name }) => wanted.has(counterKey(name)));
  } catch (error) {
    if (!(error instanceof UnstorableTextError)) throw error;
    if (tags.length <= 1) return [];
    const found: SweptCounter[] = [];
    for (const tag of tags) found.push(...(await tagsNamed(driver, [tag])));
    return found;
  }
}

/**
 * Tags that handed out numbers and whose rows are gone, for example because somebody deleted them. Their names are
 * looked up page by page: a join of the two tables could not use both of their keys.
 */
async function* tagsWithoutRow(driver: SqlDriver): AsyncGenerator<readonly SweptCounter[]> {
  for await (const page of tagsOf('t.high_water > 0', driver)) {
    const gone = page.filter((counter) => counter.gone);
    if (gone.length > 0) yield gone;
  }
}

/** Tags whose row in `leafcutter_tag` meets a condition. */
async function* tagsOf(where: string, driver: SqlDriver): AsyncGenerator<readonly SweptCounter[]> {
  for (let after = ''; ; ) {
    const rows = await driver.query(
      `SELECT t.tag FROM leafcutter_tag t WHERE ${where} AND t.tag > ? ORDER BY t.tag LIMIT ${PAGE}`,
      [after],
    );
    const tags = rows.map((row) => String(row.tag));
    if (tags.length > 0) yield await taggedCounters(driver, tags);
    after = tags.at(-1) ?? after;
    if (tags.length < PAGE) return;
  }
}

/** What is left of tags whose rows are gone: their high-water marks, and the ledger. */
async function goneTags(driver: SqlDriver, tags: readonly string[]): Promise<SweptCounter[]> {
  if (tags.length === 0) return [];
  const marks = tags.map(() => '?').join(', ');
  const rows = await driver.query(
    `SELECT t.tag, ${ERA_COLUMNS} FROM leafcutter_tag t WHERE t.tag IN (${marks})`,
    tags,
  );
  const own = new Map(rows.map((row) => [String(row.tag), row]));
  const found: SweptCounter[] = [];
  for (const tag of tags) {
    const name = { kind: 'tag', tag } as const;
    const row = own.get(tag) ?? {};
    const era = toEra(row);
    const [top] = await latestRanges(driver, name, era.taken?.start, 1);
    const granted = grantedIn(era, top?.end ?? 0n);
    found.push({ name, value: maxBigint(BigInt(row.high_water ?? 0), granted), granted, ...era, gone: true });
  }
  return found;
}

/** A page of tags above `after`, or those of `names`. */
async function tagCounters(
  driver: SqlDriver,
  after: string | undefined,
  names?: readonly string[],
): Promise<SweptCounter[]> {
  const tag = driver.bytewise('a.biz_tag');
  const { where, values } = condition('a.biz_tag', after, names);
  const rows = await driver.query(
    `SELECT a.biz_tag, a.max_id, ${ERA_COLUMNS}, ${ledgerTopBelow(LEDGER_KIND.tag, tag, ERA_END)} AS era_top
     FROM leaf_alloc a LEFT JOIN leafcutter_tag t ON t.tag = ${tag} WHERE 1 = 1 ${where} ORDER BY a.biz_tag LIMIT ${PAGE}`,
    values,
  );
  return rows.map((row) => {
    const era = toEra(row);
    const granted = grantedIn(era, BigInt(row.era_top ?? 0));
    // A counter that was set back by hand counts from the end of its ledger: the next range starts there.
    const value = [BigInt(row.max_id ?? 0), BigInt(row.high_water ?? 0), granted].reduce(maxBigint);
    return { name: { kind: 'tag', tag: String(row.biz_tag) }, value, granted, ...era };
  });
}

/** A range that ends inside what was handed out above was merged with it: the era's numbers are used up. */
function grantedIn({ taken }: Era, top: bigint): bigint {
  return taken === undefined ? top : minBigint(top, taken.start);
}

/** A page of machine ids above `after` that ever had a window, or of those in `machineIds`. */
async function machineCounters(
  driver: SqlDriver,
  after: number | undefined,
  machineIds?: readonly number[],
): Promise<SweptCounter[]> {
  const { where, values } = condition('m.machine_id', after, machineIds);
  const rows = await driver.query(
    `SELECT m.machine_id, m.ceiling_ms FROM leafcutter_machine m WHERE m.ceiling_ms > 0 ${where} ORDER BY m.machine_id LIMIT ${PAGE}`,
    values,
  );
  // A window ends at the ceiling, so the ceiling says what was granted, without the ledger.
  return rows.map((row) => {
    const ceilingMs = BigInt(row.ceiling_ms ?? 0);
    const name = { kind: 'machine', machineId: Number(row.machine_id) } as const;
    return { name, value: ceilingMs, granted: ceilingMs };
  });
}

function condition<K extends string | number>(
  column: string,
  after: K | undefined,
  keys: readonly K[] | undefined,
): { where: string; values: readonly K[] } {
  if (keys !== undefined)
    return { where: `AND ${column} IN (${keys.map(() => '?').join(', ')})`, values: keys };
  return after === undefined ? { where: '', values: [] } : { where: `AND ${column} > ?`, values: [after] };
}

function movedNames(driver: SqlDriver, kind: string, sinceMs: number): AsyncGenerator<string[]> {
  return namePages(
    driver,
    'SELECT DISTINCT name FROM leafcutter_ledger WHERE kind = ? AND granted_at_ms >= ?',
    '',
    [kind, Math.floor(sinceMs)],
  );
}

/**
 * All names of a kind in the ledger, without reading all of its ranges. Most servers skip from name to name if `kind`
 * is among the columns that are grouped by. Those that would not (MariaDB 11.4) are asked for one name after the other.
 */
async function* ledgerNames(driver: SqlDriver, kind: string): AsyncGenerator<string[]> {
  const select = 'SELECT name FROM leafcutter_ledger WHERE kind = ?';
  const grouping = 'GROUP BY kind, name';
  const [plan] = await driver.query(`EXPLAIN ${select} ${grouping}`, [kind]);
  // In a table of several columns, or in one text.
  if (/for group-by|skip scan for grouping/.test(Object.values(plan ?? {}).join())) {
    yield* namePages(driver, select, grouping, [kind]);
    return;
  }
  let names: string[] = [];
  for (let after = ''; ; ) {
    const [next] = await driver.query(`${select} AND name > ? ORDER BY name LIMIT 1`, [kind, after]);
    if (next !== undefined) names.push(String(next.name));
    if (names.length > 0 && (next === undefined || names.length === PAGE)) {
      yield names;
      names = [];
    }
    if (next === undefined) return;
    after = String(next.name);
  }
}

async function* namePages(
  driver: SqlDriver,
  select: string,
  grouping: string,
  values: readonly (string | number)[],
): AsyncGenerator<string[]> {
  for (let after = ''; ; ) {
    const rows = await driver.query(`${select} AND name > ? ${grouping} ORDER BY name LIMIT ${PAGE}`, [
      ...values,
      after,
    ]);
    const names = rows.map((row) => String(row.name));
    if (names.length > 0) yield names;
    after = names.at(-1) ?? after;
    if (names.length < PAGE) return;
  }
}

function lastTag(counter: SweptCounter | undefined): string | undefined {
  return counter?.name.kind === 'tag' ? counter.name.tag : undefined;
}

function lastMachineId(counter: SweptCounter | undefined): number | undefined {
  return counter?.name.kind === 'machine' ? counter.name.machineId : undefined;
}
