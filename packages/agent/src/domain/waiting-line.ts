import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { Segment } from './segment.ts';

/** A caller that waits for `needed` more IDs. */
export interface Waiter {
  needed: number;
  readonly ranges: Segment[];
  readonly deadline: number;
  readonly resolve: (ranges: Segment[]) => void;
  readonly reject: (error: unknown) => void;
  /** True once the caller has gone away; it is passed over. */
  gone: boolean;
}

/**
 * The callers that wait for IDs of one tag, first come, first served. All wait equally long, so the first in line is
 * always the first to expire and one timer serves them all.
 */
export class WaitingLine {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #expired: (waiter: Waiter) => void;
  #waiters: Waiter[] = [];
  /** Index of the first in line: shifting an array of thousands for each served caller would be slow. */
  #head = 0;
  #waitingIds = 0;
  #timer: Cancel | undefined;

  constructor(clock: Clock, waitMs: number, expired: (waiter: Waiter) => void) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#expired = expired;
  }

  get length(): number {
    return this.#waiters.length - this.#head;
  }

  /** IDs that the callers in line still need. */
  get waitingIds(): number {
    return this.#waitingIds;
  }

  join(count: number, signal?: AbortSignal): Promise<Segment[]> {
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.monotonic() + this.#waitMs;
      const waiter: Waiter = { needed: count, ranges: [], deadline, resolve, reject, gone: false };
      this.#waiters.push(waiter);
      this.#waitingIds += count;
      signal?.addEventListener('abort', () => this.#leave(waiter), { once: true });
      this.#timer ??= this.#watch(deadline);
    });
  }

  /** Serves the line from `take` until it has nothing left or nobody waits. */
  serve(take: (count: number) => Segment | undefined): void {
    for (let waiter = this.#first(); waiter !== undefined; waiter = this.#first()) {
      const range = take(waiter.needed);
      if (range === undefined) return;
      const taken = Number(range.end - range.start);
      waiter.ranges.push(range);
      waiter.needed -= taken;
      this.#waitingIds -= taken;
      if (waiter.needed > 0) continue;
      this.#head += 1;
      waiter.resolve(waiter.ranges);
    }
    this.#close();
  }

  /** Sends everyone away with `error`. */
  rejectAll(error: unknown): void {
    const waiters = this.#waiters.slice(this.#head);
    this.#waiters = [];
    this.#close();
    for (const waiter of waiters) if (!waiter.gone) waiter.reject(error);
  }

  #leave(waiter: Waiter): void {
    if (waiter.gone || waiter.needed === 0) return;
    waiter.gone = true;
    this.#waitingIds -= waiter.needed;
  }

  /** The first in line that is still there. */
  #first(): Waiter | undefined {
    while (this.#waiters[this.#head]?.gone === true) this.#head += 1;
    return this.#waiters[this.#head];
  }

  #close(): void {
    if (this.length > 0) return;
    this.#waiters = [];
    this.#head = 0;
    this.#waitingIds = 0;
    this.#timer?.();
    this.#timer = undefined;
  }

  #watch(deadline: number): Cancel {
    return this.#clock.after(deadline - this.#clock.monotonic(), () => {
      this.#timer = undefined;
      const now = this.#clock.monotonic();
      for (
        let waiter = this.#first();
        waiter !== undefined && waiter.deadline <= now;
        waiter = this.#first()
      ) {
        this.#head += 1;
        this.#leave(waiter);
        this.#expired(waiter);
      }
      const first = this.#first();
      if (first === undefined) this.#close();
      else this.#timer = this.#watch(first.deadline);
    });
  }
}
