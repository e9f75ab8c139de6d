import type { SweptCounter } from '@leafcutter/coordinator/domain/allocation/fence';
import type { CounterName, LedgerEntry, Range } from '@leafcutter/coordinator/domain/allocation/range';
import {
  type Advance,
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
} from '@leafcutter/coordinator/domain/allocation/store';
import type { TrailEntry, TrailQuery, TrailRecord } from '@leafcutter/coordinator/domain/trail/trail';
import type { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { type Network, NoAnswerError } from '../machine/network.ts';
import type { Process } from '../machine/process.ts';
import { connectionLost, type Session, type SimulatedDatabase } from './simulated-database.ts';

/** As `mysql.statementTimeoutMs`. */
const STATEMENT_TIMEOUT_MS = 2_000;

/** A coordinator's store: the database at the other end of a network that delays and loses statements. */
export class SimulatedStore implements Store {
  readonly #process: Process;
  readonly #database: SimulatedDatabase;
  readonly #network: Network;
  #incarnation = 0;
  #onReplaced: () => void = () => undefined;

  constructor(parts: { process: Process; database: SimulatedDatabase; network: Network }) {
    this.#process = parts.process;
    this.#database = parts.database;
    this.#network = parts.network;
    this.#process.onDeath(() => this.#database.killSessions(this.#process));
  }

  withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>): Promise<T> {
    return this.#transaction<LockedTag, T>(
      (store, inTransaction) => store.withTag(tag, inTransaction),
      (session, locked) => work(this.#tag(session, locked)),
    );
  }

  withTags<T>(tags: readonly string[], work: (group: LockedGroup<LockedTag>) => Promise<T>): Promise<T> {
    return this.#transaction<LockedGroup<LockedTag>, T>(
      (store, inTransaction) => store.withTags(tags, inTransaction),
      (session, group) =>
        work({
          rows: group.rows.map((locked) => this.#tag(session, locked)),
          advance: (advances) => this.#advance(session, group, advances),
        }),
    );
  }

  withMachineId<T>(machineId: number, work: (locked: LockedMachineId) => Promise<T>): Promise<T> {
    return this.#transaction<LockedMachineId, T>(
      (store, inTransaction) => store.withMachineId(machineId, inTransaction),
      (session, locked) => work(this.#machineId(session, locked)),
    );
  }

  withMachineIds<T>(
    machineIds: readonly number[],
    work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
  ): Promise<T> {
    return this.#transaction<LockedGroup<LockedMachineId>, T>(
      (store, inTransaction) => store.withMachineIds(machineIds, inTransaction),
      (session, group) =>
        work({
          rows: group.rows.map((locked) => this.#machineId(session, locked)),
          advance: (advances) => this.#advance(session, group, advances),
        }),
    );
  }

  #tag(session: Session, locked: LockedTag): LockedTag {
    return {
      ...locked,
      ...this.#ledgerCalls(session, locked),
      advance: (to, entries, era) =>
        this.#statement(session, entries, () => locked.advance(to, entries, era)),
      note: (entry) => this.#statement(session, [], () => locked.note(entry)),
    };
  }

  #machineId(session: Session, locked: LockedMachineId): LockedMachineId {
    return {
      ...locked,
      ...this.#ledgerCalls(session, locked),
      advance: (to, entries, taker) =>
        this.#statement(session, entries, () => locked.advance(to, entries, taker)),
    };
  }

  #advance<Row extends Locked>(
    session: Session,
    group: LockedGroup<Row>,
    advances: readonly Advance[],
  ): Promise<void> {
    const entries = advances.flatMap((advance) => advance.entries);
    return this.#statement(session, entries, () => group.advance(advances));
  }

  #ledgerCalls(session: Session, locked: Locked) {
    const ask = <T>(run: () => Promise<T>) => this.#statement(session, [], run);
    return {
      ledgerEnd: (below: bigint) => ask(() => locked.ledgerEnd(below)),
      nextRangeStart: (from: bigint) => ask(() => locked.nextRangeStart(from)),
      holes: (within: Range) => ask(() => locked.holes(within)),
      rangesFrom: (first: bigint, last: bigint) => ask(() => locked.rangesFrom(first, last)),
      // Merged ranges were granted before, so the checks are not told of them again.
      enter: (entries: readonly LedgerEntry[]) =>
        this.#statement(session, entries, () => locked.enter(entries)),
      mergeRanges: (whole: LedgerEntry, count: number) => ask(() => locked.mergeRanges(whole, count)),
    };
  }

  identify(layout: string): Promise<Deployment> {
    return this.#ask((store) => store.identify(layout));
  }

  opaqueKey(version: number, checkValue: string): Promise<string> {
    return this.#ask((store) => store.opaqueKey(version, checkValue));
  }

  now(): Promise<number> {
    return this.#ask((store) => store.now());
  }

  changeGeneration(from: string | undefined, to: string): Promise<boolean> {
    return this.#ask((store) => store.changeGeneration(from, to));
  }

  confirmGeneration(generation: string): Promise<void> {
    return this.#ask((store) => store.confirmGeneration(generation));
  }

  finishSweep(begun: SweepBegun, to: number): Promise<boolean> {
    return this.#ask((store) => store.finishSweep(begun, to));
  }

  untilRowsAreFree(): Promise<void> {
    return this.#ask((store) => store.untilRowsAreFree());
  }

  async *counters(movedSinceMs: number | undefined): AsyncGenerator<readonly SweptCounter[]> {
    yield* await this.#ask(async (store) => {
      const pages: (readonly SweptCounter[])[] = [];
      for await (const page of store.counters(movedSinceMs)) pages.push(page);
      return pages;
    });
  }

  countersOf(names: readonly CounterName[]): Promise<SweptCounter[]> {
    return this.#ask((store) => store.countersOf(names));
  }

  remember(tag: string, entries: readonly LedgerEntry[]): Promise<void> {
    return this.#ask((store) => store.remember(tag, entries));
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  onReplaced(listener: () => void): void {
    this.#onReplaced = listener;
  }

  createTag(tag: NewTag, noting?: Noting): Promise<TagRecord> {
    return this.#ask((store) => store.createTag(tag, noting));
  }

  changeTag(tag: string, change: TagChange, noting?: Noting): Promise<TagRecord> {
    return this.#ask((store) => store.changeTag(tag, change, noting));
  }

  findTag(tag: string): Promise<TagRecord | undefined> {
    return this.#ask((store) => store.findTag(tag));
  }

  findTags(tags: readonly string[]): Promise<TagRecord[]> {
    return this.#ask((store) => store.findTags(tags));
  }

  listTags(after: string | undefined, limit: number): Promise<TagRecord[]> {
    return this.#ask((store) => store.listTags(after, limit));
  }

  listShapes(span: ShapeSpan, except: string, limit: number): Promise<ShapedTag[]> {
    return this.#ask((store) => store.listShapes(span, except, limit));
  }

  ensureMachineIds(first: number, last: number): Promise<void> {
    return this.#ask((store) => store.ensureMachineIds(first, last));
  }

  listMachineIds(first: number, last: number, offset: number, limit: number): Promise<MachineIdRecord[]> {
    return this.#ask((store) => store.listMachineIds(first, last, offset, limit));
  }

  readLedger(after: LedgerCursor | undefined, limit: number): Promise<LedgerEntry[]> {
    return this.#ask((store) => store.readLedger(after, limit));
  }

  latestRanges(counter: CounterName, below: bigint | undefined, limit: number): Promise<LedgerEntry[]> {
    return this.#ask((store) => store.latestRanges(counter, below, limit));
  }

  holes(counter: CounterName, within: Range): Promise<Range[]> {
    return this.#ask((store) => store.holes(counter, within));
  }

  rangesHolding(id: bigint, after: string | undefined, limit: number): Promise<HoldingPage> {
    return this.#ask((store) => store.rangesHolding(id, after, limit));
  }

  note(entry: TrailEntry): Promise<void> {
    return this.#ask((store) => store.note(entry));
  }

  readTrail(query: TrailQuery): Promise<TrailRecord[]> {
    return this.#ask((store) => store.readTrail(query));
  }

  pruneTrail(beforeMs: number): Promise<number> {
    return this.#ask((store) => store.pruneTrail(beforeMs));
  }

  async close(): Promise<void> {
    // The database outlives its clients.
  }

  /** The steps of a transaction as the driver sends them. Each may be lost on its way there or back. */
  async #transaction<L, T>(
    lock: (store: MemoryStore, inTransaction: (locked: L) => Promise<void>) => Promise<void>,
    work: (session: Session, locked: L) => Promise<T>,
  ): Promise<T> {
    await this.#connect();
    const session = this.#database.begin(this.#process);
    let result: T;
    try {
      const locked = await this.#call(() => session.lock(lock));
      result = await work(session, locked);
    } catch (error) {
      this.#network.send(this.#process, this.#database.process, () => session.rollback());
      throw error;
    }
    try {
      await this.#call(() => session.commit());
    } catch (error) {
      throw new LeafcutterError('STORE_UNAVAILABLE', 'MySQL did not confirm a COMMIT.', {
        reason: RETRY_REASONS.commitUnclear,
        cause: error,
      });
    }
    return result;
  }

  #statement<T>(session: Session, entries: readonly LedgerEntry[], run: () => Promise<T>): Promise<T> {
    return this.#call(() => session.run(entries, run));
  }

  async #ask<T>(question: (store: MemoryStore) => Promise<T>): Promise<T> {
    await this.#connect();
    const { incarnation } = this.#database;
    return this.#call(async () => {
      if (this.#database.incarnation !== incarnation) throw connectionLost();
      return question(this.#database.inside());
    });
  }

  /** Connections end with their server, and on each new one the driver looks at who answers. */
  async #connect(): Promise<void> {
    if (this.#incarnation === this.#database.incarnation) return;
    const found = await this.#call(async () => this.#database.incarnation);
    if (found === this.#incarnation) return;
    const isFirst = this.#incarnation === 0;
    this.#incarnation = found;
    if (!isFirst) this.#onReplaced();
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#network.call(this.#process, this.#database.process, work, {
        timeoutMs: STATEMENT_TIMEOUT_MS,
      });
    } catch (error) {
      throw error instanceof NoAnswerError ? connectionLost() : error;
    }
  }
}
