import { LeafcutterError } from '@leafcutter/shared/errors';
import { CounterBehindError, NOTHING_REMEMBERED } from '../../domain/allocation/counter-behind-error.ts';
import type { SweptCounter } from '../../domain/allocation/fence.ts';
import {
  type CounterName,
  counterKey,
  type LedgerEntry,
  maxBigint,
  type Range,
} from '../../domain/allocation/range.ts';
import type {
  Advance,
  Deployment,
  HoldingPage,
  LedgerCursor,
  LeftMs,
  Locked,
  LockedGroup,
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
import { ensureMachineIds, listMachineIds, lockMachineIds, raiseCeilings } from './machine-ids.ts';
import { untilRowsAreFree } from './open-rows.ts';
import { counters, countersOf } from './swept-counters.ts';
import {
  changeTag,
  createTag,
  findTags,
  keepHighWater,
  listShapes,
  listTags,
  lockTags,
  setCounters,
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

  untilRowsAreFree(): Promise<void> {
    return untilRowsAreFree(this.#driver);
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

  withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>, leftMs?: LeftMs): Promise<T> {
    const alone = ({ rows: [row] }: LockedGroup<LockedTag>) => {
      if (row === undefined) throw unknownTag(tag);
      return work(row);
    };
    return this.#onTags([tag], this.#driver.forUpdate, alone, leftMs);
  }

  withTags<T>(
    tags: readonly string[],
    work: (group: LockedGroup<LockedTag>) => Promise<T>,
    leftMs?: LeftMs,
  ): Promise<T> {
    const { forUpdate, skipLocked } = this.#driver;
    return this.#onTags(tags, `${forUpdate}${skipLocked}`, work, leftMs);
  }

  #onTags<T>(
    tags: readonly string[],
    lock: string,
    work: (group: LockedGroup<LockedTag>) => Promise<T>,
    leftMs: LeftMs | undefined,
  ): Promise<T> {
    const driver = this.#driver;
    return driver.transaction(async (session) => {
      const rows = await lockTags(driver, session, tags, lock);
      for (const { deploymentId } of rows) this.#checkOwn(deploymentId);
      const byTag = new Map(rows.map((row) => [row.record.tag, row]));
      const advance = async (advances: readonly Advance[]) => {
        if (advances.length === 0) return;
        const rises = advances.map(({ name, to, era }) => ({
          row: mustHave(byTag, counterKey(name)),
          to,
          era,
        }));
        await setCounters(session, rises);
        for (const { row, era } of rises) if (era !== undefined) await setEra(session, row.record, era);
        await enterAll(session, advances, byTag);
      };
      const locked = rows.map((row): LockedTag => {
        const { record, nowMs, generation, memory, era } = row;
        const name = { kind: 'tag', tag: record.tag } as const;
        return {
          name,
          // A row that somebody made with 0 or less gives no ID below 1 (I4).
          value: [record.nextId, record.highWater, 1n].reduce(maxBigint),
          tag: record,
          ...era,
          nowMs,
          generation,
          memory,
          ...ledgerOf(session, name, row),
          advance: (to, entries, later) => advance([{ name, to, entries, era: later }]),
          note: (entry) => writeTrail(driver, session, entry),
        };
      });
      return work({ rows: locked, advance });
    }, leftMs);
  }

  withMachineId<T>(
    machineId: number,
    work: (locked: LockedMachineId) => Promise<T>,
    leftMs?: LeftMs,
  ): Promise<T> {
    const alone = ({ rows: [row] }: LockedGroup<LockedMachineId>) => {
      if (row !== undefined) return work(row);
      throw new LeafcutterError(
        'STORE_UNAVAILABLE',
        `Machine id ${machineId} has no row; restart a coordinator.`,
      );
    };
    return this.#onMachineIds([machineId], this.#driver.forUpdate, alone, leftMs);
  }

  withMachineIds<T>(
    machineIds: readonly number[],
    work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
    leftMs?: LeftMs,
  ): Promise<T> {
    const { forUpdate, skipLocked } = this.#driver;
    return this.#onMachineIds(machineIds, `${forUpdate}${skipLocked}`, work, leftMs);
  }

  #onMachineIds<T>(
    machineIds: readonly number[],
    lock: string,
    work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
    leftMs: LeftMs | undefined,
  ): Promise<T> {
    const driver = this.#driver;
    return driver.transaction(async (session) => {
      const rows = await lockMachineIds(driver, session, machineIds, lock);
      for (const { deploymentId } of rows) this.#checkOwn(deploymentId);
      const byName = new Map(rows.map((row) => [String(row.record.machineId), row]));
      const advance = async (advances: readonly Advance[]) => {
        if (advances.length === 0) return;
        const rises = advances.map(({ name, to, taker }) => {
          return { before: mustHave(byName, counterKey(name)).record, to, taker };
        });
        await raiseCeilings(session, rises);
        await enterAll(session, advances, byName);
      };
      const locked = rows.map((row): LockedMachineId => {
        const { record, nowMs, generation, memory } = row;
        const name = { kind: 'machine', machineId: record.machineId } as const;
        return {
          name,
          value: record.ceilingMs,
          nowMs,
          generation,
          memory,
          machine: record,
          ...ledgerOf(session, name, row),
          advance: (to, entries, taker) => advance([{ name, to, entries, taker }]),
        };
      });
      return work({ rows: locked, advance });
    }, leftMs);
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
      `MySQL belongs to ${deploymentId === undefined ? 'no deployment' : `deployment ${deploymentId}`}; when this coordinator started, it was ${this.#deploymentId}. Check mysql.url, or restart the coordinator if MySQL was replaced on purpose.`,
      { reason: 'other_database' },
    );
  }

  async #mustFind(tag: string): Promise<TagRecord> {
    const record = await this.findTag(tag);
    if (record === undefined) throw unknownTag(tag);
    return record;
  }
}

