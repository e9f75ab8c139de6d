import { CounterBehindError } from './counter-behind-error.ts';
import type { Fence } from './fence.ts';
import { type CounterName, counterKey, maxBigint, type Range } from './range.ts';

export interface AllocationEvents {
  /** The fence, or the ledger, remembered `by` more than the counter did. */
  counterBehind(name: CounterName, by: bigint): void;
  /** A range was allocated by the counter alone. */
  unfenced(name: CounterName): void;
}

/** How one kind of range is taken. */
export interface Taking {
  /** The range starts no lower than this. */
  readonly floor: bigint;
  /** The end of a range that would start at `start`; throws where such a range must not be granted. */
  endOf(start: bigint): bigint;
  /**
   * Raises the counter and writes the ledger, in the open transaction.
   * @throws CounterBehindError where the ledger has a range that starts here already
   */
  write(range: Range): Promise<void>;
}

/**
 * The one primitive: takes the next range of a counter whose row the caller has locked (invariants I1, I2).
 *
 * The range starts at the locked counter or the floor. It is written first, then the fence is raised to its end, and
 * the caller commits when this resolves: so the fence stands at the end of every range that can be handed out, and
 * what the database refuses moves no fence. Where fence or ledger remember more, nothing moves, the transaction is
 * rolled back and run again with that as its floor (`retrying`). A crash at any line leaves a gap and nothing worse.
 *
 * @throws CounterBehindError, STORE_UNAVAILABLE with reason `fence_unclear`, and what `taking` throws
 */
export async function allocate(
  locked: { readonly name: CounterName; readonly value: bigint },
  fence: Fence | undefined,
  events: AllocationEvents,
  taking: Taking,
): Promise<Range> {
  const start = maxBigint(locked.value, taking.floor);
  const range = { start, end: taking.endOf(start) };
  if (range.end <= start)
    throw new Error(`empty range [${start}, ${range.end}) of ${counterKey(locked.name)}`);
  try {
    await taking.write(range);
    const answer = await fence?.raise(locked.name, range.start, range.end);
    if (answer?.kind === 'ahead') throw new CounterBehindError(locked.name, answer.value);
    if (answer?.kind === 'away') events.unfenced(locked.name);
    return range;
  } catch (error) {
    if (error instanceof CounterBehindError) events.counterBehind(locked.name, error.value - start);
    throw error;
  }
}
