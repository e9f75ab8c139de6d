import type { CounterName, LedgerEntry } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { holder } from '@leafcutter/coordinator/fakes/samples';

/** A store as the contract suites use it. */
export interface StoreUnderTest {
  /** Handles on one empty database, as two coordinators have them; only one if the adapter refuses a second. */
  readonly stores: readonly [Store, ...Store[]];
  /** Enters a tag as Leaf's operators do: a row of `leaf_alloc` and nothing else. */
  insertByHand(tag: string, nextId: bigint, step: number): Promise<void>;
  /** Deletes a tag's row of `leaf_alloc`, and nothing else. */
  deleteByHand(tag: string): Promise<void>;
  /** Deletes every row of a counter except those of the ledger. */
  deleteAllByHand(name: CounterName): Promise<void>;
  close(): Promise<void>;
}

/** A ledger entry of a segment of `tag`. */
export function entry(tag: string, start: bigint, end: bigint): LedgerEntry {
  return { counter: { kind: 'tag', tag }, start, end, ...holder(1), coordinatorId: 'c1', grantedAtMs: 123 };
}
