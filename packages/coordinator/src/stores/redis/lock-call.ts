import type { Cancel, Clock } from '@leafcutter/shared/clock';

/**
 * The call that one waits for who wants a lock.
 *
 * - awake: asks Redis. Entered at birth and by waking up; left by `sleep` (to asleep).
 * - asleep: left when the time is up (to awake) or by the call (to called).
 * - called: the lock is handed over. Entered from either, for good.
 */
export class LockCall {
  readonly #clock: Clock;
  #called = false;
  #wake: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  call(): void {
    this.#called = true;
    this.#wake();
  }

  /** Sleeps until called, `waitMs` milliseconds at most; resolves to whether the call came, be it before. */
  async sleep(waitMs: number): Promise<boolean> {
    if (this.#called) return true;
    let cancel: Cancel = () => undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#clock.after(waitMs, resolve);
    });
    cancel();
    return this.#called;
  }
}
