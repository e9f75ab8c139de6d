import type { Clock } from '@leafcutter/shared/clock';
import { templateOf } from '@leafcutter/shared/dated';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { SweptCounter } from '../domain/allocation/fence.ts';
import {
  type CounterName,
  counterKey,
  type LedgerEntry,
  maxBigint,
  minBigint,
  type Range,
} from '../domain/allocation/range.ts';
import {
  type Deployment,
  type HoldingPage,
  type LedgerCursor,
  type Locked,
  type LockedGroup,
  type LockedMachineId,
  type LockedTag,
  type MachineIdRecord,
  type NewTag,
  type Noting,
  RETRY_REASONS,
  type ShapedTag,
  type ShapeSpan,
  type Store,
  type SweepBegun,
  type TagChange,
  type TagRecord,
} from '../domain/allocation/store.ts';
import { checkSameShape, unknownTag } from '../domain/tags/tags.ts';
import { withChange } from '../domain/trail/tag-entry.ts';
import type { TrailEntry, TrailQuery, TrailRecord } from '../domain/trail/trail.ts';
import {
  bytewise,
  type DeploymentRow,
  MemoryDatabase,
  put,
  remove,
  type TagRow,
  type Write,
} from './memory-database.ts';

/**
 * How a transaction can die: `begin` loses the connection before anything happened, `before-commit` loses COMMIT on
 * its way to the database (nothing is written), `after-commit` loses only its answer (everything is written).
 */
export type StoreFault = 'begin' | 'before-commit' | 'after-commit';

/** The store in memory. Its time is the given clock's; tests ask for its faults. */
export class MemoryStore implements Store {
  readonly database: MemoryDatabase;
  /** Awaited before every COMMIT, with the row locked: a test holds a transaction open here. */
  beforeCommit: () => Promise<void> = async () => undefined;
  transactions = 0;
  readonly #clock: Clock;
  readonly #faults: StoreFault[] = [];

  constructor(clock: Clock, database: MemoryDatabase = new MemoryDatabase()) {
    this.#clock = clock;
    this.database = database;
  }

  /** Lets the next transaction that gets there die like this; called twice, the next two. */
  failNext(fault: StoreFault): void {
    this.#faults.push(fault);
  }

