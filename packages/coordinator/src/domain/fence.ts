import type { Counter, CounterName } from './range.ts';

/** A range that is about to be committed. */
export interface FenceMove {
  /** Where the counter stands in the database, committed. */
  readonly counter: bigint;
  readonly start: bigint;
  readonly end: bigint;
  /** The generation that the database says its fences have; undefined where it never saw one. */
  readonly generation: string | undefined;
}

/** What a fence remembers of a counter. */
export interface FenceMark {
  /** End of the last range that it was raised to: at or above everything handed out. */
  readonly value: bigint;
  /** Highest counter that it was told is committed in the database. A counter below it lost writes. */
  readonly committed: bigint;
}

/**
 * - ok: the fence now stands at the end asked for.
 * - ahead: more is remembered than `start`; nothing moved.
 * - away: Redis is away, or takes no writes; nothing that is remembered speaks against the range.
 * - stranger: this Redis has another generation than the database says, or none: it is another one, or forgot.
 */
export type FenceAnswer =
  | { readonly kind: 'ok' }
  | ({ readonly kind: 'ahead' } & FenceMark)
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
  /** How often a fence was lowered by an admin: what was read before that must not be swept in after it. */
  readonly lowered: number;
}

/** A counter whose fence remembers more than it was told. */
export interface FenceAhead extends FenceMark {
  readonly counter: Counter;
}

/**
 * The second memory of every counter, in Redis. A missing fence counts as 0.
 *
 * It is raised while the counter's row is locked in MySQL, so for one counter there is one asker at a time.
 */
export interface Fence {
  /** False while Redis is away: all but `raise` would fail. */
  readonly available: boolean;
  /**
   * Raises the fence from at most `start` to `end`; where it stands above `start`, says where and changes nothing.
   * @throws STORE_UNAVAILABLE with reason `fence_unclear` where no answer came: the fence may have risen.
   */
  raise(name: CounterName, move: FenceMove): Promise<FenceAnswer>;
  /** Where the fence stands. @throws STORE_UNAVAILABLE */
  read(name: CounterName): Promise<bigint>;

  /** Who this Redis is; undefined where it has no identity. @throws STORE_UNAVAILABLE */
  identity(): Promise<FenceIdentity | undefined>;
  /** Gives an identity to a Redis that has none; one that stands there stays. @throws STORE_UNAVAILABLE */
  introduce(identity: Omit<FenceIdentity, 'sweep' | 'lowered'>): Promise<void>;

  /**
   * Raises fences to committed counters, never lowers one, and resolves to those that remember more.
   * @throws STORE_UNAVAILABLE with reason `sweep_overtaken` where Redis is not any more what `identity` says
   */
  sweep(identity: FenceIdentity, counters: readonly Counter[]): Promise<FenceAhead[]>;
  /** Notes that sweep `number` is done. @throws as `sweep` */
  finishSweep(identity: FenceIdentity, number: number): Promise<void>;
  /**
   * Sets a fence to a lower value: an admin's explicit word, given with the counter's row locked.
   * @throws STORE_UNAVAILABLE, with reason `fence_stranger` where Redis has another generation
   */
  lower(name: CounterName, to: bigint, generation: string | undefined): Promise<void>;
}
