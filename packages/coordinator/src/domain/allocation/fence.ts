import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { Counter, CounterName, Era } from './range.ts';

/** A range that is about to be committed, and the counter's era in the database. */
export interface FenceMove extends Era {
  readonly name: CounterName;
  /** The later era that begins with the range; undefined if the range belongs to the counter's era. */
  readonly begins?: Era | undefined;
  /** The counter's committed value in the database. */
  readonly counter: bigint;
  /** End of the highest range that the ledger has of the counter's era; 0 if there is none. */
  readonly top: bigint;
  readonly start: bigint;
  readonly end: bigint;
  /** The generation that the fence has according to the database; undefined if the database never saw one. */
  readonly generation: string | undefined;
  /**
   * Whether the range may be allocated while the fence is away. If false, the fence notes nothing of the range,
   * because nobody gets it.
   */
  readonly mayGoUnfenced: boolean;
}

/** What a fence remembers of a counter, in the latest era that it knows. */
export interface FenceMark extends Era {
  /** End of the last range that it was raised to: at or above everything that was handed out in the era. */
  readonly value: bigint;
  /** The highest counter that it was told is committed in the database. A counter below this went back. */
  readonly committed: bigint;
  /**
   * End of the highest range that it was raised for or that the ledger had. It does not include a counter that was
   * set too high by hand.
   */
  readonly granted: bigint;
}

export const NO_MARK: FenceMark = { value: 0n, committed: 0n, granted: 0n };

/**
 * - ok: the fence now stands at the end asked for, if none of the others refuses. `before` is what it remembered, if
 *   it knew of more than the ledger.
 * - ahead: more is remembered than `start`; nothing moved.
 * - forgotten: the fence knows of a later era; nothing moved. The database forgot that the counter was lowered or
 *   that it went on above, and may have forgotten what was granted since. It has to be mended first.
 * - unreadable: the fence holds no valid value, for example because somebody set it by hand; nothing moved.
 * - away: the fence is away or takes no writes; nothing that is remembered forbids the range.
 * - stranger: the fence has no generation, or another one than the database says. It is a different fence, or it
 *   forgot.
 */
export type FenceAnswer =
  | { readonly kind: 'ok'; readonly before?: FenceMark }
  | ({ readonly kind: 'ahead' } & FenceMark)
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'unreadable'; readonly error: LeafcutterError }
  | { readonly kind: 'away' }
  | { readonly kind: 'stranger' };

/**
 * What a fence says about itself. Its first coordinator writes this, and it stays until the fence forgets everything.
 */
export interface FenceIdentity {
  readonly deploymentId: string;
  /** `layoutFingerprint` of the deployment's snowflake layout. */
  readonly layout: string;
  /** How keys and values are laid out; raised with every change that older coordinators cannot read. */
  readonly keySchema: number;
  /** Random. A fence that forgot everything gets a new one, and is another fence. */
  readonly generation: string;
  /** Number of the last sweep that reached it; 0 if none has. */
  readonly sweep: number;
  /** Number of the sweep before that one: what rose since then is still to be swept. Undefined if none is noted. */
  readonly sweepBefore?: number | undefined;
  /** Which part of the ledger the next sweep reads; undefined if none is noted. */
  readonly ledger?: LedgerMarks | undefined;
}

/** Dates in the ledger, unix milliseconds of the database's clock. */
export interface LedgerMarks {
  /** The next sweep reads entries dated from here on. */
  readonly fromMs: number;
  /** The next value of `fromMs`, once transactions that were open then are over. */
  readonly nextMs: number;
}

/** A counter as the database has it, for the fence to learn. */
export interface SweptCounter extends Counter, Era {
  /** End of the highest range that the ledger has of its era; 0 if there is none. */
  readonly granted: bigint;
  /**
   * True if the database has no row for it: the tag was deleted by hand, or was made after the backup that was
   * restored. The value is then the tag's high-water mark or, without one, the end of its highest range in the
   * ledger.
   */
  readonly gone?: boolean;
}

/** A counter whose fence remembers more than it was told. */
export interface FenceAhead extends FenceMark {
  readonly counter: SweptCounter;
}

export interface Swept {
  /**
   * Counters whose fence stands above the counter, knows of more than the ledger, or knows of a later era. The fence
   * of a later era was left as it is: first the database must learn what it forgot.
   */
  readonly ahead: readonly FenceAhead[];
  /** Counters whose fence holds no valid value, for example because somebody set it by hand. They were left alone. */
  readonly unreadable: readonly Counter[];
}

/**
 * The second memory of every counter. A missing fence counts as 0.
 *
 * It is raised while the counter's row is locked in the database, so only one transaction at a time asks about a
 * counter.
 */
export interface Fence {
  /** False while the fence is away: every call except `raise` would fail. */
  readonly available: boolean;
  /** False after the fence refused a write, until it takes one again. */
  readonly takesWrites: boolean;
  /**
   * Rises when the fence may have forgotten something: it came back, or a new connection may have led to another
   * server.
   */
  readonly incarnation: number;
  /**
   * Raises the fences of one transaction, each from at most `start` to `end`: all of them, or none if one refuses,
   * because its transaction is then rolled back. One that stands above `start` says where it stands. The answers are
   * in the order of the moves, which name different counters and the same generation.
   * @throws STORE_UNAVAILABLE with reason `fence_unclear` if no answer came: the fences may have risen.
   */
  raise(moves: readonly FenceMove[]): Promise<FenceAnswer[]>;
  /** What the fence remembers. @throws STORE_UNAVAILABLE */
  read(name: CounterName): Promise<FenceMark>;
  /**
   * Notes that a counter is committed at `value`: soon, and only if the fence answers. No promise rests on it. It
   * tells a write that the database lost from a COMMIT that never happened.
   */
  confirm(name: CounterName, value: bigint): void;

  /** What the fence says about itself; undefined if it has no identity. @throws STORE_UNAVAILABLE */
  identity(): Promise<FenceIdentity | undefined>;
  /** Gives an identity to a fence that has none. An identity that is there already stays. @throws STORE_UNAVAILABLE */
  introduce(identity: Omit<FenceIdentity, 'sweep' | 'sweepBefore' | 'ledger'>): Promise<void>;

  /**
   * Counters that have a fence, in pages. With `sinceSweep`, only those that rose after that sweep had ended, and
   * perhaps some more. A counter that rises meanwhile may be missing; the next sweep gets it.
   * @throws STORE_UNAVAILABLE
   */
  counters(sinceSweep: number | undefined): AsyncIterable<readonly CounterName[]>;

  /**
   * Raises fences to committed counters and reports those that remember more. It lowers a fence only for a later era.
   * @throws STORE_UNAVAILABLE with reason `sweep_overtaken` if the fence no longer is what `identity` says
   */
  sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept>;
  /** Notes that sweep `number` is done, and what the next one reads from the ledger. @throws as `sweep` */
  finishSweep(identity: FenceIdentity, number: number, ledger: LedgerMarks): Promise<void>;
  /**
   * Sets a fence to a lower value. An admin has explicitly asked for it, and the counter's row is locked. It changes
   * nothing if the fence is no longer at `from`, so a command that arrives late cannot take down what rose since.
   * @throws STORE_UNAVAILABLE with reason `fence_stranger` if the fence has another generation, `fence_moved` if it
   * is not at `from`
   */
  lower(name: CounterName, from: FenceMark, down: FenceLowering): Promise<void>;
}

/** A later era begins at `to`. */
export interface FenceLowering extends Era {
  readonly to: bigint;
  readonly generation: string | undefined;
}