  async identify(layout: string): Promise<Deployment> {
    const row = this.#deployment;
    if (row.layout === undefined) this.#changeDeployment({ layout });
    return { ...row, layout: row.layout ?? layout, nowMs: this.#clock.now() };
  }

  async changeGeneration(from: string | undefined, to: string): Promise<boolean> {
    if (this.#deployment.generation !== from) return false;
    this.#changeDeployment({ generation: to, confirmedAtMs: this.#clock.now() });
    return true;
  }

  async confirmGeneration(generation: string): Promise<void> {
    if (this.#deployment.generation === generation)
      this.#changeDeployment({ confirmedAtMs: this.#clock.now() });
  }

  async finishSweep(begun: SweepBegun, to: number): Promise<boolean> {
    const { sweep, confirmedAtMs } = this.#deployment;
    if (sweep !== begun.sweep || confirmedAtMs < begun.confirmedAtMs) return false;
    this.#changeDeployment({ sweep: to, sweptAtMs: begun.nowMs });
    return true;
  }

  async untilRowsAreFree(): Promise<void> {
    for (const row of this.database.heldRows) (await this.database.lock(row))();
  }

  async *counters(movedSinceMs: number | undefined): AsyncGenerator<readonly SweptCounter[]> {
    const { tags, highWaters, machineIds, ledger, eras } = this.database;
    const moved = [...ledger.values()].filter(({ grantedAtMs }) => grantedAtMs >= (movedSinceMs ?? 0));
    const lowered = [...eras].filter(([, { era = 0 }]) => era > 0).map(([tag]) => `tag:${tag}`);
    const names = new Set([
      ...moved.map(({ counter }) => `${counter.kind}:${counterKey(counter)}`),
      ...lowered,
    ]);
    // The fence should also remember what is left of a counter that was deleted by hand.
    const all = new Map<string, CounterName>();
    for (const name of [
      ...[...tags.keys(), ...highWaters.keys()].map((tag) => ({ kind: 'tag', tag }) as const),
      ...[...machineIds.keys()].map((machineId) => ({ kind: 'machine', machineId }) as const),
      ...[...ledger.values()].map(({ counter }) => counter),
    ])
      all.set(`${name.kind}:${counterKey(name)}`, name);
    const isAsked = (key: string) => movedSinceMs === undefined || names.has(key);
    yield this.#swept([...all].flatMap(([key, name]) => (isAsked(key) ? [name] : [])));
  }

  async countersOf(names: readonly CounterName[]): Promise<SweptCounter[]> {
    return this.#swept(names);
  }

  async remember(tag: string, entries: readonly LedgerEntry[]): Promise<void> {
    const { highWaters, shapes, forgottenShapes } = this.database;
    const highWater = entries.map(({ end }) => end).reduce(maxBigint, highWaters.get(tag) ?? 0n);
    const forgotten = shapes.has(tag) ? [] : [put(forgottenShapes, tag, true)];
    this.database.commit([put(highWaters, tag, highWater), ...forgotten, ...this.#enter(entries)]);
  }

  get incarnation(): number {
    return this.database.incarnation;
  }

  onReplaced(listener: () => void): void {
    this.database.onReplaced(listener);
  }

  async opaqueKey(version: number, checkValue: string): Promise<string> {
    const { opaqueKeys } = this.database;
    if (!opaqueKeys.has(version)) opaqueKeys.set(version, checkValue);
    return opaqueKeys.get(version) ?? '';
  }

  async now(): Promise<number> {
    return this.#clock.now();
  }

  withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>): Promise<T> {
    return this.#transaction(`tag:${tag}`, (writes, nowMs) => {
      const row = this.database.tags.get(tag);
      if (row === undefined) throw unknownTag(tag);
      return work(this.#lockedTag(row, writes, nowMs));
    });
  }

  withTags<T>(tags: readonly string[], work: (group: LockedGroup<LockedTag>) => Promise<T>): Promise<T> {
    const rows = tags.map((tag) => `tag:${tag}`);
    return this.#transaction(rows, (writes, nowMs, held) => {
      const locked = tags.flatMap((tag) => {
        const row = this.database.tags.get(tag);
        return row === undefined || !held.has(`tag:${tag}`) ? [] : [this.#lockedTag(row, writes, nowMs)];
      });
      const byTag = new Map(locked.map((row) => [row.tag.tag, row]));
      return work({
        rows: locked,
        async advance(advances) {
          for (const { name, to, entries, era } of advances)
            await byTag.get(counterKey(name))?.advance(to, entries, era);
        },
      });
    });
  }

  #lockedTag(row: TagRow, writes: Write[], nowMs: number): LockedTag {
    const { tags, highWaters, eras } = this.database;
    const { tag } = row;
    const record = this.#record(tag);
    const name = { kind: 'tag', tag } as const;
    return {
      name,
      value: counterOf(record),
      nowMs,
      tag: record,
      ...eras.get(tag),
      ...this.#told,
      ...this.database.ledgerOf(name, writes),
      advance: async (to, entries, later) => {
        const { taken } = later ?? {};
        const highestId =
          taken === undefined ? row.highestId : minBigint(row.highestId ?? taken.start, taken.start - 1n);
        writes.push(
          put(tags, tag, { ...row, nextId: to, highestId }),
          put(highWaters, tag, to),
          ...this.#enter(entries),
        );
        if (later !== undefined) writes.push(put(eras, tag, { era: later.era, taken }));
      },
      enter: async (entries) => void writes.push(...this.#enter(entries)),
      note: async (entry) => void writes.push(this.database.note(entry, nowMs)),
    };
  }

  async createTag(tag: NewTag, noting?: Noting): Promise<TagRecord> {
    return this.#transaction(`tag:${tag.tag}`, async (writes, nowMs) => {
      if (this.database.tags.has(tag.tag)) {
        throw new LeafcutterError(
          'TAG_EXISTS',
          `Tag "${tag.tag}", or one that differs only in case, already exists.`,
        );
      }
      const highWater = this.database.highWaters.get(tag.tag) ?? 0n;
      const { shapes, forgottenShapes } = this.database;
      if (!forgottenShapes.has(tag.tag)) checkSameShape(tag, highWater, shapes.get(tag.tag));
      writes.push(remove(forgottenShapes, tag.tag));
      const nextId = maxBigint(tag.nextId, highWater);
      const row = { ...tag, nextId, firstId: nextId, retired: false };
      writes.push(put(this.database.tags, tag.tag, row), put(this.database.shapes, tag.tag, tag.shape));
      const record = { ...row, highWater };
      this.#note(writes, noting?.(undefined, record), nowMs);
      return record;
    });
  }

