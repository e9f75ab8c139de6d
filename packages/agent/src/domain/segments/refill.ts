import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { type LeafcutterError, toLeafcutterError } from '@leafcutter/shared/errors';
import { backoffMs } from '../backoff.ts';
import type { Segment } from './segment.ts';

/** `idle`, `open` (a request is under way) or `waiting` (for the next try after a failure). */
export type RefillState = 'idle' | 'open' | 'waiting';

/** What a refill needs for its work. */
export interface RefillParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Asks for one segment. */
  readonly fetch: () => Promise<Segment>;
  /**
   * A segment came, and the refill is idle again. The error that it returns, if any, says why the segment is of no
   * use.
   */
  readonly landed: (segment: Segment, durationMs: number) => LeafcutterError | undefined;
  /** A segment came after `close`. */
  readonly late: (segment: Segment) => void;
  /** The request failed. A backoff follows, unless this closes the refill. */
  readonly failed: (error: LeafcutterError) => void;
  /** The request is made again after one that failed. */
  readonly retried: () => void;
  /** The backoff after a failure is over, and the refill is idle again. */
  readonly recovered: () => void;
}

/**
 * The fetching of one tag's segments: idle, open (one request is under way) or waiting (the last request failed; left
 * after a backoff, or for good by `close`). At most one request is open, and its answer is applied once and only
 * while it is the open one: after `close` an answer is discarded.
 */
export class Refill {
  readonly #parts: RefillParts;
  #state: RefillState = 'idle';
  #stopBackoff: Cancel = () => undefined;
  #failures = 0;
  #lastError: LeafcutterError | undefined;
  #closed = false;

  constructor(parts: RefillParts) {
    this.#parts = parts;
  }

  get state(): RefillState {
    return this.#state;
  }

  /** Why the last try failed; undefined after one that did not. */
  get lastError(): LeafcutterError | undefined {
    return this.#lastError;
  }

  /** True if nothing is under way, and nothing is remembered that the next request has to know. */
  get isAtRest(): boolean {
    return this.#state === 'idle' && this.#lastError === undefined;
  }

  /** Fetches a segment, unless one is on its way or a backoff runs. */
  start(): void {
    if (this.#state === 'idle' && !this.#closed) void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#stopBackoff();
  }

  async #run(): Promise<void> {
    const { clock, fetch } = this.#parts;
    this.#state = 'open';
    if (this.#failures > 0) this.#parts.retried();
    const begun = clock.monotonic();
    try {
      this.#land(await fetch(), clock.monotonic() - begun);
    } catch (thrown) {
      this.#fail(toLeafcutterError(thrown));
    }
  }

  #land(segment: Segment, tookMs: number): void {
    if (this.#closed) {
      this.#parts.late(segment);
      return;
    }
    this.#state = 'idle';
    this.#lastError = undefined;
    const error = this.#parts.landed(segment, tookMs);
    if (error !== undefined) {
      this.#fail(error);
      return;
    }
    this.#failures = 0;
  }

  #fail(error: LeafcutterError): void {
    if (this.#closed) return;
    this.#lastError = error;
    this.#state = 'waiting';
    this.#parts.failed(error);
    if (this.#closed) return;
    this.#stopBackoff = this.#parts.clock.after(backoffMs(this.#failures++, this.#parts.random), () => {
      this.#state = 'idle';
      this.#parts.recovered();
    });
  }
}
