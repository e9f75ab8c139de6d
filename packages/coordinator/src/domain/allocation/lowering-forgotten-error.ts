import { LeafcutterError } from '@leafcutter/shared/errors';
import { type CounterName, counterKey } from './range.ts';

/**
 * The fence knows of a later era than the database: the database forgot that the counter was lowered. It has to be
 * mended before anything is granted.
 */
export class LoweringForgottenError extends LeafcutterError {
  constructor(name: CounterName) {
    super(
      'STORE_UNAVAILABLE',
      `The counter of ${counterKey(name)} was lowered, but MySQL has lost that change; try again.`,
      { reason: 'lowering_forgotten' },
    );
  }
}
