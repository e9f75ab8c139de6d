import type { Cancel, Clock } from './clock.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly work: () => void;
}

/** A clock for tests: stands still until told to move. Wall and monotonic time move apart with `jump`. */
export class FakeClock implements Clock {
  #wall: number;
  #mono = 0;
  #order = 0;
  #timers: Timer[] = [];

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
    const timer: Timer = { due: this.#mono + Math.max(0, delayMs), order: this.#order++, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
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
      const next = this.#timers
        .filter((timer) => timer.due <= end)
        .sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#moveTo(next.due);
      next.work();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  /** How many timers are pending; tests use it to show that nothing leaks. */
  get pending(): number {
    return this.#timers.length;
  }

  #moveTo(mono: number): void {
    // Work that a timer started may have moved the clock further already.
    if (mono <= this.#mono) return;
    this.#wall += mono - this.#mono;
    this.#mono = mono;
  }
}

/** Lets every promise that can settle without time passing do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
