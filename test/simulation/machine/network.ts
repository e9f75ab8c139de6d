import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Anything that can be sent something. */
export interface Peer {
  readonly name: string;
  deliver(work: () => void): void;
}

/** A trouble on the way from one machine to another. */
export interface Trouble {
  /** The ways that it concerns. */
  readonly affects: (from: string, to: string) => boolean;
  /** Nothing gets through. */
  readonly cut?: boolean;
  /** Share of messages that get lost. */
  readonly loss?: number;
  /** Longest extra delay of a message, milliseconds. */
  readonly delayMs?: number;
  /** Share of requests that arrive twice, if the transport permits that. */
  readonly duplicates?: number;
}

/** No answer came in time; that does not tell whether anything was done. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** A message on a healthy network takes this long, milliseconds. */
const FASTEST_MS = 0.2;
const SLOWEST_MS = 3;

/**
 * The network: messages are delayed (so they overtake each other), lost, doubled or cut off, per direction. A message
 * is a piece of work to be done at the other side.
 */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #troubles = new Set<Trouble>();

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Makes the network worse until the returned function is called. */
  trouble(trouble: Trouble): () => void {
    this.#troubles.add(trouble);
    return () => void this.#troubles.delete(trouble);
  }

  /**
   * Asks `to` to do `work` and waits for its answer.
   * @throws NoAnswerError after `timeoutMs` of the asker's time, and what `work` throws
   */
  call<T>(from: Process, to: Peer, work: () => Promise<T> | T, options: CallOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancelTimeout = from.clock.after(options.timeoutMs, () =>
        reject(new NoAnswerError(`${to.name} does not answer ${from.name}`)),
      );
      const answer = (settle: () => void) =>
        this.send(to, from, () => {
          cancelTimeout();
          settle();
        });
      const run = () => {
        Promise.resolve()
          .then(work)
          .then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          );
      };
      this.send(from, to, run);
      if (options.mayArriveTwice === true && this.#isDoubled(from.name, to.name)) this.send(from, to, run);
    });
  }

  /** Sends something that needs no answer. */
  send(from: { readonly name: string }, to: Peer, work: () => void): void {
    let slowestMs = SLOWEST_MS;
    for (const { affects, cut, loss = 0, delayMs = 0 } of this.#troubles) {
      if (!affects(from.name, to.name)) continue;
      if (cut === true || (loss > 0 && this.#random.chance(loss))) return;
      slowestMs += delayMs;
    }
    const delayMs = FASTEST_MS + this.#random.next() * (slowestMs - FASTEST_MS);
    this.#scheduler.after(delayMs, () => to.deliver(work));
  }

  #isDoubled(from: string, to: string): boolean {
    for (const { affects, duplicates = 0 } of this.#troubles)
      if (duplicates > 0 && affects(from, to) && this.#random.chance(duplicates)) return true;
    return false;
  }
}

interface CallOptions {
  readonly timeoutMs: number;
  /** A proxy may double a request over HTTP, but not what is sent over a store's connection. */
  readonly mayArriveTwice?: boolean;
}
