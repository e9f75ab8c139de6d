import type { Counter, CounterName, Era } from './range.ts';

/** A range that is about to be committed, and the era that its counter has in the database. */
export interface FenceMove extends Era {
  /** The later era that begins with the range; undefined if it belongs to the counter's. */
  readonly begins?: Era | undefined;
  /** Where the counter stands in the database, committed. */
  readonly counter: bigint;
  /** End of the highest range that the ledger has of the counter's era; 0 where there is none. */
  readonly top: bigint;
  readonly start: bigint;
  readonly end: bigint;
  /** The generation that the database says its fences have; undefined where it never saw one. */
  readonly generation: string | undefined;
  /** Whether the range may be allocated if Redis is away. False: nothing is noted of a range that nobody gets. */
  readonly mayGoUnfenced: boolean;
}

/** What a fence remembers of a counter, in the last era that it knows of. */
export interface FenceMark extends Era {
  /** End of the last range that it was raised to: at or above everything that was handed out in the era. */
  readonly value: bigint;
  /** Highest counter that it was told is committed in the database. A counter below it went back. */
  readonly committed: bigint;
  /** End of the highest range that it was raised for, or that the ledger had: a counter set too high by hand is in none. */
  readonly granted: bigint;
}

export const NO_MARK: FenceMark = { value: 0n, committed: 0n, granted: 0n };

/**
 * - ok: the fence now stands at the end asked for. `before` is what it remembered, if it knew of more than the ledger.
 * - ahead: more is remembered than `start`; nothing moved.
 * - forgotten: it knows of a later era; nothing moved. The database forgot that the counter was lowered, or went on above,
 *   and may have forgotten what was granted since: it has to be mended first.
 * - away: Redis is away, or takes no writes; nothing that is remembered speaks against the range.
 * - stranger: this Redis has another generation than the database says, or none: it is another one, or forgot.
 */
export type FenceAnswer =
  | { readonly kind: 'ok'; readonly before?: FenceMark }
  | ({ readonly kind: 'ahead' } & FenceMark)
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'away' }
  | { readonly kind: 'stranger' };

/** Who a Redis says it is. It stands there from its first coordinator on, until Redis forgets everything. */
export interface FenceIdentity {
  readonly deploymentId: string;
  /** `layoutFingerprint` of the deployment's snowflake layout. */
  readonly layout: string;
  /** How keys and values are laid out; raised with every change that older coordinators cannot read. */
  readonly keySchema: number;
  /** Random: a Redis that forgot everything, and then got a new identity, is another one. */
  readonly generation: string;
  /** Number of the last sweep that reached it; 0 where none has. */
  readonly sweep: number;
  /** Number of the sweep before that one: what rose since then is still to be swept. Undefined if none is noted. */
  readonly sweepBefore?: number | undefined;
  /** Which part of the ledger the next sweep reads; undefined if none is noted. */
  readonly ledger?: LedgerMarks | undefined;
}

/** Dates of the ledger, unix milliseconds of the database's clock. */
export interface LedgerMarks {
  /** The next sweep reads what is dated from here on. */
  readonly fromMs: number;
  /** What `fromMs` will be, once transactions that were open then are over. */
  readonly nextMs: number;
}

/** A counter as the database has it, for the fence to know. */
export interface SweptCounter extends Counter, Era {
  /** End of the highest range that the ledger has of its era; 0 where there is none. */
  readonly granted: bigint;
  /**
   * True if the database has no row for it: a tag that was deleted by hand, or made after the backup that was restored.
   * Its value is then what is left of it: its high-water mark, or without one the end of its highest range in the ledger.
   */
  readonly gone?: boolean;
}

/** A counter whose fence remembers more than it was told. */
export interface FenceAhead extends FenceMark {
  readonly counter: SweptCounter;
}

export interface Swept {
  /**
   * Those whose fence stands above the counter, knows of more than the ledger, or of a later era: the last was left as it
   * is, because first the database must learn what it forgot.
   */
  readonly ahead: readonly FenceAhead[];
  /** Those whose fence holds what is none, as after somebody set it by hand: they were left alone. */
  readonly unreadable: readonly Counter[];
}

/**
 * The second memory of every counter, in Redis. A missing fence counts as 0.
 *
 * It is raised while the counter's row is locked in MySQL, so for one counter there is one asker at a time.
 */
export interface Fence {
  /** False while Redis is away: all but `raise` would fail. */
  readonly available: boolean;
  /** False from when Redis took no write of a fence until it took one. */
  readonly takesWrites: boolean;
  /** Rises when Redis may have forgotten something: it came back, or a new connection may have led to another server. */
  readonly incarnation: number;
  /**
   * Raises the fence from at most `start` to `end`; where it stands above `start`, says where and changes nothing.
   * @throws STORE_UNAVAILABLE with reason `fence_unclear` where no answer came: the fence may have risen.
   */
  raise(name: CounterName, move: FenceMove): Promise<FenceAnswer>;
  /** What the fence remembers. @throws STORE_UNAVAILABLE */
  read(name: CounterName): Promise<FenceMark>;
  /**
   * Notes, soon and if Redis answers, that a counter is committed at `value`. No promise rests on it: it tells a write
   * that MySQL lost from a COMMIT that never happened.
   */
  confirm(name: CounterName, value: bigint): void;

  /** Who this Redis is; undefined where it has no identity. @throws STORE_UNAVAILABLE */
  identity(): Promise<FenceIdentity | undefined>;
  /** Gives an identity to a Redis that has none; one that stands there stays. @throws STORE_UNAVAILABLE */
  introduce(identity: Omit<FenceIdentity, 'sweep' | 'sweepBefore' | 'ledger'>): Promise<void>;

  /**
   * Counters that have a fence, in pages: those that rose after sweep `sinceSweep` had ended, and perhaps some more; all
   * of them without it. One that rises meanwhile may be missing, and is among them after the next sweep.
   * @throws STORE_UNAVAILABLE
   */
  counters(sinceSweep: number | undefined): AsyncIterable<readonly CounterName[]>;

  /**
   * Raises fences to committed counters, never lowers one but to a later era, and tells those that remember more.
   * @throws STORE_UNAVAILABLE with reason `sweep_overtaken` where Redis is not any more what `identity` says
   */
  sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept>;
  /** Notes that sweep `number` is done, and what the next one reads of the ledger. @throws as `sweep` */
  finishSweep(identity: FenceIdentity, number: number, ledger: LedgerMarks): Promise<void>;
  /**
   * Sets a fence to a lower value: an admin's explicit word, given with the counter's row locked. It changes nothing
   * if the fence is not `from` any more, so that a command that arrives late cannot take down what rose since.
   * @throws STORE_UNAVAILABLE, with reason `fence_stranger` if Redis has another generation, `fence_moved` if the
   * fence is not `from`
   */
  lower(name: CounterName, from: FenceMark, down: FenceLowering): Promise<void>;
}

/** A later era begins at `to`. */
export interface FenceLowering extends Era {
  readonly to: bigint;
  readonly generation: string | undefined;
}
