import { hasCode } from '@leafcutter/shared/errors';
import { decode, type SnowflakeLayout } from '@leafcutter/shared/layout';
import type { AdminClient } from '../admin/admin-client.ts';
import { findOverlaps, findUngranted, type GrantedRange, type Violation } from './checks.ts';
import type { Call, History } from './history.ts';

/** No segment is longer than the longest step, so the one that holds an ID starts at most this far below it. */
const LONGEST_SEGMENT = 2n ** 31n;

/** What the ledger says about the IDs that were drawn. */
export interface Membership {
  /** Ledger ranges that were read. */
  readonly ranges: number;
  readonly ungranted: readonly Violation<Call>[];
  readonly overlaps: readonly string[];
}

/**
 * Compares every drawn ID with the coordinators' ledger (I2).
 * @throws the code that the coordinator answers; COORDINATOR_UNAVAILABLE if none does
 */
export async function checkMembership(client: AdminClient, history: History): Promise<Membership> {
  const ranges: GrantedRange[] = [];
  let layout: SnowflakeLayout | undefined;
  for (const [source, span] of spansOf(history)) {
    const of = source === 'snowflake' ? 'machine-ids' : { tag: source };
    const from = span.lowest - LONGEST_SEGMENT;
    let after = of !== 'machine-ids' && from > 0n ? String(from) : undefined;
    for (;;) {
      const page = await client.ledger(of, after);
      layout = page.layout;
      for (const { tag, machineId, start, end, instanceId } of page.ranges) {
        const counter = tag === null ? { kind: 'm', name: String(machineId) } : { kind: 't', name: tag };
        ranges.push({ ...counter, start: BigInt(start), end: BigInt(end), instanceId });
      }
      const past = of !== 'machine-ids' && (ranges.at(-1)?.start ?? 0n) > span.highest;
      if (page.next === null || past) break;
      after = page.next;
    }
  }
  const windowOf = (id: bigint) => {
    if (layout === undefined) throw new Error('no page of the ledger was read');
    return readWindow(layout, id);
  };
  return {
    ranges: ranges.length,
    ungranted: findUngranted(history.issued, ranges, windowOf),
    overlaps: findOverlaps(ranges),
  };
}

/** An ID that no layout can hold belongs to no machine id. */
function readWindow(layout: SnowflakeLayout, id: bigint): { machineId: number; timestampMs: number } {
  try {
    return decode(layout, id);
  } catch (error) {
    if (hasCode(error, 'BAD_REQUEST')) return { machineId: -1, timestampMs: 0 };
    throw error;
  }
}

function spansOf(history: History): Map<string, { lowest: bigint; highest: bigint }> {
  const spans = new Map<string, { lowest: bigint; highest: bigint }>();
  for (const { source, ids } of history.issued) {
    for (const id of ids) {
      const span = spans.get(source);
      if (span === undefined) spans.set(source, { lowest: id, highest: id });
      else if (id < span.lowest) span.lowest = id;
      else if (id > span.highest) span.highest = id;
    }
  }
  return spans;
}
