import { LeafcutterError } from '@leafcutter/shared/errors';
import { type CounterName, counterKey, type Era } from './range.ts';

/** What was remembered of a counter that is behind. The next attempt starts at `value`, if the era is the same. */
export interface Remembered extends Era {
  readonly value: bigint;
  /** End of the highest range that the fence was raised for; 0 for unknown. */
  readonly granted: bigint;
  /** Highest counter that the fence was told is committed; 0 for unknown. */
  readonly committed: bigint;
}

export const NOTHING_REMEMBERED: Remembered = { value: 0n, granted: 0n, committed: 0n };

/** The fence or the ledger remembers more than the counter. The transaction is run again from there. */
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
