import type { Cancel, Clock } from '@leafcutter/shared/clock';

/**
 * The call that one waiter for a lock waits for.
 *
 * - awake: asks Redis. The first state; also entered by waking up. Left by `sleep` (to asleep).
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

  /**
   * Sleeps until called, for at most `waitMs` milliseconds. Resolves to whether the call came, even if it came
   * before.
   */
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
