import type { Cancel, Clock } from '@leafcutter/shared/clock';

/** Those in this process who want a lock that another holds, per lock in the order they came. */
export class LockQueue {
  readonly #lines = new Map<string, Set<LockPlace>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the last place for `key`. Who asks Redis only after that misses no call. */
  join(key: string): LockPlace {
    const line = this.#lines.get(key) ?? new Set();
    this.#lines.set(key, line);
    const place: LockPlace = new LockPlace(this.#clock, (unheeded) => {
      line.delete(place);
      if (line.size === 0) this.#lines.delete(key);
      else if (unheeded) this.call(key);
    });
    line.add(place);
    return place;
  }

  /** Calls the first who waits for `key`: only one can have the lock, and the others would ask in vain. */
  call(key: string): void {
    const [first] = this.#lines.get(key) ?? [];
    first?.call();
  }
}

/**
 * One who wants a lock.
 *
 * - busy: asks Redis. Entered by joining and by waking up; left for asleep by `turn`, or by `leave`.
 * - called: busy, and the lock was released meanwhile: the next `turn` ends at once (to busy). One who leaves instead
 *   passes the call on.
 * - asleep: left by a call or when the time is up (to busy).
 */
class LockPlace {
  readonly #clock: Clock;
  readonly #left: (unheeded: boolean) => void;
  #called = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, left: (unheeded: boolean) => void) {
    this.#clock = clock;
    this.#left = left;
  }

  call(): void {
    if (this.#wake === undefined) this.#called = true;
    else this.#wake();
  }

  /** Sleeps until called, `waitMs` milliseconds at most. */
  async turn(waitMs: number): Promise<void> {
    if (!this.#called) {
      let cancel: Cancel = () => undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        cancel = this.#clock.after(waitMs, resolve);
      });
      cancel();
      this.#wake = undefined;
    }
    this.#called = false;
  }

  leave(): void {
    this.#left(this.#called);
  }
}
