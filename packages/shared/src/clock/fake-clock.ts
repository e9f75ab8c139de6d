import type { Cancel, Clock } from './clock.ts';

interface Timer {
  readonly due: number;
  readonly work: () => void;
}

/** A clock for tests that stands still until told to move. `jump` moves the wall clock alone. */
export class FakeClock implements Clock {
  #wall: number;
  #mono = 0;
  readonly #timers = new Set<Timer>();

  constructor(wallMs = 1_800_000_000_000) {
    this.#wall = wallMs;
  }

  now(): number {
    return Math.floor(this.#wall);
  }

  monotonic(): number {
    return this.#mono;
  }

  after(delayMs: number, work: () => void): Cancel {
    const timer: Timer = { due: this.#mono + Math.max(0, delayMs), work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Sets the wall clock forward or back without any time passing, as an operator or NTP would. */
  jump(byMs: number): void {
    this.#wall += byMs;
  }

  /** Lets both clocks run, firing due timers in order and letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const end = this.#mono + byMs;
    await settle();
    for (;;) {
      const next = this.#soonest();
      if (next === undefined || next.due > end) break;
      this.#timers.delete(next);
      this.#moveTo(next.due);
      next.work();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  /** How many timers are pending; tests use it to show that nothing leaks. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Timers that are due together fire in the order in which they were set, which is the set's own. */
  #soonest(): Timer | undefined {
    let soonest: Timer | undefined;
    for (const timer of this.#timers) if (soonest === undefined || timer.due < soonest.due) soonest = timer;
    return soonest;
  }

  #moveTo(mono: number): void {
    // Work that a timer started may have moved the clock further already.
    if (mono <= this.#mono) return;
    this.#wall += mono - this.#mono;
    this.#mono = mono;
  }
}

/** Lets every promise settle that can settle without time passing. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