/** What was read of a counter under its lock. */
type LockedRow = { readonly ledgerTop: bigint; readonly memory: Locked['memory'] };

/** The ledger of one locked counter, as it was when it was locked. */
function ledgerOf(session: SqlSession, name: CounterName, row: LockedRow) {
  return {
    ledgerTop: row.ledgerTop,
    ledgerEnd: (below: bigint) => ledgerEnd(session, name, below),
    nextRangeStart: (from: bigint) => nextRangeStart(session, name, from),
    holes: (within: Range) => holes(session, name, within),
    rangesFrom: (first: bigint, last: bigint) => rangesFrom(session, name, first, last),
    mergeRanges: (whole: LedgerEntry, count: number) => mergeRanges(session, whole, count),
    enter: (entries: readonly LedgerEntry[]) =>
      enterAll(session, [{ name, entries }], new Map([[counterKey(name), row]])),
  };
}

/** @throws CounterBehindError if the ledger has a range of the only counter already; DuplicateKeyError if of one of several */
async function enterAll(
  session: SqlSession,
  advances: readonly Pick<Advance, 'name' | 'entries'>[],
  rows: ReadonlyMap<string, LockedRow>,
): Promise<void> {
  try {
    await writeLedger(
      session,
      advances.flatMap(({ name, entries }) => {
        const { sweptAtMs } = mustHave(rows, counterKey(name)).memory;
        return entries.map((entry) => ({ ...entry, grantedAtMs: Math.max(entry.grantedAtMs, sweptAtMs) }));
      }),
    );
  } catch (error) {
    const [only, another] = advances;
    if (!(error instanceof DuplicateKeyError) || only === undefined || another !== undefined) throw error;
    const { ledgerTop: value } = mustHave(rows, counterKey(only.name));
    throw new CounterBehindError(only.name, { ...NOTHING_REMEMBERED, value });
  }
}

function mustHave<T>(rows: ReadonlyMap<string, T>, name: string): T {
  const row = rows.get(name);
  if (row === undefined) throw new LeafcutterError('INTERNAL', `Counter ${name} is not locked here.`);
  return row;
}
