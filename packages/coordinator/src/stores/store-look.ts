import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { StoreTrouble } from './trouble.ts';

/** How much longer a look waits than a statement: one that is given up tells why, milliseconds. */
const LONGER_MS = 250;

interface LookParts {
  /** A question to the store. */
  readonly ask: () => Promise<unknown>;
  readonly trouble: StoreTrouble;
  readonly clock: Pick<Clock, 'after'>;
  /** How long a statement may take, milliseconds; undefined if looks wait for as long as a question takes. */
  readonly statementTimeoutMs?: number;
}

/**
 * Looks whether the store answers, for those who probe a coordinator. A question may need a new connection, which asks
 * several of its own; a look waits little longer than one statement may take (I6).
 *
 * - idle: the first state; also entered when the question was answered, or failed.
 * - asking: entered by a look. Looks that come meanwhile wait for the same question, so all together hold one connection.
 */
export class StoreLook {
  readonly #parts: LookParts;
  #asking: Promise<'up' | 'down'> | undefined;

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  /** Has it noted how the store does, also if nothing has changed. */
  look(): Promise<'up' | 'down'> {
    const { clock, statementTimeoutMs } = this.#parts;
    this.#asking ??= this.#ask();
    const asking = this.#asking;
    if (statementTimeoutMs === undefined) return asking;
    return new Promise((resolve) => {
      const cancel = clock.after(statementTimeoutMs + LONGER_MS, () => resolve(this.#late()));
      void asking.then((state) => {
        cancel();
        resolve(state);
      });
    });
  }

  async #ask(): Promise<'up' | 'down'> {
    const { ask, trouble } = this.#parts;
    try {
      await ask();
      return 'up';
    } catch (error) {
      trouble.met(error);
      return 'down';
    } finally {
      this.#asking = undefined;
      trouble.onChange();
    }
  }

  #late(): 'down' {
    const { trouble } = this.#parts;
    // Whoever works with the store may know better what keeps it from answering.
    if (trouble.last === undefined) trouble.met(tooSlow());
    return 'down';
  }
}

function tooSlow(): LeafcutterError {
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'one question, on a new connection perhaps, was not answered in the time of a statement',
    { reason: 'deadline' },
  );
}
