import type { Clock } from '@leafcutter/shared/clock';

/**
 * A circuit breaker on monotonic time. A library's would count in wall time, and a clock set back by an hour would
 * keep an open circuit open for an hour.
 *
 * - closed: every call passes. Left after `failuresToOpen` failures in a row (to open).
 * - open: one call every `probeMs` passes, to see whether the other side is back. Left by any success (to closed).
 */
export class Circuit {
  readonly #clock: Clock;
  readonly #failuresToOpen: number;
  readonly #probeMs: number;
  #failures = 0;
  /** When the next call may pass while open, monotonic milliseconds. */
  #probeAt = 0;

  constructor(clock: Clock, failuresToOpen: number, probeMs: number) {
    this.#clock = clock;
    this.#failuresToOpen = failuresToOpen;
    this.#probeMs = probeMs;
  }

  get open(): boolean {
    return this.#failures >= this.#failuresToOpen;
  }

  /** True if a call may be made now; the caller must report `succeeded` or `failed` afterwards. */
  tryPass(): boolean {
    if (!this.open) return true;
    const now = this.#clock.monotonic();
    if (now < this.#probeAt) return false;
    this.#probeAt = now + this.#probeMs;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
    this.#probeAt = this.#clock.monotonic() + this.#probeMs;
  }
}
