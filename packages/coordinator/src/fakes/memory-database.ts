import {
  type CounterName,
  counterKey,
  type Era,
  type LedgerEntry,
  minBigint,
  type Range,
} from '../domain/allocation/range.ts';
import type {
  Deployment,
  HoldingPage,
  LedgerCursor,
  MachineIdRecord,
  TagRecord,
} from '../domain/allocation/store.ts';
import type { TrailEntry, TrailQuery, TrailRecord } from '../domain/trail/trail.ts';
import { SAMPLE_DEPLOYMENT } from './samples.ts';

export type TagRow = Omit<TagRecord, 'highWater'>;
/** Without a layout until the first coordinator brings its own. */
export type DeploymentRow = Omit<Deployment, 'nowMs' | 'layout'> & { readonly layout: string | undefined };

/** Changes one row and returns how to undo that. */
export type Write = () => () => void;

/** How many commits `loseLast` can take back; older ones are forgotten, so that long simulations stay small. */
const MAX_HISTORY = 1_000;

/**
 * Tables, row locks and history of a database in memory. Several `MemoryStore`s may share one, as coordinators
 * share a MySQL.
 */
export class MemoryDatabase {
  readonly deployment: Map<1, DeploymentRow>;
  readonly tags = new Map<string, TagRow>();
  /** Ends of the highest segments, which outlive their tags' rows. */
  readonly highWaters = new Map<string, bigint>();
  /** Eras of tags, which outlive their rows, too. */
  readonly eras = new Map<string, Era>();
  /** Rises when it may have forgotten something, for example when another server takes its place. */
  incarnation = 1;
  /** Tags whose shape was lost with them. */
  readonly forgottenShapes = new Map<string, true>();
  /** Shapes of tags, which outlive their rows, too. */
  readonly shapes = new Map<string, string | undefined>();
  readonly opaqueKeys = new Map<number, string>();
  readonly machineIds = new Map<number, MachineIdRecord>();
  readonly ledger = new Map<string, LedgerEntry>();
  readonly trail = new Map<bigint, TrailRecord>();
  #trailed = 0n;
  readonly #turns = new Map<string, Promise<void>>();
  readonly #commits: (() => void)[][] = [];
  readonly #listeners: (() => void)[] = [];

  /** It knows the sample Redis, unless told another generation, or `null` for none. */
  constructor(generation: string | null = SAMPLE_DEPLOYMENT.identity.generation) {
    const { deploymentId: id } = SAMPLE_DEPLOYMENT.identity;
    const row = { id, layout: undefined, generation: generation ?? undefined };
    this.deployment = new Map([[1, { ...row, confirmedAtMs: 0, sweep: 0, sweptAtMs: 0 }]]);
  }

  /** Waits until nobody holds `row`, then holds it until the returned function is called. First come, first served. */
  async lock(row: string): Promise<() => void> {
    const before = this.#turns.get(row);
    const unlock = this.#queueFor(row);
    await before;
    return unlock;
  }

