import type { TrailEntry, TrailQuery, TrailRecord } from '../trail/trail.ts';
import type { SweptCounter } from './fence.ts';
import type { Counter, CounterName, Era, Holder, LedgerEntry, Range } from './range.ts';

/** A tag as the store keeps it. Absent numbers mean the deployment's default. */
export interface TagRecord {
  readonly tag: string;
  /** The counter: start of the next segment. */
  readonly nextId: bigint;
  /** End of the highest segment ever allocated; it outlives the counter's row. 0 if there was none. */
  readonly highWater: bigint;
  /** Where the counter stood when the tag was made here; undefined if it was there before, as a Leaf's is. */
  readonly firstId?: bigint | undefined;
  /** Base step, in IDs. */
  readonly step: number;
  readonly maxStep: number | undefined;
  readonly targetDurationS: number | undefined;
  readonly highestId: bigint | undefined;
  readonly retired: boolean;
  readonly description: string | undefined;
  /** How the tag writes its numbers, as `Shape` spells it. It never changes. Undefined: bare numbers. */
  readonly shape: string | undefined;
  /** What was handed out above the counter, if the counter was lowered. */
  readonly taken?: Range | undefined;
}

/** A tag that writes texts, or did so before its row was deleted by hand. */
export interface ShapedTag {
  readonly tag: string;
  readonly shape: string;
}

/** Shapes between two texts in bytewise order, both excluded. */
export interface ShapeSpan {
  readonly above: string;
  readonly below: string;
}

export type NewTag = Omit<TagRecord, 'retired' | 'highWater' | 'firstId' | 'taken'>;

/** What an admin may change about a tag. A missing field stays; `null` goes back to the deployment's default. */
export interface TagChange {
  readonly step?: number | undefined;
  readonly maxStep?: number | null | undefined;
  readonly targetDurationS?: number | null | undefined;
  readonly highestId?: bigint | null | undefined;
  readonly description?: string | null | undefined;
  readonly retired?: true | undefined;
}

/**
 * What the trail gets in the transaction that changes a tag; undefined if nothing changed. It is called again if the
 * transaction is.
 */
export type Noting = (before: TagRecord | undefined, after: TagRecord) => TrailEntry | undefined;

export interface MachineIdRecord {
  readonly machineId: number;
  /** Highest `to` ever granted, unix milliseconds; 0 if there was none. */
  readonly ceilingMs: bigint;
  /** Length of the last window granted, milliseconds. */
  readonly windowMs: number;
  readonly holder: Holder | undefined;
}

/** A counter whose row this transaction has locked. It is valid only until the transaction's work returns. */
export interface Locked extends Counter, Era {
  /** The database's clock, unix milliseconds. */
  readonly nowMs: number;
  /** The generation of the fence that this deployment works with; undefined if it never saw one. */
  readonly generation: string | undefined;
  /** What this database remembers of the last sweep and of when that fence was found; as in `Deployment`. */
  readonly memory: Pick<Deployment, 'sweep' | 'sweptAtMs' | 'confirmedAtMs'>;
  /** End of the highest range that the ledger has of this counter; 0 if there is none. */
  readonly ledgerTop: bigint;
  /** End of the highest of its ranges in the ledger that start below `below`; 0 if there is none. */
  ledgerEnd(below: bigint): Promise<bigint>;
  /** Start of the lowest of its ranges in the ledger that start at `from` or above; undefined if there is none. */
  nextRangeStart(from: bigint): Promise<bigint | undefined>;
  /** The parts of `within` that no ledger range starting in it covers, in order. */
  holes(within: Range): Promise<Range[]>;
  /** Its ranges in the ledger that start in `[first, last]`, in order. */
  rangesFrom(first: bigint, last: bigint): Promise<LedgerEntry[]>;
  /** Replaces the `count` ranges that start inside `whole` by `whole`, which starts where the lowest of them does. */
  mergeRanges(whole: LedgerEntry, count: number): Promise<void>;
  /** Writes ranges to the ledger that lie below the counter, or in what was handed out above. */
  enter(entries: readonly LedgerEntry[]): Promise<void>;
  /** Raises the counter and writes the ledger, as `Advance` says. */
  advance(to: bigint, entries: readonly LedgerEntry[]): Promise<void>;
}

/** Its value is the higher of counter and high-water mark, so a row made again starts above the old one. */
export interface LockedTag extends Locked {
  readonly tag: TagRecord;
  advance(to: bigint, entries: readonly LedgerEntry[], era?: Era): Promise<void>;
  /** Enters a change in the trail. */
  note(entry: TrailEntry): Promise<void>;
}

export interface LockedMachineId extends Locked {
  readonly machine: MachineIdRecord;
  advance(to: bigint, entries: readonly LedgerEntry[], taker?: Taker): Promise<void>;
}

