import { LeafcutterError } from '@leafcutter/shared/errors';
import { CounterBehindError, NOTHING_REMEMBERED } from '../../domain/allocation/counter-behind-error.ts';
import type { SweptCounter } from '../../domain/allocation/fence.ts';
import { type CounterName, type LedgerEntry, maxBigint, type Range } from '../../domain/allocation/range.ts';
import type {
  Deployment,
  HoldingPage,
  LedgerCursor,
  Locked,
  LockedMachineId,
  LockedTag,
  MachineIdRecord,
  NewTag,
  Noting,
  ShapedTag,
  ShapeSpan,
  Store,
  SweepBegun,
  TagChange,
  TagRecord,
} from '../../domain/allocation/store.ts';
import { unknownTag } from '../../domain/tags/tags.ts';
import type { TrailEntry, TrailQuery, TrailRecord } from '../../domain/trail/trail.ts';
import { changeGeneration, confirmGeneration, finishSweep, identify } from './deployment.ts';
import { DuplicateKeyError, type SqlDriver, type SqlSession } from './driver.ts';
import {
  holes,
  latestRanges,
  ledgerEnd,
  mergeRanges,
  nextRangeStart,
  rangesFrom,
  rangesHolding,
  readLedger,
  writeLedger,
} from './ledger.ts';
import { ensureMachineIds, listMachineIds, lockMachineId, raiseCeiling } from './machine-ids.ts';
import { counters, countersOf } from './swept-counters.ts';
import {
  changeTag,
  createTag,
  findTags,
  keepHighWater,
  listShapes,
  listTags,
  lockTag,
  setCounter,
  setEra,
} from './tags.ts';
import { pruneTrail, readTrail, writeTrail } from './trail.ts';

/** The store on SQL: the same statements on MySQL, MariaDB and SQLite. What differs is in the driver. */
export class SqlStore implements Store {
  readonly #driver: SqlDriver;
  /**
   * The deployment that the database belonged to when it was first asked: nothing is taken from another one that
   * replaces it.
   */
  #deploymentId: string | undefined;

  constructor(driver: SqlDriver) {
    this.#driver = driver;
  }

