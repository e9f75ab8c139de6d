import type { GrantedRange } from '@leafcutter/cli/verify/checks';
import { createConnection } from 'mysql2/promise';

/** The whole ledger, in order. */
export async function readLedger(mysqlUrl: string): Promise<GrantedRange[]> {
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
