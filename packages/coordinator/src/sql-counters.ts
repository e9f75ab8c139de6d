import { type Counter, type CounterName, maxBigint } from './domain/range.ts';
import type { Row, SqlDriver } from './sql-driver.ts';
import { LEDGER_KIND } from './sql-ledger.ts';
import { findTags, listTags } from './sql-tags.ts';

const PAGE = 500;

/** Every counter, or those that the ledger has an entry of since a moment of the database's clock. */
export async function* counters(
  driver: SqlDriver,
  movedSinceMs: number | undefined,
): AsyncGenerator<readonly Counter[]> {
  if (movedSinceMs !== undefined) {
    yield* movedTags(driver, movedSinceMs);
    yield* movedMachineIds(driver, movedSinceMs);
    return;
  }
  for (let after: string | undefined; ; ) {
    const tags = await listTags(driver, after, PAGE);
    if (tags.length > 0) yield tags.map(counterOf);
    after = tags.at(-1)?.tag;
    if (tags.length < PAGE) break;
  }
  for (let after = -1; ; ) {
    const rows = await driver.query(
      `SELECT machine_id, ceiling_ms FROM leafcutter_machine WHERE machine_id > ? AND ceiling_ms > 0
       ORDER BY machine_id LIMIT ${PAGE}`,
      [after],
    );
    if (rows.length > 0) yield rows.map(machineCounter);
    after = Number(rows.at(-1)?.machine_id ?? after);
    if (rows.length < PAGE) return;
  }
}

async function* movedTags(driver: SqlDriver, sinceMs: number): AsyncGenerator<readonly Counter[]> {
  for await (const names of movedNames(driver, LEDGER_KIND.tag, sinceMs)) {
    yield (await findTags(driver, names)).map(counterOf);
  }
}

async function* movedMachineIds(driver: SqlDriver, sinceMs: number): AsyncGenerator<readonly Counter[]> {
  for await (const names of movedNames(driver, LEDGER_KIND.machine, sinceMs)) {
    const marks = names.map(() => '?').join(', ');
    const rows = await driver.query(
      `SELECT machine_id, ceiling_ms FROM leafcutter_machine WHERE machine_id IN (${marks})`,
      names.map(Number),
    );
    yield rows.map(machineCounter);
  }
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

function counterOf({ tag, nextId, highWater }: { tag: string; nextId: bigint; highWater: bigint }): Counter {
  const name: CounterName = { kind: 'tag', tag };
  return { name, value: maxBigint(nextId, highWater) };
}

function machineCounter(row: Row): Counter {
  return {
    name: { kind: 'machine', machineId: Number(row.machine_id) },
    value: BigInt(row.ceiling_ms ?? 0),
  };
}
