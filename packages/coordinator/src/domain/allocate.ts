import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Fence } from './fence.ts';
import { type CounterName, counterKey, maxBigint, type Range } from './range.ts';
import { RETRY_REASONS } from './store.ts';

/** A range that both memories agree nobody had. */
export interface Allocation extends Range {
  /** False where Redis was away and the counter alone decided. */
  readonly fenced: boolean;
}

export interface AllocationEvents {
  /** The fence remembered `by` more than the counter did. */
  fenceAhead(name: CounterName, by: bigint): void;
  /** A range was allocated by the counter alone. */
  unfenced(name: CounterName): void;
}

/** How often a fence that is ahead is followed within one transaction. Nobody else raises it meanwhile but a sweep. */
const MAX_FOLLOWS = 4;

/**
 * The one primitive: finds the next range of a counter whose row the caller has locked (invariants I1, I2).
 *
 * The range starts at the highest of the locked counter, `floor` and the fence, and the fence stands at its end
 * before this returns. The caller then raises the counter, writes the ledger and commits; until COMMIT succeeded
 * nobody may use the range. A crash at any line leaves a gap and nothing worse, because the fence rises first and
 * the fence is only ever a reason to start higher.
 *
 * `endOf` is asked for the end of a range that would start at `start`, and throws where such a range must not be
 * granted. It is asked before the fence moves, so a refusal moves nothing.
 */
export async function allocate(
  locked: { readonly name: CounterName; readonly value: bigint },
  fence: Fence | undefined,
  events: AllocationEvents,
  endOf: (start: bigint) => bigint,
  floor = 0n,
): Promise<Allocation> {
  let start = maxBigint(locked.value, floor);
  for (let follows = 0; follows < MAX_FOLLOWS; follows++) {
    const end = endOf(start);
    if (end <= start) throw new Error(`empty range [${start}, ${end}) of ${counterKey(locked.name)}`);
    if (fence === undefined) return { start, end, fenced: true };
    if (!fence.available) {
      events.unfenced(locked.name);
      return { start, end, fenced: false };
    }
    const answer = await fence.raise(locked.name, start, end);
    if (answer.kind === 'ok') return { start, end, fenced: true };
    events.fenceAhead(locked.name, answer.value - start);
    start = answer.value;
  }
  throw new LeafcutterError('STORE_UNAVAILABLE', 'The fence of this counter keeps moving; try again.', {
    reason: RETRY_REASONS.fenceUnclear,
  });
}
