import { LeafcutterError } from '@leafcutter/shared/errors';
import { visible } from '@leafcutter/shared/visible';

const MAX_WORDS = 300;

/** What keeps a store from serving. */
export interface Trouble {
  /** A reason of docs/errors.md; null if what was met has none. */
  readonly reason: string | null;
  /** The store's own. */
  readonly words: string;
}

/**
 * What keeps a store from serving, as its adapter meets it; `Health` tells of it.
 *
 * - none: entered at birth and when the store served.
 * - met: entered when it did not.
 */
export class StoreTrouble {
  /** Called at each change. */
  onChange: () => void = () => undefined;
  #last: Trouble | undefined;

  /** Undefined while there is none. */
  get last(): Trouble | undefined {
    return this.#last;
  }

  met(error: unknown): void {
    const words = ownWords(error);
    const reason = (error instanceof LeafcutterError && error.reason) || null;
    if (words === this.#last?.words && reason === this.#last.reason) return;
    this.#last = { reason, words };
    this.onChange();
  }

  over(): void {
    if (this.#last === undefined) return;
    this.#last = undefined;
    this.onChange();
  }
}

/** What stands behind an error: the last cause that says something. It may name a user or a host, and has no password. */
export function ownWords(error: unknown): string {
  let words = '';
  let reads = error as { message?: unknown; errors?: unknown; cause?: unknown } | undefined;
  for (let depth = 0; depth < 5 && typeof reads === 'object' && reads !== null; depth++) {
    // A name with several addresses fails with one error for each, and none of its own.
    const [first] = Array.isArray(reads.errors) ? reads.errors : [];
    words = String(first?.message || reads.message || words);
    reads = reads.cause as typeof reads;
  }
  return visible(words || String(error)).slice(0, MAX_WORDS);
}