  /** Holds those of `rows` that nobody holds, until the function of each is called. */
  async lockFree(rows: readonly string[]): Promise<Map<string, () => void>> {
    const free = rows.filter((row) => !this.#turns.has(row));
    return new Map(free.map((row) => [row, this.#queueFor(row)]));
  }

  /** Rows that a transaction holds, or waits for. */
  get heldRows(): string[] {
    return [...this.#turns.keys()];
  }

  #queueFor(row: string): () => void {
    const { promise: turn, resolve: end } = Promise.withResolvers<void>();
    this.#turns.set(row, turn);
    return () => {
      if (this.#turns.get(row) === turn) this.#turns.delete(row);
      end();
    };
  }

  /** What the ledger has of one counter, in order. */
  rangesOf(name: CounterName): LedgerEntry[] {
    return [...this.ledger.values()]
      .filter(({ counter }) => counter.kind === name.kind && counterKey(counter) === counterKey(name))
      .sort(inLedgerOrder);
  }

  ledgerTop(name: CounterName): bigint {
    return this.rangesOf(name).at(-1)?.end ?? 0n;
  }

  /** The highest end of a counter's ranges in its era. */
  eraTop(name: CounterName, { taken }: Era): bigint {
    if (taken === undefined) return this.ledgerTop(name);
    const top = this.rangesOf(name).findLast(({ start }) => start < taken.start)?.end ?? 0n;
    return minBigint(top, taken.start);
  }

  holes(name: CounterName, { start, end }: Range): Range[] {
    const inside = this.rangesOf(name).filter((range) => range.start >= start && range.start < end);
    const starts = [...inside.map((range) => range.start), end];
    const ends = [start, ...inside.map((range) => range.end)];
    return starts
      .map((next, index) => ({ start: ends[index] ?? end, end: next }))
      .filter((hole) => hole.end > hole.start);
  }

  enter(entry: LedgerEntry): Write {
    return put(this.ledger, ledgerKey(entry).join('\n'), entry);
  }

  note(entry: TrailEntry, atMs: number): Write {
    this.#trailed += 1n;
    const id = this.#trailed;
    return put(this.trail, id, { ...entry, id, atMs });
  }

  trailOf({ tag, actor, after, limit }: TrailQuery): TrailRecord[] {
    return [...this.trail.values()]
      .filter((entry) => (tag ?? entry.subject) === entry.subject && (actor ?? entry.actor) === entry.actor)
      .filter((entry) => after === undefined || newestFirst(after, entry) < 0)
      .sort(newestFirst)
      .slice(0, limit);
  }

  /** What a transaction that holds the counter's lock may ask of its ledger, and change. */
  ledgerOf(name: CounterName, writes: Write[]) {
    return {
      ledgerTop: this.ledgerTop(name),
      ledgerEnd: async (below: bigint) =>
        this.rangesOf(name).findLast(({ start }) => start < below)?.end ?? 0n,
      nextRangeStart: async (from: bigint) => this.rangesOf(name).find(({ start }) => start >= from)?.start,
      holes: async (within: Range) => this.holes(name, within),
      rangesFrom: async (first: bigint, last: bigint) =>
        this.rangesOf(name).filter(({ start }) => start >= first && start <= last),
      mergeRanges: async (whole: LedgerEntry, count: number) => {
        const inside = this.rangesOf(name).filter(({ start }) => start >= whole.start && start < whole.end);
        if (inside.length !== count) throw new Error('the ledger changed under its counter’s lock');
        for (const entry of inside) writes.push(remove(this.ledger, ledgerKey(entry).join('\n')));
        writes.push(this.enter(whole));
      },
    };
  }

  ledgerAbove(after: LedgerCursor | undefined, limit: number): LedgerEntry[] {
    return [...this.ledger.values()]
      .filter((entry) => after === undefined || inLedgerOrder(entry, after) > 0)
      .sort(inLedgerOrder)
      .slice(0, limit);
  }

  latestRanges(name: CounterName, below: bigint | undefined, limit: number): LedgerEntry[] {
    const ranges = this.rangesOf(name).filter(({ start }) => below === undefined || start < below);
    return ranges.toReversed().slice(0, limit);
  }

  rangesHolding(id: bigint, after: string | undefined, limit: number): HoldingPage {
    const names = [...this.tags.keys()].sort(bytewise);
    const page = names.filter((tag) => after === undefined || bytewise(tag, after) > 0).slice(0, limit);
    const ranges = page.flatMap((tag) => this.latestRanges({ kind: 'tag', tag }, id + 1n, 1));
    const next = page.length < limit ? undefined : page.at(-1);
    return { ranges: ranges.filter(({ end }) => end > id), next };
  }

  commit(writes: readonly Write[]): void {
    if (writes.length === 0) return;
    this.#commits.push(writes.map((write) => write()));
    if (this.#commits.length > MAX_HISTORY) this.#commits.shift();
  }

  /** Commits that `loseLast` can take back. */
  get commitCount(): number {
    return this.#commits.length;
  }

  /** Another server answers from now on, or the same one started again. */
  replaced(): void {
    this.incarnation += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` whenever another server answers. */
  onReplaced(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Somebody deletes every row of a counter, but those of the ledger. */
  deleteAllByHand(name: CounterName): void {
    if (name.kind === 'machine') this.machineIds.delete(name.machineId);
    else for (const table of [this.tags, this.highWaters, this.eras, this.shapes]) table.delete(name.tag);
  }

  /** Forgets the last commits, as a failover to a lagging replica does. */
  loseLast(commits: number): void {
    this.replaced();
    const lost = this.#commits.splice(Math.max(0, this.#commits.length - commits));
    for (const undo of lost.toReversed()) for (const takeBack of undo.toReversed()) takeBack();
  }
}

export function put<K, V>(table: Map<K, V>, key: K, value: V): Write {
  return () => {
    const before = table.get(key);
    table.set(key, value);
    return () => {
      if (before === undefined) table.delete(key);
      else table.set(key, before);
    };
  };
}

export function remove<K, V>(table: Map<K, V>, key: K): Write {
  return () => {
    const before = table.get(key);
    table.delete(key);
    return () => {
      if (before !== undefined) table.set(key, before);
    };
  };
}

/** Sorts like the ledger: kind (machine ids before tags), counter, start. */
export function ledgerKey(
  entry: Pick<LedgerEntry, 'counter' | 'start'>,
): [kind: string, name: string, start: bigint] {
  const { counter, start } = entry;
  return counter.kind === 'tag'
    ? ['t', counter.tag, start]
    : ['m', counterKey(counter).padStart(10, '0'), start];
}

function newestFirst(a: Pick<TrailRecord, 'id' | 'atMs'>, b: Pick<TrailRecord, 'id' | 'atMs'>): number {
  return b.atMs - a.atMs || Number(b.id - a.id);
}

export function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function inLedgerOrder(
  a: Pick<LedgerEntry, 'counter' | 'start'>,
  b: Pick<LedgerEntry, 'counter' | 'start'>,
): number {
  const [kindA, nameA, startA] = ledgerKey(a);
  const [kindB, nameB, startB] = ledgerKey(b);
  return bytewise(kindA, kindB) || bytewise(nameA, nameB) || Number(startA - startB);
}
