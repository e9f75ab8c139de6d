import { nextTick } from 'node:process';
import type { Cancel } from '@leafcutter/shared/clock';

interface Event {
  readonly time: number;
  /** Events of the same instant run in the order in which they were set. */
  readonly sequence: number;
  work: (() => void) | undefined;
}

/**
 * The one thread of a simulation: virtual time, in milliseconds, that leaps from event to event. Between two events
 * every promise settles that can, so the events alone decide the order of everything.
 */
export class Scheduler {
  #now = 0;
  #sequence = 0;
  #events = 0;
  /** A binary heap, soonest first: the children of `n` are `2n + 1` and `2n + 2`. */
  readonly #heap: Event[] = [];

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** Events run so far. */
  get events(): number {
    return this.#events;
  }

  after(delayMs: number, work: () => void): Cancel {
    const event: Event = { time: this.#now + Math.max(0, delayMs), sequence: this.#sequence++, work };
    this.#push(event);
    return () => {
      event.work = undefined;
    };
  }

  /** Lets virtual time pass until `timeMs`, or until `stop` says so. */
  async runUntil(timeMs: number, stop: () => boolean = () => false): Promise<void> {
    await settled();
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.time > timeMs) break;
      this.#pop();
      if (event.work === undefined) continue;
      this.#now = event.time;
      this.#events += 1;
      event.work();
      await settled();
      if (stop()) return;
    }
    this.#now = Math.max(this.#now, timeMs);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Event;
      if (!isSooner(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const moved = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isSooner(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      const below = heap[child] as Event;
      if (!isSooner(below, moved)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = moved;
  }
}

function isSooner(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

/**
 * Resolves when every promise has settled that can settle without time passing: Node runs its ticks only when no
 * microtask is left. That is several times as fast as a round of the event loop (`setImmediate`).
 */
function settled(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}
