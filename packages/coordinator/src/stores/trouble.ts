import type { Logger } from '@leafcutter/shared/logger';
import { visible } from '@leafcutter/shared/visible';

/** The same words are told again after this time, milliseconds: a store may refuse every other call for hours. */
const TOLD_AGAIN_MS = 60_000;
const MAX_WORDS = 300;

/**
 * What keeps a store from serving, in its own words, for the log, `/readyz` and the console.
 *
 * - none: entered at birth and when the store served.
 * - met: entered when it did not; told in the log if the words are others than before.
 */
export class StoreTrouble {
  readonly #store: string;
  readonly #log: Logger;
  readonly #monotonic: () => number;
  #words: string | undefined;
  #told = { words: '', atMs: Number.NEGATIVE_INFINITY };

  constructor(store: 'MySQL' | 'Redis', log: Logger, monotonic: () => number) {
    this.#store = store;
    this.#log = log;
    this.#monotonic = monotonic;
  }

  /** Undefined while there is none. */
  get words(): string | undefined {
    return this.#words;
  }

  met(error: unknown): void {
    const words = ownWords(error);
    if (words === this.#words) return;
    this.#words = words;
    const atMs = this.#monotonic();
    if (words === this.#told.words && atMs - this.#told.atMs < TOLD_AGAIN_MS) return;
    this.#told = { words, atMs };
    this.#log.warn({ store: this.#store }, `${this.#store} does not serve: ${words}`);
  }

  over(): void {
    this.#words = undefined;
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