  async identify(layout: string): Promise<Deployment> {
    const deployment = await identify(this.#driver, layout);
    this.#deploymentId ??= deployment.id;
    return deployment;
  }

  changeGeneration(from: string | undefined, to: string): Promise<boolean> {
    return changeGeneration(this.#driver, from, to);
  }

  confirmGeneration(generation: string): Promise<void> {
    return confirmGeneration(this.#driver, generation);
  }

  finishSweep(begun: SweepBegun, to: number): Promise<boolean> {
    return finishSweep(this.#driver, begun, to);
  }

  counters(movedSinceMs: number | undefined): AsyncIterable<readonly SweptCounter[]> {
    return counters(this.#driver, movedSinceMs);
  }

  countersOf(names: readonly CounterName[]): Promise<SweptCounter[]> {
    return countersOf(this.#driver, names);
  }

  remember(tag: string, entries: readonly LedgerEntry[]): Promise<void> {
    return this.#driver.transaction(async (session) => {
      await keepHighWater(this.#driver, session, tag, entries.map(({ end }) => end).reduce(maxBigint, 0n));
      await writeLedger(session, entries);
    });
  }

  get incarnation(): number {
    return this.#driver.incarnation;
  }

  onReplaced(listener: () => void): void {
    this.#driver.onReplaced(listener);
  }

  async opaqueKey(version: number, checkValue: string): Promise<string> {
    const driver = this.#driver;
    const columns = 'leafcutter_opaque_key (version, check_value)';
    await driver.run(`${driver.insertIgnore} INTO ${columns} VALUES (?, ?)`, [version, checkValue]);
    const [row] = await driver.query('SELECT check_value FROM leafcutter_opaque_key WHERE version = ?', [
      version,
    ]);
    return String(row?.check_value);
  }

  async now(): Promise<number> {
    const [row] = await this.#driver.query(`SELECT ${this.#driver.nowMs} AS now_ms`);
    return Number(row?.now_ms);
  }

  withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>): Promise<T> {
    const driver = this.#driver;
    return driver.transaction(async (session) => {
      const row = await lockTag(driver, session, tag);
      if (row === undefined) throw unknownTag(tag);
      this.#checkOwn(row.deploymentId);
      const { record, nowMs, generation, memory, era } = row;
      const name = { kind: 'tag', tag } as const;
      const ledger = ledgerOf(session, name, row);
      return work({
        name,
        // A row that somebody made with 0 or less gives no ID below 1 (I4).
        value: [record.nextId, record.highWater, 1n].reduce(maxBigint),
        tag: record,
        ...era,
        nowMs,
        generation,
        memory,
        ...ledger.calls,
        async advance(to, entries, later) {
          await setCounter(session, row, to);
          if (later !== undefined) await setEra(session, record, later);
          await ledger.write(entries);
        },
        enter: (entries) => ledger.write(entries),
        note: (entry) => writeTrail(driver, session, entry),
      });
    });
  }

  withMachineId<T>(machineId: number, work: (locked: LockedMachineId) => Promise<T>): Promise<T> {
    const driver = this.#driver;
    return driver.transaction(async (session) => {
      const row = await lockMachineId(driver, session, machineId);
      if (row === undefined) {
        throw new LeafcutterError(
          'STORE_UNAVAILABLE',
          `Machine id ${machineId} has no row; restart a coordinator.`,
        );
      }
      this.#checkOwn(row.deploymentId);
      const { record, nowMs, generation, memory } = row;
      const name = { kind: 'machine', machineId } as const;
      const ledger = ledgerOf(session, name, row);
      return work({
        name,
        value: record.ceilingMs,
        nowMs,
        generation,
        memory,
        machine: record,
        ...ledger.calls,
        enter: (entries) => ledger.write(entries),
        async advance(to, entries, taker) {
          await raiseCeiling(session, record, to, taker);
          await ledger.write(entries);
        },
      });
    });
  }

  async createTag(tag: NewTag, noting?: Noting): Promise<TagRecord> {
    await createTag(this.#driver, tag, noting);
    return this.#mustFind(tag.tag);
  }

  async changeTag(tag: string, change: TagChange, noting?: Noting): Promise<TagRecord> {
    await changeTag(this.#driver, tag, change, noting);
    return this.#mustFind(tag);
  }

  async findTag(tag: string): Promise<TagRecord | undefined> {
    const [record] = await findTags(this.#driver, [tag]);
    return record;
  }

  findTags(tags: readonly string[]): Promise<TagRecord[]> {
    return findTags(this.#driver, tags);
  }

  listTags(after: string | undefined, limit: number): Promise<TagRecord[]> {
    return listTags(this.#driver, after, limit);
  }

  listShapes(span: ShapeSpan, except: string, limit: number): Promise<ShapedTag[]> {
    return listShapes(this.#driver, span, except, limit);
  }

  ensureMachineIds(first: number, last: number): Promise<void> {
    return ensureMachineIds(this.#driver, first, last);
  }

  listMachineIds(first: number, last: number, offset: number, limit: number): Promise<MachineIdRecord[]> {
    return listMachineIds(this.#driver, [first, last], offset, limit);
  }

  readLedger(after: LedgerCursor | undefined, limit: number): Promise<LedgerEntry[]> {
    return readLedger(this.#driver, after, limit);
  }

  latestRanges(counter: CounterName, below: bigint | undefined, limit: number): Promise<LedgerEntry[]> {
    return latestRanges(this.#driver, counter, below, limit);
  }

  holes(counter: CounterName, within: Range): Promise<Range[]> {
    return holes(this.#driver, counter, within);
  }

  rangesHolding(id: bigint, after: string | undefined, limit: number): Promise<HoldingPage> {
    return rangesHolding(this.#driver, id, after, limit);
  }

  note(entry: TrailEntry): Promise<void> {
    return writeTrail(this.#driver, this.#driver, entry);
  }

  readTrail(query: TrailQuery): Promise<TrailRecord[]> {
    return readTrail(this.#driver, query);
  }

  pruneTrail(beforeMs: number): Promise<number> {
    return pruneTrail(this.#driver, beforeMs);
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  #checkOwn(deploymentId: string | undefined): void {
    if (this.#deploymentId === undefined || deploymentId === this.#deploymentId) return;
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `MySQL belongs to ${deploymentId === undefined ? 'no deployment' : `deployment ${deploymentId}`}; when this coordinator started, it was ${this.#deploymentId}. Check mysql.url, or restart the coordinator if the exchange was meant.`,
      { reason: 'other_database' },
    );
  }

  async #mustFind(tag: string): Promise<TagRecord> {
    const record = await this.findTag(tag);
    if (record === undefined) throw unknownTag(tag);
    return record;
  }
}

/** The ledger of one locked counter, as it was when it was locked. */
function ledgerOf(
  session: SqlSession,
  name: CounterName,
  { ledgerTop: top, memory }: { readonly ledgerTop: bigint; readonly memory: Locked['memory'] },
) {
  return {
    calls: {
      ledgerTop: top,
      ledgerEnd: (below: bigint) => ledgerEnd(session, name, below),
      nextRangeStart: (from: bigint) => nextRangeStart(session, name, from),
      holes: (within: Range) => holes(session, name, within),
      rangesFrom: (first: bigint, last: bigint) => rangesFrom(session, name, first, last),
      mergeRanges: (whole: LedgerEntry, count: number) => mergeRanges(session, whole, count),
    },
    /** @throws CounterBehindError if the ledger has one of these ranges already */
    async write(entries: readonly LedgerEntry[]): Promise<void> {
      try {
        await writeLedger(
          session,
          entries.map((entry) => ({
            ...entry,
            grantedAtMs: Math.max(entry.grantedAtMs, memory.sweptAtMs),
          })),
        );
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
        throw new CounterBehindError(name, { ...NOTHING_REMEMBERED, value: top });
      }
    },
  };
}
