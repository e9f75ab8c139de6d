import { createConnection } from 'mysql2/promise';
import type { Lane } from './draw.ts';
import { IdSet } from './id-set.ts';

/** A row of the ledger, as the checks need it. */
export interface LedgerRange {
  readonly kind: string;
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly instanceId: string;
}

/** The IDs that were issued more than once within one source; empty where all is well. */
export function findDuplicates(lanes: readonly Lane[]): string[] {
  const sources = new Map<string, IdSet>();
  for (const { source, ids } of lanes) {
    const set = sources.get(source) ?? new IdSet();
    sources.set(source, set);
    set.addAll(BigUint64Array.from(ids));
  }
  return [...sources].flatMap(([source, set]) => set.duplicates().map((id) => `${source}: ${id}`));
}

/** Where a caller got an ID that is not above the one before, from the same process. */
export function findFallingIds(lanes: readonly Lane[]): string[] {
  return lanes.flatMap(({ agent, source, ids }) => {
    const index = ids.findIndex((id, position) => position > 0 && id <= (ids[position - 1] ?? 0n));
    return index < 0 ? [] : [`${agent} ${source}: ${ids[index - 1]} before ${ids[index]}`];
  });
}

/** The whole ledger, in order. */
export async function readLedger(mysqlUrl: string): Promise<LedgerRange[]> {
  const connection = await createConnection({
    uri: mysqlUrl,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  try {
    const [rows] = await connection.query(
      'SELECT kind, CAST(name AS CHAR) AS name, range_start, range_end, instance_id FROM leafcutter_ledger ORDER BY kind, name, range_start',
    );
    return (rows as Record<string, string>[]).map((row) => ({
      kind: String(row.kind),
      name: String(row.name),
      start: BigInt(row.range_start ?? 0),
      end: BigInt(row.range_end ?? 0),
      instanceId: String(row.instance_id),
    }));
  } finally {
    await connection.end();
  }
}

/** Neighbouring ranges of one counter that overlap. */
export function findOverlaps(ledger: readonly LedgerRange[]): string[] {
  return ledger.flatMap((range, index) => {
    const before = ledger[index - 1];
    const overlaps =
      before !== undefined &&
      before.kind === range.kind &&
      before.name === range.name &&
      range.start < before.end;
    return overlaps
      ? [`${range.name}: [${before.start}, ${before.end}) and [${range.start}, ${range.end})`]
      : [];
  });
}

/**
 * IDs outside every range that the ledger gives to the instance that issued them. For snowflake IDs, `windowOf`
 * tells the machine id and the millisecond of an ID.
 */
export function findUngranted(
  lanes: readonly Lane[],
  ledger: readonly LedgerRange[],
  windowOf: (id: bigint) => { machineId: number; timestampMs: number },
): string[] {
  const byHolder = new Map<string, LedgerRange[]>();
  for (const range of ledger) {
    const key = holderKey(
      range.kind,
      range.kind === 'm' ? String(Number(range.name)) : range.name,
      range.instanceId,
    );
    byHolder.set(key, [...(byHolder.get(key) ?? []), range]);
  }
  return lanes.flatMap(({ agent, instanceId, source, ids }) => {
    const wrong = ids.find((id) => {
      const { key, value } =
        source === 'snowflake'
          ? {
              key: holderKey('m', String(windowOf(id).machineId), instanceId),
              value: BigInt(windowOf(id).timestampMs),
            }
          : { key: holderKey('t', source, instanceId), value: id };
      return !contains(byHolder.get(key) ?? [], value);
    });
    return wrong === undefined ? [] : [`${agent} (${instanceId}) ${source}: ${wrong}`];
  });
}

function holderKey(kind: string, name: string, instanceId: string): string {
  return `${kind}|${name}|${instanceId}`;
}

/** Binary search: the ranges are disjoint and in order. */
function contains(ranges: readonly LedgerRange[], value: bigint): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined) return false;
    if (value < range.start) high = middle - 1;
    else if (value >= range.end) low = middle + 1;
    else return true;
  }
  return false;
}
