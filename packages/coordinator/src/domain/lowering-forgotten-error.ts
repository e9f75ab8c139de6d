import { LeafcutterError } from '@leafcutter/shared/errors';
import { type CounterName, counterKey } from './range.ts';

/**
 * The database stands above what was handed out above a counter that was lowered, so it forgot the lowering, or was told to
 * go on above. It has to be mended before anything is granted there.
 */
export class LoweringForgottenError extends LeafcutterError {
  constructor(name: CounterName) {
    super(
      'STORE_UNAVAILABLE',
      `The counter of ${counterKey(name)} was lowered, and MySQL does not know of it any more; try again.`,
      { reason: 'lowering_forgotten' },
    );
  }
}
