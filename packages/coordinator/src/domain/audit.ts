import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { Fence } from './fence.ts';
import { type CounterName, counterKey, type LedgerEntry, maxBigint } from './range.ts';
import type { LedgerCursor, Store } from './store.ts';

export interface AuditReport {
  /** Ledger ranges looked at. */
  readonly ranges: number;
  /** Sentences, each naming one broken promise; at most 100. */
  readonly violations: readonly string[];
  /** Counters whose fence stands below them: unprotected until the next allocation or sweep, but no violation. */
  readonly fencesBehind: number;
}

const PAGE = 1_000;
const MAX_VIOLATIONS = 100;

/**
 * Proves from the ledger that no range was handed out twice (I2): in one ordered pass, page by page, each range must
 * start at or above the end of all before it, and the counter must stand at or above the highest.
 */
export async function audit(store: Store, fence: Fence | undefined): Promise<AuditReport> {
  let ranges = 0;
  let fencesBehind = 0;
  const violations: string[] = [];
  const report = (sentence: string) => {
    if (violations.length < MAX_VIOLATIONS) violations.push(sentence);
  };

  const closeCounter = async (last: LedgerEntry) => {
    const counter = await readCounter(store, last.counter);
    if (counter !== undefined && counter < last.end) {
      report(
        `${label(last.counter)} stands at ${counter}, below ${last.end}, which the ledger says is handed out`,
      );
    }
    if (fence?.available === true && (await fence.read(last.counter)) < last.end) fencesBehind++;
  };

  // Of the counter that is being read, the range that reaches furthest: a later, shorter one may lie inside it.
  let furthest: LedgerEntry | undefined;
  // The same of those that the counter can reach: one that was lowered has ranges above its highest ID, for ever.
  let reachable: LedgerEntry | undefined;
  let limit = HIGHEST_ID;
  let after: LedgerCursor | undefined;
  for (;;) {
    const page = await store.readLedger(after, PAGE);
    for (const entry of page) {
      ranges++;
      if (furthest !== undefined && sameCounter(furthest.counter, entry.counter)) {
        if (entry.start < furthest.end) report(overlap(furthest, entry));
        if (entry.end > furthest.end) furthest = entry;
      } else {
        if (reachable !== undefined) await closeCounter(reachable);
        furthest = entry;
        reachable = undefined;
        limit = await highestIdOf(store, entry.counter);
      }
      if (entry.start <= limit) reachable = furthest;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = { counter: last.counter, start: last.start };
  }
  if (reachable !== undefined) await closeCounter(reachable);
  return { ranges, violations, fencesBehind };
}

async function highestIdOf(store: Store, name: CounterName): Promise<bigint> {
  const tag = name.kind === 'tag' ? await store.findTag(name.tag) : undefined;
  return tag?.highestId ?? HIGHEST_ID;
}

/** Undefined where the counter's row is gone: a tag deleted by hand. */
async function readCounter(store: Store, name: CounterName): Promise<bigint | undefined> {
  if (name.kind === 'tag') {
    const tag = await store.findTag(name.tag);
    return tag === undefined ? undefined : maxBigint(tag.nextId, tag.highWater);
  }
  return store.withMachineId(name.machineId, async (row) => row.value);
}

function sameCounter(a: CounterName, b: CounterName): boolean {
  return a.kind === b.kind && counterKey(a) === counterKey(b);
}

function label(name: CounterName): string {
  return name.kind === 'tag' ? `tag "${name.tag}"` : `machine id ${name.machineId}`;
}

function overlap(a: LedgerEntry, b: LedgerEntry): string {
  return `${label(a.counter)}: [${a.start}, ${a.end}) of instance ${a.instanceId} overlaps [${b.start}, ${b.end}) of instance ${b.instanceId}`;
}
