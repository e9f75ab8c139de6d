import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { Fence } from '../allocation/fence.ts';
import { type CounterName, type LedgerEntry, maxBigint, minBigint } from '../allocation/range.ts';
import type { Store, TagRecord } from '../allocation/store.ts';
import { isSameCounter, ledgerPass } from './ledger-pass.ts';

export interface AuditReport {
  /** Ledger ranges looked at. */
  readonly ranges: number;
  /** Sentences that each name one broken promise; at most 100. */
  readonly violations: readonly string[];
  /** Counters whose fence stands below them: unprotected until the next allocation or sweep, but not a violation. */
  readonly fencesBehind: number;
}

const MAX_VIOLATIONS = 100;

/**
 * Proves from the ledger that no range was handed out twice (I2): in one ordered pass, page by page, each range must
 * start at or above the end of all before it, and the counter must stand at or above the highest. Tags are looked up
 * for a page at a time.
 */
export async function audit(store: Store, fence: Fence | undefined): Promise<AuditReport> {
  const auditor = new Auditor(store, fence);
  for await (const page of ledgerPass(store)) await auditor.look(page);
  await auditor.end();
  const { ranges, violations, fencesBehind } = auditor;
  return { ranges, violations, fencesBehind };
}

class Auditor {
  readonly violations: string[] = [];
  ranges = 0;
  fencesBehind = 0;
  readonly #store: Store;
  readonly #fence: Fence | undefined;
  /** The range of the counter being read that reaches furthest: a later, shorter one may lie inside it. */
  #furthest: LedgerEntry | undefined;
  /**
   * The same, but only of ranges that the counter can reach: a lowered counter has ranges above its highest ID for
   * ever.
   */
  #reachable: LedgerEntry | undefined;
  #limit = HIGHEST_ID;

  constructor(store: Store, fence: Fence | undefined) {
    this.#store = store;
    this.#fence = fence;
  }

  async look(page: readonly LedgerEntry[]): Promise<void> {
    const tags = await this.#tagsOf(page);
    const ended: LedgerEntry[] = [];
    for (const entry of page) {
      this.ranges++;
      const furthest = this.#furthest;
      if (furthest !== undefined && isSameCounter(furthest.counter, entry.counter)) {
        if (entry.start < furthest.end) this.#report(overlap(furthest, entry));
        if (entry.end > furthest.end) this.#furthest = entry;
      } else {
        if (this.#reachable !== undefined) ended.push(this.#reachable);
        this.#furthest = entry;
        this.#reachable = undefined;
        this.#limit = limitOf(tags.get(tagOf(entry) ?? ''));
      }
      if (entry.start <= this.#limit) this.#reachable = this.#furthest;
    }
    await this.#compare(ended);
  }

  async end(): Promise<void> {
    if (this.#reachable !== undefined) await this.#compare([this.#reachable]);
  }

  /** Counters with their highest range. They are read after their ranges, so they stand no lower. */
  async #compare(ended: readonly LedgerEntry[]): Promise<void> {
    const tags = await this.#tagsOf(ended);
    for (const last of ended) {
      const value = await this.#counterOf(last.counter, tags);
      const limit = limitOf(tags.get(tagOf(last) ?? '')) + 1n;
      const end = minBigint(last.end, limit);
      if (value === undefined || value >= end) continue;
      this.#report(`${label(last.counter)} is at ${value}, but the ledger has ranges up to ${end}`);
    }
    const fence = this.#fence;
    if (fence?.available !== true) return;
    const marks = await Promise.all(ended.map(({ counter }) => fence.read(counter)));
    this.fencesBehind += ended.filter(({ end }, index) => (marks[index]?.value ?? 0n) < end).length;
  }

  async #tagsOf(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, TagRecord>> {
    const names = new Set(entries.map(tagOf).filter((tag) => tag !== undefined));
    if (names.size === 0) return new Map();
    return new Map((await this.#store.findTags([...names])).map((record) => [record.tag, record]));
  }

  /** Undefined if the counter's row is gone: the tag was deleted by hand. */
  async #counterOf(name: CounterName, tags: ReadonlyMap<string, TagRecord>): Promise<bigint | undefined> {
    if (name.kind === 'tag') {
      const tag = tags.get(name.tag);
      return tag && maxBigint(tag.nextId, tag.highWater);
    }
    const [machine] = await this.#store.listMachineIds(name.machineId, name.machineId, 0, 1);
    return machine?.ceilingMs;
  }

  #report(sentence: string): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(sentence);
  }
}

/** The highest ID that a tag's counter can reach. A lowered counter ends below what was handed out above. */
function limitOf(tag: TagRecord | undefined): bigint {
  const { highestId = HIGHEST_ID, taken, nextId = 0n } = tag ?? {};
  return taken === undefined || nextId >= taken.end ? highestId : minBigint(highestId, taken.start - 1n);
}

function tagOf({ counter }: LedgerEntry): string | undefined {
  return counter.kind === 'tag' ? counter.tag : undefined;
}

function label(name: CounterName): string {
  return name.kind === 'tag' ? `tag "${name.tag}"` : `machine id ${name.machineId}`;
}

function overlap(a: LedgerEntry, b: LedgerEntry): string {
  return `${label(a.counter)}: [${a.start}, ${a.end}) of instance ${a.instanceId} overlaps [${b.start}, ${b.end}) of instance ${b.instanceId}`;
}
