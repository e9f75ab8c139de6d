import { type Clock, sleep } from '../clock/clock.ts';

/**
 * Writes some of the bytes, and returns how many. It must not wait: a full pipe throws, as a full disk does.
 * @throws Error with a `code` if nothing could be written
 */
export type WriteSome = (bytes: Uint8Array) => number;

/** What a service counts about its log. */
export interface LogCount {
  /** Lines that were dropped, ever. */
  readonly dropped: number;
}

/** How many bytes may wait for a place that takes nothing; lines beyond that are dropped. */
const MAX_WAITING_BYTES = 1_048_576;

/** How long a place that took nothing is left alone, in milliseconds. */
const RETRY_MS = 100;

/**
 * Where log lines go. The place may be a disk without space, a closed terminal or a pipe that nobody reads. None of
 * these may delay the service, throw at it or end it.
 *
 * - flowing: each line is written at once. Left when the place refuses.
 * - stalled: lines wait, up to a bound, and are tried again and again. Left when all of them are written. Lines that
 *   found no room are counted, and reported once it flows again.
 */
export class LogOutput implements LogCount {
  /** Told when it flows again and has dropped lines: how many, and the place's last error. */
  onDropped: (lines: number, reason: string) => void = () => undefined;
  readonly #writeSome: WriteSome;
  readonly #clock: Clock;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #untold = 0;
  #reason = '';

  constructor(writeSome: WriteSome, clock: Clock) {
    this.#writeSome = writeSome;
    this.#clock = clock;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    const isStalled = this.#waiting.length > 0;
    if (isStalled && this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      this.#untold += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!isStalled) this.#drain();
  }

  /** Resolves when nothing waits any more, and after `withinMs` even if something does. */
  async end(withinMs: number): Promise<void> {
    const until = this.#clock.monotonic() + withinMs;
    while (this.#waiting.length > 0 && this.#clock.monotonic() < until) await sleep(this.#clock, RETRY_MS);
  }

  #drain(): void {
    try {
      // A line at a time: if several processes share a pipe, none then tears another's short lines.
      for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
        const written = this.#writeSome(line);
        this.#waitingBytes -= written;
        if (written < line.length) this.#waiting[0] = line.subarray(written);
        else this.#waiting.shift();
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#reason = code ?? message;
      this.#clock.after(RETRY_MS, () => this.#drain());
      return;
    }
    const lines = this.#untold;
    this.#untold = 0;
    if (lines > 0) this.onDropped(lines, this.#reason);
  }
}
