import type { CounterName } from './range.ts';

/**
 * - ok: the fence now stands at the end asked for.
 * - ahead: more is remembered than `start`; nothing moved.
 * - away: Redis is away, or takes no writes; nothing that is remembered speaks against the range.
 */
export type FenceAnswer =
  | { readonly kind: 'ok' }
  | { readonly kind: 'ahead'; readonly value: bigint }
  | { readonly kind: 'away' };

/**
 * The second memory of every counter, in Redis. A missing fence counts as 0.
 *
 * It is asked while the counter's row is locked in MySQL, so for one counter there is one asker at a time.
 */
export interface Fence {
  /** False while Redis is away: `read` would fail. */
  readonly available: boolean;
  /**
   * Raises the fence from at most `start` to `end`; where it stands above `start`, says where and changes nothing.
   * @throws STORE_UNAVAILABLE with reason `fence_unclear` where no answer came: the fence may have risen.
   */
  raise(name: CounterName, start: bigint, end: bigint): Promise<FenceAnswer>;
  /** Where the fence stands. @throws STORE_UNAVAILABLE */
  read(name: CounterName): Promise<bigint>;
}
