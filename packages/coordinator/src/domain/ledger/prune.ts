import { hasCode } from '@leafcutter/shared/errors';
import { PRUNED_INSTANCE_ID } from '@leafcutter/shared/ledger';
import type { CounterName, Holder, LedgerEntry } from '../allocation/range.ts';
import type { Locked, Store } from '../allocation/store.ts';
import { isSameCounter, ledgerPass } from './ledger-pass.ts';

/** The holder that the ledger names for a range that was merged from older ones. */
const PRUNED_HOLDER: Holder = { agentId: '(pruned)', instanceId: PRUNED_INSTANCE_ID };

/** Ranges that one transaction merges: the counter stays locked for as long as that takes. */
const MAX_RUN = 1_000;

/** Neighbours in the ledger of one counter, from the start of the first to the start of the last. */
interface Run {
  readonly counter: CounterName;
  readonly first: bigint;
  last: LedgerEntry;
  length: number;
}

/**
 * Forgets who was granted what, once that is older than `retentionMs` at `nowMs` (unix milliseconds): ranges that touch
 * are merged into one of `PRUNED_HOLDER`. The ledger goes on covering exactly the same numbers, because allocations keep
 * clear of them (I1, I2). So a counter that was set back by hand still starts above all of it, and one that was lowered
 * on purpose keeps its gap. It is one pass over the ledger, beside allocations. Resolves to how many ranges fewer the
 * ledger has.
 *
 * @throws STORE_UNAVAILABLE; what was done until then stays done
 */
export async function prune(store: Store, retentionMs: number, nowMs: number): Promise<number> {
  const before = nowMs - retentionMs;
  let fewer = 0;
  let run: Run | undefined;
  const end = async () => {
    if (run !== undefined && run.length > 1) fewer += await merge(store, run, before);
    run = undefined;
  };
  for await (const page of ledgerPass(store)) {
    for (const entry of page) {
      const isOld = entry.grantedAtMs < before;
      if (run !== undefined && isOld && run.length < MAX_RUN && areNeighbours(run.last, entry)) {
        run.last = entry;
        run.length++;
        continue;
      }
      await end();
      if (isOld) run = { counter: entry.counter, first: entry.start, last: entry, length: 1 };
    }
  }
  await end();
  return fewer;
}

function areNeighbours(a: LedgerEntry, b: LedgerEntry): boolean {
  return isSameCounter(a.counter, b.counter) && b.start === a.end;
}

/** Under the counter's lock, which every writer of its ledger holds. */
async function merge(store: Store, { counter, first, last }: Run, before: number): Promise<number> {
  const work = async (row: Locked) => {
    let fewer = 0;
    for (const group of groupsOf(await row.rangesFrom(first, last.start), before)) {
      const [lowest, highest] = [group[0], group.at(-1)];
      if (lowest === undefined || highest === undefined || group.length === 1) continue;
      const grantedAtMs = Math.max(...group.map((entry) => entry.grantedAtMs));
      await row.mergeRanges({ ...lowest, ...PRUNED_HOLDER, end: highest.end, grantedAtMs }, group.length);
      fewer += group.length - 1;
    }
    return fewer;
  };
  try {
    return counter.kind === 'tag'
      ? await store.withTag(counter.tag, work)
      : await store.withMachineId(counter.machineId, work);
  } catch (error) {
    // Nothing more is written for a tag that was deleted by hand, and there is no row to lock.
    if (hasCode(error, 'TAG_UNKNOWN')) return 0;
    throw error;
  }
}

/** The runs of these ranges that may be merged: another coordinator may have merged some since they were read. */
function groupsOf(entries: readonly LedgerEntry[], before: number): LedgerEntry[][] {
  const groups: LedgerEntry[][] = [];
  let last: LedgerEntry | undefined;
  for (const entry of entries.filter(({ grantedAtMs }) => grantedAtMs < before)) {
    if (last !== undefined && areNeighbours(last, entry)) groups.at(-1)?.push(entry);
    else groups.push([entry]);
    last = entry;
  }
  return groups;
}