  async changeTag(tag: string, change: TagChange, noting?: Noting): Promise<TagRecord> {
    return this.#transaction(`tag:${tag}`, async (writes, nowMs) => {
      const before = this.#record(tag);
      const { taken: _, ...after } = withChange(before, change);
      const { highWater: __, ...row } = after;
      writes.push(put(this.database.tags, tag, row));
      this.#note(writes, noting?.(before, after), nowMs);
      return after;
    });
  }

  async findTag(tag: string): Promise<TagRecord | undefined> {
    return this.database.tags.has(tag) ? this.#record(tag) : undefined;
  }

  async findTags(tags: readonly string[]): Promise<TagRecord[]> {
    return [...new Set(tags)].flatMap((tag) => (this.database.tags.has(tag) ? [this.#record(tag)] : []));
  }

  async listTags(after: string | undefined, limit: number): Promise<TagRecord[]> {
    return [...this.database.tags.keys()]
      .map((tag) => this.#record(tag))
      .filter((record) => after === undefined || bytewise(record.tag, after) > 0)
      .sort((a, b) => bytewise(a.tag, b.tag))
      .slice(0, limit);
  }

  async listShapes({ above, below }: ShapeSpan, except: string, limit: number): Promise<ShapedTag[]> {
    return [...this.database.shapes]
      .flatMap(([tag, shape]) => (shape === undefined ? [] : [{ tag, shape }]))
      .filter(({ tag, shape }) => tag !== except && bytewise(shape, above) > 0 && bytewise(shape, below) < 0)
      .filter(({ tag }) => templateOf(tag) === undefined)
      .sort((a, b) => bytewise(a.shape, b.shape) || bytewise(a.tag, b.tag))
      .slice(0, limit);
  }

  async ensureMachineIds(first: number, last: number): Promise<void> {
    const { machineIds } = this.database;
    for (let machineId = first; machineId <= last; machineId++) {
      if (machineIds.has(machineId)) continue;
      machineIds.set(machineId, { machineId, ceilingMs: 0n, windowMs: 0, holder: undefined });
    }
  }

  withMachineId<T>(machineId: number, work: (locked: LockedMachineId) => Promise<T>): Promise<T> {
    return this.#transaction(`machine:${machineId}`, (writes, nowMs) => {
      const machine = this.database.machineIds.get(machineId);
      if (machine === undefined) {
        throw new LeafcutterError(
          'STORE_UNAVAILABLE',
          `Machine id ${machineId} has no row; restart a coordinator.`,
        );
      }
      return work(this.#lockedMachineId(machine, writes, nowMs));
    });
  }

  withMachineIds<T>(
    machineIds: readonly number[],
    work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
  ): Promise<T> {
    const rows = machineIds.map((machineId) => `machine:${machineId}`);
    return this.#transaction(rows, (writes, nowMs, held) => {
      const locked = machineIds.flatMap((machineId) => {
        const machine = this.database.machineIds.get(machineId);
        if (machine === undefined || !held.has(`machine:${machineId}`)) return [];
        return [this.#lockedMachineId(machine, writes, nowMs)];
      });
      const byName = new Map(locked.map((row) => [counterKey(row.name), row]));
      return work({
        rows: locked,
        async advance(advances) {
          for (const { name, to, entries, taker } of advances)
            await byName.get(counterKey(name))?.advance(to, entries, taker);
        },
      });
    });
  }

  #lockedMachineId(machine: MachineIdRecord, writes: Write[], nowMs: number): LockedMachineId {
    const { machineId } = machine;
    const name = { kind: 'machine', machineId } as const;
    return {
      name,
      value: machine.ceilingMs,
      nowMs,
      machine,
      ...this.#told,
      enter: async (entries) => void writes.push(...this.#enter(entries)),
      ...this.database.ledgerOf(name, writes),
      advance: async (to, entries, taker) => {
        writes.push(
          put(this.database.machineIds, machineId, { ...machine, ...taker, ceilingMs: to }),
          ...this.#enter(entries),
        );
      },
    };
  }

  async listMachineIds(
    first: number,
    last: number,
    offset: number,
    limit: number,
  ): Promise<MachineIdRecord[]> {
    return [...this.database.machineIds.values()]
      .filter(({ machineId }) => machineId >= first && machineId <= last)
      .sort((a, b) => Number(a.ceilingMs - b.ceilingMs) || a.machineId - b.machineId)
      .slice(offset, offset + limit);
  }

  async readLedger(after: LedgerCursor | undefined, limit: number): Promise<LedgerEntry[]> {
    return this.database.ledgerAbove(after, limit);
  }

  async latestRanges(counter: CounterName, below: bigint | undefined, limit: number): Promise<LedgerEntry[]> {
    return this.database.latestRanges(counter, below, limit);
  }

  async holes(counter: CounterName, within: Range): Promise<Range[]> {
    return this.database.holes(counter, within);
  }

  async rangesHolding(id: bigint, after: string | undefined, limit: number): Promise<HoldingPage> {
    return this.database.rangesHolding(id, after, limit);
  }

  async note(entry: TrailEntry): Promise<void> {
    this.database.commit([this.database.note(entry, this.#clock.now())]);
  }

  async readTrail(query: TrailQuery): Promise<TrailRecord[]> {
    return this.database.trailOf(query);
  }

  async pruneTrail(beforeMs: number): Promise<number> {
    const old = [...this.database.trail.values()].filter(({ atMs }) => atMs < beforeMs);
    this.database.commit(old.map(({ id }) => remove(this.database.trail, id)));
    return old.length;
  }

  async close(): Promise<void> {
    // The database outlives its stores, as MySQL does.
  }

  #note(writes: Write[], entry: TrailEntry | undefined, nowMs: number): void {
    if (entry !== undefined) writes.push(this.database.note(entry, nowMs));
  }

  /** What every locked row tells about the deployment. */
  get #told(): Pick<Locked, 'generation' | 'memory'> {
    const { generation, sweep, sweptAtMs, confirmedAtMs } = this.#deployment;
    return { generation, memory: { sweep, sweptAtMs, confirmedAtMs } };
  }

  #swept(names: readonly CounterName[]): SweptCounter[] {
    const { tags, highWaters, machineIds, eras } = this.database;
    return names.map((name) => {
      if (name.kind === 'machine') {
        const granted = this.database.ledgerTop(name);
        const machine = machineIds.get(name.machineId);
        return machine === undefined
          ? { name, value: granted, granted, gone: true }
          : { name, value: machine.ceilingMs, granted };
      }
      const row = tags.get(name.tag);
      const era = eras.get(name.tag) ?? {};
      const granted = this.database.eraTop(name, era);
      const left = row === undefined ? (highWaters.get(name.tag) ?? 0n) : counterOf(this.#record(name.tag));
      const value = maxBigint(left, granted);
      return { name, value, granted, ...era, ...(row === undefined ? { gone: true } : {}) };
    });
  }

  get #deployment(): DeploymentRow {
    const row = this.database.deployment.get(1);
    if (row === undefined) throw new Error('the deployment has no row');
    return row;
  }

  #changeDeployment(change: Partial<DeploymentRow>): void {
    this.database.commit([put(this.database.deployment, 1, { ...this.#deployment, ...change })]);
  }

  #record(tag: string): TagRecord {
    const { tags, highWaters } = this.database;
    const row = tags.get(tag);
    if (row === undefined) throw unknownTag(tag);
    return { ...row, highWater: highWaters.get(tag) ?? 0n, taken: this.database.eras.get(tag)?.taken };
  }

  #enter(entries: readonly LedgerEntry[]): Write[] {
    const { sweptAtMs } = this.#deployment;
    return entries.map((entry) =>
      this.database.enter({ ...entry, grantedAtMs: Math.max(entry.grantedAtMs, sweptAtMs) }),
    );
  }

  /** Waits for one row; of several, it holds those that are free. */
  async #transaction<T>(
    rows: string | readonly string[],
    work: (writes: Write[], nowMs: number, held: ReadonlySet<string>) => Promise<T>,
  ): Promise<T> {
    this.transactions++;
    if (this.#isDue('begin')) {
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Lost before anything happened.', {
        reason: RETRY_REASONS.connectionLost,
      });
    }
    // Like MySQL's NOW(), which is fixed when a statement begins, before it waits for the row.
    const nowMs = this.#clock.now();
    const held =
      typeof rows === 'string'
        ? new Map([[rows, await this.database.lock(rows)]])
        : await this.database.lockFree(rows);
    try {
      const writes: Write[] = [];
      const result = await work(writes, nowMs, new Set(held.keys()));
      await this.beforeCommit();
      if (this.#isDue('before-commit')) throw commitUnclear();
      this.database.commit(writes);
      if (this.#isDue('after-commit')) throw commitUnclear();
      return result;
    } finally {
      for (const unlock of held.values()) unlock();
    }
  }

  #isDue(fault: StoreFault): boolean {
    const index = this.#faults.indexOf(fault);
    if (index >= 0) this.#faults.splice(index, 1);
    return index >= 0;
  }
}

function counterOf({ nextId, highWater }: TagRecord): bigint {
  return maxBigint(nextId, highWater);
}

function commitUnclear(): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'COMMIT was not confirmed.', {
    reason: RETRY_REASONS.commitUnclear,
  });
}
