import { IdError } from './id-error.ts';
import type { WaitOptions } from './id-shapes.ts';
import type { IdSource } from './id-source.ts';
import { checkCount, closed } from './ids.ts';

/**
 * IDs of one tag as it writes them, straight from the agent. None is kept in this process, so the IDs of a dated tag are
 * of the day on which they are requested. *Open* from `connectTexts` until `close`; then *closed*, and every call is
 * refused.
 */
export class Texts implements AsyncDisposable {
  readonly #api: IdSource;
  readonly #tag: string;
  readonly #maxOpen: number;
  #open = 0;
  #closed = false;

  /** `maxOpen`: calls at once. */
  constructor(api: IdSource, tag: string, maxOpen: number) {
    this.#api = api;
    this.#tag = tag;
    this.#maxOpen = maxOpen;
  }

  /** The next ID. @throws IdError; the signal's reason */
  async next(options: WaitOptions = {}): Promise<string> {
    const [text] = await this.batch(1, options);
    if (text === undefined) throw new Error('a request for one ID was answered with none');
    return text;
  }

  /**
   * `count` IDs, 1 to 10,000, in the order of their numbers. Those of a later call follow if it is made after this one was
   * answered. @throws IdError; the signal's reason
   */
  async batch(count: number, { signal }: WaitOptions = {}): Promise<string[]> {
    checkCount(count);
    if (this.#closed) throw closed();
    signal?.throwIfAborted();
    if (this.#open >= this.#maxOpen)
      throw new IdError('RATE_LIMITED', 'Too many calls are already under way.', { retryable: true });
    this.#open += 1;
    try {
      return await this.#api.texts(this.#tag, count, signal);
    } finally {
      this.#open -= 1;
    }
  }

  /** Refuses further calls. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#api.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
