import { LeafcutterError } from '@leafcutter/shared/errors';
import { type CounterName, counterKey } from './range.ts';

/** What was remembered of a counter that is behind: the next attempt starts at `value`. */
export interface Remembered {
  readonly value: bigint;
  /** Highest counter known to have been committed: where it lies above the counter, the database lost writes. */
  readonly committed: bigint;
}

export const NOTHING_REMEMBERED: Remembered = { value: 0n, committed: 0n };

/** The fence or the ledger remembers more than the counter: the transaction is run again, with that in mind. */
export class CounterBehindError extends LeafcutterError {
  readonly remembered: Remembered;

  constructor(name: CounterName, remembered: Remembered) {
    super(
      'STORE_UNAVAILABLE',
      `The counter of ${counterKey(name)} is behind what was handed out, ${remembered.value}.`,
      { reason: 'counter_behind' },
    );
    this.remembered = remembered;
  }
}
