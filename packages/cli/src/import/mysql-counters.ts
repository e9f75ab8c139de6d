import { LeafcutterError } from '@leafcutter/shared/errors';
import { readMysqlUrl } from '@leafcutter/shared/store-url';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type Found, MAX_COUNTERS, wholeNumber } from './source.ts';

const TIMEOUT_MS = 10_000;

type Row = RowDataPacket & Record<string, string>;

/** tinyid's counters. Its ranges are `(old, new]`, so `max_id` was handed out. (Source: tinyid, `tiny_id_info`.) */
export async function tinyidCounters(url: string): Promise<Found[]> {
  const rows = await query(url, 'SELECT biz_type AS name, max_id, step, delta, remainder FROM tiny_id_info');
  return rows.map((row) => {
    if (row.delta !== '1') {
      return {
        name: String(row.name),
        problem: `delta is ${row.delta}: several databases share the numbers by remainder; a tag has them all`,
      };
    }
    return counter(row, 1n);
  });
}

/** go-leaf's counters. Its segments are `[old, new)`, so `max_id` is free. (Source: go-leaf, `segments`.) */
export async function goLeafCounters(url: string): Promise<Found[]> {
  return (await query(url, 'SELECT biz_tag AS name, max_id, step FROM segments')).map((row) =>
    counter(row, 0n),
  );
}

function counter(row: Row, above: bigint): Found {
  const name = String(row.name);
  const value = wholeNumber(String(row.max_id));
  const step = Number(row.step);
  if (value === undefined) return { name, problem: `max_id is ${row.max_id}, no whole number` };
  return { name, nextId: value + above, ...(Number.isInteger(step) ? { step } : {}) };
}

async function query(url: string, sql: string): Promise<Row[]> {
  const { tls, ...place } = readMysqlUrl(url);
  const ssl = tls ? { ssl: { rejectUnauthorized: true, verifyIdentity: true } } : {};
  try {
    // Every value as text: a JavaScript number rounds a counter.
    const connection = await createConnection({ ...place, ...ssl, connectTimeout: TIMEOUT_MS });
    try {
      const text = { typeCast: (field: { string(): string | null }) => field.string() };
      const [rows] = await connection.query<Row[]>({
        sql: `${sql} ORDER BY name LIMIT ${MAX_COUNTERS + 1}`,
        timeout: TIMEOUT_MS,
        ...text,
      });
      return rows;
    } finally {
      connection.destroy();
    }
  } catch (error) {
    const { code = 'no connection', message } = error as NodeJS.ErrnoException;
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `The source database could not be read (${code}: ${message}); check --from, its rights, and that the table is there.`,
      { cause: error },
    );
  }
}
