import type { SweptCounter } from './domain/fence.ts';
import { maxBigint } from './domain/range.ts';
import type { SqlDriver } from './sql-driver.ts';
import { LEDGER_KIND, ledgerTop } from './sql-ledger.ts';

const PAGE = 500;

/**
 * Every counter, or those that the ledger has an entry of since a moment of the database's clock. Tags are paged in the
 * order of their table's own key, whatever its collation: only so a page is found without reading all of them.
 */
export async function* counters(
  driver: SqlDriver,
  movedSinceMs: number | undefined,
): AsyncGenerator<readonly SweptCounter[]> {
  if (movedSinceMs === undefined) {
    yield* pages((after: string | undefined) => tagCounters(driver, after), lastTag);
    yield* pages((after: number | undefined) => machineCounters(driver, after), lastMachineId);
    return;
  }
  for await (const names of movedNames(driver, LEDGER_KIND.tag, movedSinceMs))
    yield await tagCounters(driver, undefined, names);
  for await (const names of movedNames(driver, LEDGER_KIND.machine, movedSinceMs))
    yield await machineCounters(driver, undefined, names.map(Number));
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

/** A page of tags above `after`, or those of `names`. */
async function tagCounters(
  driver: SqlDriver,
  after: string | undefined,
  names?: readonly string[],
): Promise<SweptCounter[]> {
  const tag = driver.bytewise('a.biz_tag');
  const { where, values } = condition('a.biz_tag', after, names);
  const rows = await driver.query(
    `SELECT a.biz_tag, a.max_id, t.high_water, ${ledgerTop(LEDGER_KIND.tag, tag)} AS ledger_top
     FROM leaf_alloc a LEFT JOIN leafcutter_tag t ON t.tag = ${tag} WHERE 1 = 1 ${where} ORDER BY a.biz_tag LIMIT ${PAGE}`,
    values,
  );
  return rows.map((row) => ({
    name: { kind: 'tag', tag: String(row.biz_tag) },
    value: maxBigint(BigInt(row.max_id ?? 0), BigInt(row.high_water ?? 0)),
    granted: BigInt(row.ledger_top ?? 0),
  }));
}

/** A page of machine ids that ever had a window, above `after`, or those of `machineIds`. */
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
  // A window ends at the ceiling, so what was granted needs no look at the ledger.
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

async function* movedNames(driver: SqlDriver, kind: string, sinceMs: number): AsyncGenerator<string[]> {
  for (let after = ''; ; ) {
    const rows = await driver.query(
      `SELECT DISTINCT name FROM leafcutter_ledger WHERE kind = ? AND granted_at_ms >= ? AND name > ?
       ORDER BY name LIMIT ${PAGE}`,
      [kind, Math.floor(sinceMs), after],
    );
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
