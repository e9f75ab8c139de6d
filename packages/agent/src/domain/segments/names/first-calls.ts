import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';

/** How many of the 32 calls that a coordinator gets at once. */
const AT_ONCE = 4;
/** Names that may wait in line for one of these places. */
const MAX_IN_LINE = 1_000;
/** How long a call keeps its place after the answer that there is no such tag. That makes 40 such names a second. */
const PENALTY_MS = 100;

/** A name that waits in line. */
interface Standing {
  readonly go: () => void;
  readonly sendAway: () => void;
}

/**
 * The calls for names that never had a segment here. Anyone may ask for names that do not exist, and each costs a
 * call. So they get a small share of the calls to the coordinators, and refills of tags that are served always find
 * room. A name that turns out not to exist keeps its place a while longer, so such names cost a coordinator little.
 * That doesn't slow down a start with many tags that do exist.
 *
 * A call is in line, under way, or (after the answer that there is no such tag) over but still in its place. It
 * leaves the line when a place is free, when `close` rejects it, or when its turn comes and nobody wants it any more.
 */
export class FirstCalls {
  readonly #clock: Clock;
  readonly #crowdedOut: () => void;
  readonly #line: Standing[] = [];
  readonly #penalties = new Set<Cancel>();
  #taken = 0;
  #closed = false;

  /** `crowdedOut` is told of each call that finds the line full. */
  constructor(clock: Clock, crowdedOut: () => void) {
    this.#clock = clock;
    this.#crowdedOut = crowdedOut;
  }

  /**
   * Makes `call` when it is its turn: at once if a place is free. `isWanted` is asked when a call leaves the line.
   * @throws RATE_LIMITED if the line is full or nobody wants the answer any more, and as `call`
   */
  async run<T>(call: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    if (this.#taken < AT_ONCE) this.#taken += 1;
    else await this.#turn();
    try {
      if (!isWanted()) throw tooMany();
      const answer = await call();
      this.#leave();
      return answer;
    } catch (error) {
      if (hasCode(error, 'TAG_UNKNOWN', 'TAG_RETIRED')) this.#leaveLater();
      else this.#leave();
      throw error;
    }
  }

  /** Rejects all that wait in line. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#penalties) stop();
    for (const { sendAway } of this.#line.splice(0)) sendAway();
  }

  #turn(): Promise<void> {
    if (this.#line.length >= MAX_IN_LINE) {
      this.#crowdedOut();
      throw tooMany();
    }
    return new Promise((resolve, reject) => {
      this.#line.push({ go: resolve, sendAway: () => reject(tooMany()) });
    });
  }

  #leaveLater(): void {
    if (this.#closed) return;
    const stop = this.#clock.after(PENALTY_MS, () => {
      this.#penalties.delete(stop);
      this.#leave();
    });
    this.#penalties.add(stop);
  }

  /** Gives the place to the next in line. */
  #leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#taken -= 1;
    else next.go();
  }
}

function tooMany(): LeafcutterError {
  const message = 'Too many tags that this agent has never served are requested at once; try again.';
  return new LeafcutterError('RATE_LIMITED', message, { reason: 'new_tags', retryAfterMs: 1_000 });
}