/** How a locked counter is raised. */
export interface Advance {
  readonly name: CounterName;
  readonly to: bigint;
  /**
   * What is written to the ledger; it lies below `to`. None is dated before the last sweep, even if the clock says so:
   * the next sweep has to see them.
   */
  readonly entries: readonly LedgerEntry[];
  /**
   * A later era of a tag begins at `to`, which may lie below the counter. From then on the tag's highest ID lies below
   * what was handed out above.
   */
  readonly era?: Era | undefined;
  /** A machine id gets a holder and a window length. */
  readonly taker?: Taker | undefined;
}

/** Counters whose rows one transaction has locked, in any order. */
export interface LockedGroup<Row extends Locked> {
  readonly rows: readonly Row[];
  /** Raises some of them and writes the ledger, all in the same few statements. */
  advance(advances: readonly Advance[]): Promise<void>;
}

export interface Taker {
  readonly holder: Holder;
  readonly windowMs: number;
}

export interface Deployment {
  /** Random, made once per database. */
  readonly id: string;
  /** `layoutFingerprint` of the snowflake layout that this deployment's IDs have. */
  readonly layout: string;
  /** The generation of the fence that this deployment works with; undefined if it never saw one. */
  readonly generation: string | undefined;
  /** When a coordinator last found that fence, unix milliseconds of the database's clock; 0 for never. */
  readonly confirmedAtMs: number;
  /** Number of the last sweep; 0 if there was none. */
  readonly sweep: number;
  /** When the last sweep began to read counters, unix milliseconds of the database's clock. */
  readonly sweptAtMs: number;
  /** The database's clock, unix milliseconds. */
  readonly nowMs: number;
}

export type SweepBegun = Pick<Deployment, 'sweep' | 'confirmedAtMs' | 'nowMs'>;

/** The ranges of a page of tags that hold an ID. */
export interface HoldingPage {
  readonly ranges: readonly LedgerEntry[];
  /** The last tag that was looked at; undefined if there are no more. */
  readonly next: string | undefined;
}

/** A page of the ledger starts after this range of this counter. */
export interface LedgerCursor {
  readonly counter: CounterName;
  readonly start: bigint;
}

/** How long somebody still waits for a transaction, milliseconds; below 0 if nobody does any more. */
export type LeftMs = () => number;

/**
 * The durable truth: counters, tags and the ledger.
 *
 * `withTag` and `withMachineId` run `work` in one pessimistic transaction that holds the counter's lock. `withTags` and
 * `withMachineIds` do so with several, and leave out those that do not exist and those that somebody else holds: who
 * holds a row never waits for another one. All of them resolve only after COMMIT is known to have succeeded. If `work` throws, or if it is unclear whether COMMIT succeeded,
 * everything is thrown away and they reject: a range that was taken in them must not be used. Drivers' errors arrive
 * as STORE_UNAVAILABLE with one of the reasons of `RETRY_REASONS`, or none. If `leftMs` is given, a store that is too slow
 * for it again and again is told as such.
 */
export interface Store {
  /**
   * Identifies this store. The first coordinator to ask writes a random id and its layout. Later ones get what is
   * written there, and refuse to serve if the layout is not theirs.
   */
  identify(layout: string): Promise<Deployment>;

  /** Notes the check value of an opaque key if its version has none yet. Resolves to the one that is noted now. */
  opaqueKey(version: number, checkValue: string): Promise<string>;

  /** The database's clock, unix milliseconds. @throws STORE_UNAVAILABLE */
  now(): Promise<number>;

  /** Makes `to` the generation, and notes that it was found. Resolves to false if it no longer is `from`. */
  changeGeneration(from: string | undefined, to: string): Promise<boolean>;
  /** Notes that the fence of this generation was found now. Does nothing if another one is the deployment's. */
  confirmGeneration(generation: string): Promise<void>;
  /**
   * Notes sweep `to`, which began when the deployment stood as in `begun`. Resolves to false if another sweep was
   * noted since. Also to false if `begun` knows of a later finding of the fence than the database does now: then a
   * backup was loaded meanwhile.
   */
  finishSweep(begun: SweepBegun, to: number): Promise<boolean>;
  /**
   * Resolves when every transaction that held a counter's row is over. @throws STORE_UNAVAILABLE if one goes on for
   * too long
   */
  untilRowsAreFree(): Promise<void>;
  /** Every counter, in pages; or those that moved since a moment of the database's clock, and perhaps some more. */
  counters(movedSinceMs: number | undefined): AsyncIterable<readonly SweptCounter[]>;
  /** These counters. One without a row in the database is `gone`; its value is what is left of it, or 0. */
  countersOf(names: readonly CounterName[]): Promise<SweptCounter[]>;
  /**
   * Enters ranges of a tag that has no row, and its high-water mark. The tag's shape is forgotten: if it is made
   * again, in any shape, it starts above these ranges.
   */
  remember(tag: string, entries: readonly LedgerEntry[]): Promise<void>;

