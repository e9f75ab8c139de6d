import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { type Segment, sizeOf } from './segment.ts';

/** A caller that waits for `needed` more IDs. */
export interface Waiter {
  needed: number;
  readonly ranges: Segment[];
  readonly deadline: number;
  readonly resolve: (ranges: Segment[]) => void;
  readonly reject: (error: unknown) => void;
  /** True once the caller has left; its entry in line is passed over. */
  gone: boolean;
  stopListening: Cancel;
}

/** Entries of served or departed callers that may stand before the first in line until they are removed. */
const SWEEP_AT = 1_024;

/**
 * The callers that wait for IDs of one tag, first come, first served. All wait equally long, so the first in line is
 * always the first to expire and one timer serves them all.
 *
 * A caller leaves the line served or unserved: expired, hung up (its signal), or rejected by `rejectAll`. Each leaves
 * once.
 */
export class WaitingLine {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #unserved: (waiter: Waiter, error?: unknown) => void;
  #waiters: Waiter[] = [];
  /** Index of the first in line. Shifting an array of thousands for each served caller would be slow. */
  #head = 0;
  #length = 0;
  #waitingIds = 0;
  #timer: Cancel | undefined;

  /**
   * `unserved` is told of everyone who leaves without all of its IDs, and must reject it. `error` comes from
   * `rejectAll`; it is absent if the caller expired or hung up.
   */
  constructor(clock: Clock, waitMs: number, unserved: (waiter: Waiter, error?: unknown) => void) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#unserved = unserved;
  }

  /** Callers in line; those that hung up are not counted. */
  get length(): number {
    return this.#length;
  }

  /** IDs that the callers in line still need. */
  get waitingIds(): number {
    return this.#waitingIds;
  }

  /** IDs that the first in line still needs; undefined if nobody waits. */
  get firstNeeds(): number | undefined {
    return this.#first()?.needed;
  }

  /** When the first in line expires, monotonic milliseconds; infinite if nobody waits. */
  get deadline(): number {
    return this.#first()?.deadline ?? Number.POSITIVE_INFINITY;
  }

  join(count: number, signal?: AbortSignal): Promise<Segment[]> {
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.monotonic() + this.#waitMs;
      const stopListening = () => signal?.removeEventListener('abort', hangUp);
      const waiter: Waiter = {
        needed: count,
        ranges: [],
        deadline,
        resolve,
        reject,
        gone: false,
        stopListening,
      };
      const hangUp = () => this.#sendAway(waiter);
      this.#waiters.push(waiter);
      this.#length += 1;
      this.#waitingIds += count;
      this.#timer ??= this.#watch(deadline);
      // A signal that has already fired does not fire again.
      if (signal?.aborted === true) hangUp();
      else signal?.addEventListener('abort', hangUp, { once: true });
    });
  }

  /** Serves the line from `take` until it has nothing left or nobody waits; `begun` if the caller has some of its IDs. */
  serve(take: (count: number, begun: boolean) => Segment | undefined): void {
    for (let waiter = this.#first(); waiter !== undefined; waiter = this.#first()) {
      if (!this.#serveOne(waiter, take)) return;
    }
  }

  /** Serves the first in line if it has some of its IDs already. */
  finishBegun(take: (count: number) => Segment | undefined): void {
    const waiter = this.#first();
    if (waiter !== undefined && waiter.ranges.length > 0) this.#serveOne(waiter, take);
  }

  /** Rejects the first in line with `error`. */
  rejectFirst(error: unknown): void {
    const waiter = this.#first();
    if (waiter !== undefined) this.#sendAway(waiter, error);
  }

  /** Rejects everyone with `error`. */
  rejectAll(error: unknown): void {
    for (let waiter = this.#first(); waiter !== undefined; waiter = this.#first()) {
      this.#sendAway(waiter, error);
    }
  }

  /** False where `take` has nothing left. */
  #serveOne(waiter: Waiter, take: (count: number, begun: boolean) => Segment | undefined): boolean {
    while (waiter.needed > 0) {
      const range = take(waiter.needed, waiter.ranges.length > 0);
      if (range === undefined) return false;
      waiter.ranges.push(range);
      waiter.needed -= sizeOf(range);
      this.#waitingIds -= sizeOf(range);
    }
    this.#leave(waiter);
    waiter.resolve(waiter.ranges);
    return true;
  }

  #sendAway(waiter: Waiter, error?: unknown): void {
    this.#leave(waiter);
    this.#unserved(waiter, error);
  }

  #leave(waiter: Waiter): void {
    if (waiter.gone) throw new Error('a caller left the line twice');
    waiter.gone = true;
    waiter.stopListening();
    this.#length -= 1;
    this.#waitingIds -= waiter.needed;
    if (this.#length > 0) return;
    this.#waiters = [];
    this.#head = 0;
    this.#timer?.();
    this.#timer = undefined;
  }

  /** The first in line that is still there. */
  #first(): Waiter | undefined {
    while (this.#waiters[this.#head]?.gone === true) this.#head += 1;
    // A line that is never empty would otherwise keep an entry of everyone it ever served.
    if (this.#head >= SWEEP_AT && this.#head * 2 >= this.#waiters.length) {
      this.#waiters.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#waiters[this.#head];
  }

  #watch(deadline: number): Cancel {
    return this.#clock.after(deadline - this.#clock.monotonic(), () => {
      this.#timer = undefined;
      const now = this.#clock.monotonic();
      let first = this.#first();
      for (; first !== undefined && first.deadline <= now; first = this.#first()) this.#sendAway(first);
      if (first !== undefined) this.#timer ??= this.#watch(first.deadline);
    });
  }
}
