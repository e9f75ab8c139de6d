import type { Cancel, Clock } from '@leafcutter/shared/clock';

/** Time between the end of a probe and the next one. */
const PROBE_MS = 250;
/** Redis is away if nothing was heard of it for this long and at least `PROBES_TO_GIVE_UP` probes failed. */
const AWAY_AFTER_MS = 1_500;
const PROBES_TO_GIVE_UP = 3;
/** After this many failed probes the connection may be to blame, and a new one is made. */
const PROBES_TO_RECONNECT = 2;
/** A timer later than this means that this process stood still. */
const STALL_MS = 250;

export interface WatchParts {
  readonly clock: Clock;
  /** Resolves if Redis answered, even with an error; rejects if it did not. Ends within `timeoutMs`. */
  readonly probe: () => Promise<void>;
  readonly timeoutMs: number;
  readonly reconnect: () => void;
  readonly onChange: (up: boolean) => void;
}

/**
 * Judges whether Redis is away. Much depends on it: while Redis is away, ranges are allocated unfenced. So the
 * judgement rests only on probes, one after the other, and on time in which this process ran.
 *
 * - up: entered by any answer of Redis. Left when three probes or more, each begun after the one before had failed,
 *   went unanswered over 1.5 seconds (to away).
 * - away: left by the first answer (to up).
 *
 * If a process was stopped, or its event loop was blocked, its timers fall due before it has read what Redis answered
 * meanwhile. So failures across such a stall say nothing, and counting starts anew.
 */
export class RedisWatch {
  readonly #parts: WatchParts;
  #up = true;
  #failures = 0;
  /** When the first probe of the present row of failures began, monotonic milliseconds. */
  #failingSince = 0;
  #stopTimer: Cancel = () => undefined;
  #stopped = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#later();
  }

  get up(): boolean {
    return this.#up;
  }

  /** Redis answered something. */
  heard(): void {
    this.#failures = 0;
    this.#turn(true);
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
  }

  #later(): void {
    const { clock } = this.#parts;
    const due = clock.monotonic() + PROBE_MS;
    this.#stopTimer = clock.after(PROBE_MS, () => {
      if (clock.monotonic() - due > STALL_MS) this.#failures = 0;
      void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    const { clock, probe, timeoutMs } = this.#parts;
    const begun = clock.monotonic();
    try {
      await probe();
      this.heard();
    } catch {
      if (clock.monotonic() - begun > timeoutMs + STALL_MS) this.#failures = 0;
      else this.#missed(begun);
    }
    if (!this.#stopped) this.#later();
  }

  #missed(begun: number): void {
    const { clock, reconnect } = this.#parts;
    if (this.#failures === 0) this.#failingSince = begun;
    this.#failures += 1;
    if (this.#failures % PROBES_TO_RECONNECT === 0) reconnect();
    const silentMs = clock.monotonic() - this.#failingSince;
    if (this.#failures >= PROBES_TO_GIVE_UP && silentMs >= AWAY_AFTER_MS) this.#turn(false);
  }

  #turn(up: boolean): void {
    if (this.#up === up) return;
    this.#up = up;
    this.#parts.onChange(up);
  }
}
