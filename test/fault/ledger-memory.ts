import type { GrantedRange } from '@leafcutter/cli/verify/checks';
import { LOST_HOLDER } from '@leafcutter/coordinator/domain/allocation/lost-range';
import type { Pool, PoolConnection } from 'mysql2/promise';

/**
 * Everything that the ledger ever said. If a scenario takes rows away from MySQL, they are remembered first: a range
 * stays granted even if the database forgot it.
 */
export class LedgerMemory {
  readonly #connection: Pool;
  readonly #grants = new Map<string, GrantedRange>();

  constructor(connection: Pool) {
    this.#connection = connection;
  }

  /** Reads the ledger, over the operator's connection unless another one is given. */
  async remember(connection: Pool | PoolConnection = this.#connection): Promise<void> {
    const [rows] = await connection.query(
      'SELECT kind, CAST(name AS CHAR) AS name, range_start, range_end, instance_id FROM leafcutter_ledger',
    );
    for (const row of rows as Record<string, string>[]) {
      const grant = {
        kind: String(row.kind),
        name: String(row.name),
        start: BigInt(row.range_start ?? 0),
        end: BigInt(row.range_end ?? 0),
        instanceId: String(row.instance_id),
      };
      // Entered because MySQL had lost the grants, which were read before.
      if (grant.instanceId === LOST_HOLDER.instanceId) continue;
      // If the same range was granted to two instances, it stays two grants, so that it is found.
      this.#grants.set([grant.kind, grant.name, grant.start, grant.end, grant.instanceId].join('|'), grant);
    }
  }

  /** All grants by counter and start. */
  get grants(): GrantedRange[] {
    return [...this.#grants.values()].sort(
      (a, b) =>
        compare(a.kind, b.kind) ||
        compare(a.name, b.name) ||
        compare(a.start, b.start) ||
        compare(a.end, b.end),
    );
  }
}

function compare<T extends string | bigint>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
