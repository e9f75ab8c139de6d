/** Ends a timer or a subscription. Calling it twice is harmless. */
export type Cancel = () => void;

/**
 * Time as the domain sees it. Wall time may jump and be wrong; monotonic time only rises. Domain code receives a
 * Clock and never uses `Date` or timers itself.
 */
export interface Clock {
  /** Wall clock, unix milliseconds, whole. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes back, may be fractional. */
  monotonic(): number;
  /** Calls `work` once after `delayMs` of monotonic time. */
  after(delayMs: number, work: () => void): Cancel;
}

/** Waits on the given clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}