  /**
   * Rises when this process finds that the database may have forgotten something: another server answers, or the same
   * one after a restart.
   */
  readonly incarnation: number;
  /** Calls `listener` when `incarnation` has risen. */
  onReplaced(listener: () => void): void;

  /** @throws TAG_UNKNOWN, STORE_UNAVAILABLE, and anything that `work` throws. */
  withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>, leftMs?: LeftMs): Promise<T>;
  /** @throws STORE_UNAVAILABLE, and anything that `work` throws. */
  withTags<T>(
    tags: readonly string[],
    work: (group: LockedGroup<LockedTag>) => Promise<T>,
    leftMs?: LeftMs,
  ): Promise<T>;
  /**
   * @throws TAG_EXISTS, also if the table ignores case and has a tag that differs only in case; BAD_REQUEST if an
   * earlier tag of this name handed out numbers in another shape, because the new one could write a text again
   */
  createTag(tag: NewTag, noting?: Noting): Promise<TagRecord>;
  /** @throws TAG_UNKNOWN */
  changeTag(tag: string, change: TagChange, noting?: Noting): Promise<TagRecord>;
  findTag(tag: string): Promise<TagRecord | undefined>;
  /** Those of `tags` that exist, with their records. */
  findTags(tags: readonly string[]): Promise<TagRecord[]>;
  /** Tags in bytewise order, above `after`. */
  listTags(after: string | undefined, limit: number): Promise<TagRecord[]>;
  /**
   * Tags whose shapes lie in `span`, in bytewise order of the shapes, without the tag `except`. Retired and deleted
   * tags are included. Tags of days are not: their template stands for them.
   */
  listShapes(span: ShapeSpan, except: string, limit: number): Promise<ShapedTag[]>;

  /** Makes sure that every machine id of `[first, last]` has a row. */
  ensureMachineIds(first: number, last: number): Promise<void>;
  /** @throws STORE_UNAVAILABLE, and anything that `work` throws. */
  withMachineId<T>(
    machineId: number,
    work: (locked: LockedMachineId) => Promise<T>,
    leftMs?: LeftMs,
  ): Promise<T>;
  /** @throws STORE_UNAVAILABLE, and anything that `work` throws. */
  withMachineIds<T>(
    machineIds: readonly number[],
    work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
    leftMs?: LeftMs,
  ): Promise<T>;
  /** Machine ids of `[first, last]` in order of their ceilings, oldest first. */
  listMachineIds(first: number, last: number, offset: number, limit: number): Promise<MachineIdRecord[]>;

  /** A page of the ledger, ordered by kind, counter and start. */
  readLedger(after: LedgerCursor | undefined, limit: number): Promise<LedgerEntry[]>;
  /** A counter's highest ranges that start below `below`, highest first; without `below` its newest. */
  latestRanges(counter: CounterName, below: bigint | undefined, limit: number): Promise<LedgerEntry[]>;
  /** As `Locked.holes`, for a counter that nobody can lock. */
  holes(counter: CounterName, within: Range): Promise<Range[]>;
  /** The ranges that hold `id`, of at most `limit` tags above `after` in order of their names, and where to go on. */
  rangesHolding(id: bigint, after: string | undefined, limit: number): Promise<HoldingPage>;

  /** Enters in the trail what was done outside of this store. @throws STORE_UNAVAILABLE */
  note(entry: TrailEntry): Promise<void>;
  /** A page of the trail, newest first. */
  readTrail(query: TrailQuery): Promise<TrailRecord[]>;
  /** Forgets what the trail has from before a moment of the database's clock. Resolves to how many changes those were. */
  pruneTrail(beforeMs: number): Promise<number>;

  close(): Promise<void>;
}

/** Reasons of STORE_UNAVAILABLE after which the same transaction may be tried again at once. */
export const RETRY_REASONS = {
  /** The database chose this transaction to give way. */
  deadlock: 'deadlock',
  /** The connection broke or answered too late, before COMMIT was sent. */
  connectionLost: 'connection_lost',
  /** The server takes no writes: it is about to be replaced, or another host has to be asked. */
  readOnly: 'read_only',
  /** The server says that it cannot do its work now: out of space, of memory, of locks, and whatever else it may say. */
  refused: 'refused',
  /** COMMIT was sent and no answer came: the range may be allocated, so it is nobody's. */
  commitUnclear: 'commit_unclear',
  /** The fence was asked and no answer came: it may have risen, so the range is nobody's. */
  fenceUnclear: 'fence_unclear',
  /** The fence is not the one that the database names: it may just have forgotten, and get its identity again. */
  fenceStranger: 'fence_stranger',
} as const;
