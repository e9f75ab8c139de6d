import { LeafcutterError } from '@leafcutter/shared/errors';
import { readMysqlUrl } from '@leafcutter/shared/store-url';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import {
  type CounterSource,
  type Found,
  MAX_COUNTERS,
  REPLICA_MAY_LAG,
  type ReadCounters,
  wholeNumber,
} from './source.ts';

const TIMEOUT_MS = 10_000;

type Row = RowDataPacket & Record<string, string>;

/** tinyid's counters. Its ranges are `(old, new]`, so `max_id` was handed out. (Source: tinyid, `tiny_id_info`.) */
export const tinyidCounters: ReadCounters = async (source) => {
  const rows = await query(
    source,
    'SELECT biz_type AS name, max_id, step, delta, remainder FROM tiny_id_info',
  );
  return rows.map((row) => {
    if (row.delta !== '1') {
      return {
        name: String(row.name),
        problem: `delta is ${row.delta}: several databases share the numbers by remainder, but a tag has all of them`,
      };
    }
    return counter(row, 1n);
  });
};

/** go-leaf's counters. Its segments are `[old, new)`, so `max_id` is free. (Source: go-leaf, `segments`.) */
export const goLeafCounters: ReadCounters = (source) =>
  tableCounters(source, 'SELECT biz_tag AS name, max_id, step FROM segments', 0n);

/** Counters of a table; `sql` selects `name`, `max_id` and perhaps `step`. The next ID is `above` higher than `max_id`. */
export async function tableCounters(source: CounterSource, sql: string, above: bigint): Promise<Found[]> {
  return (await query(source, sql)).map((row) => counter(row, above));
}

function counter(row: Row, above: bigint): Found {
  const name = String(row.name);
  const value = wholeNumber(String(row.max_id));
  const step = Number(row.step);
  if (value === undefined) return { name, problem: `max_id is ${row.max_id}, which is not a whole number` };
  return { name, nextId: value + above, ...(Number.isInteger(step) ? { step } : {}) };
}

async function query({ url, fromReplica }: CounterSource, sql: string): Promise<Row[]> {
  const { tls, ...place } = readMysqlUrl(url);
  const ssl = tls ? { ssl: { rejectUnauthorized: true, verifyIdentity: true } } : {};
  try {
    // Every value as text: a JavaScript number rounds a counter.
    const connection = await createConnection({ ...place, ...ssl, connectTimeout: TIMEOUT_MS });
    try {
      const text = { typeCast: (field: { string(): string | null }) => field.string() };
      if (!fromReplica) await refuseReadOnly(connection);
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
    if (error instanceof LeafcutterError) throw error;
    const { code = 'no connection', message } = error as NodeJS.ErrnoException;
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `The source database could not be read (${code}: ${message}); check --from, the user's privileges, and that the table exists.`,
      { cause: error },
    );
  }
}

/** Replicas are read-only, and whether a server is one only an account with further rights may ask. */
async function refuseReadOnly(connection: Connection): Promise<void> {
  const [[server]] = await connection.query<Row[]>('SELECT CAST(@@GLOBAL.read_only AS CHAR) AS read_only');
  if (/^(0|OFF)$/i.test(server?.read_only ?? '')) return;
  throw new LeafcutterError(
    'STORE_UNAVAILABLE',
    `The source database is read-only, as replicas are, ${REPLICA_MAY_LAG}`,
  );
}
