import { LeafcutterError } from '@leafcutter/shared/errors';
import { type CounterName, counterKey } from './range.ts';

/** The fence or the ledger remembers more than the counter: the transaction is run again, from `value` on. */
export class CounterBehindError extends LeafcutterError {
  readonly value: bigint;

  constructor(name: CounterName, value: bigint) {
    super(
      'STORE_UNAVAILABLE',
      `The counter of ${counterKey(name)} is behind what was handed out, ${value}.`,
      {
        reason: 'counter_behind',
      },
    );
    this.value = value;
  }
}
