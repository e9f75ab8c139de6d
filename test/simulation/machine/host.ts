import type { Scheduler } from './scheduler.ts';

/** When every simulation begins, unix milliseconds. */
export const EPOCH_MS = 1_800_000_000_000;

/**
 * A machine with its two clocks. Both run at the machine's own speed, and the wall clock may be set to anything.
 * Neither knows the simulation's true time.
 */
export class Host {
  readonly name: string;
  readonly #scheduler: Scheduler;
  /** Milliseconds of this machine per true millisecond. */
  #pace = 1;
  #monotonic = 0;
  /** True time at which `#monotonic` was right. */
  #since = 0;
  #wallOffsetMs: number;

  constructor(scheduler: Scheduler, name: string, clockErrorMs = 0) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#wallOffsetMs = EPOCH_MS + clockErrorMs;
  }

  monotonic(): number {
    return this.#monotonic + (this.#scheduler.now - this.#since) * this.#pace;
  }

  wall(): number {
    return Math.floor(this.monotonic() + this.#wallOffsetMs);
  }

  /** How many true milliseconds pass while this machine counts `ms`. */
  trueMs(ms: number): number {
    return ms / this.#pace;
  }

  /** Sets the wall clock forward or back. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Sets the wall clock to the true time plus `errorMs`. */
  setRight(errorMs: number): void {
    this.#wallOffsetMs += EPOCH_MS + this.#scheduler.now + errorMs - (this.monotonic() + this.#wallOffsetMs);
  }

  /** Makes both clocks run too fast or, if negative, too slow, in millionths. */
  drift(ppm: number): void {
    this.#monotonic = this.monotonic();
    this.#since = this.#scheduler.now;
    this.#pace = 1 + ppm / 1e6;
  }
}
