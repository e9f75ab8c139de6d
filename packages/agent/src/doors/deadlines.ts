import type { Cancel, Clock } from '@leafcutter/shared/clock';

/**
 * What a client may owe its door, and for how long, in milliseconds. Between whole commands clients owe nothing: they
 * keep connections for later.
 */
export const DEADLINE_MS = {
  /** To show a token, at a door that asks for one. A client's first command brings it. */
  token: 10_000,
  /** To begin to speak the door's protocol. A client does so when it connects. */
  preface: 10_000,
  /**
   * The rest of a command that it began. A command is a few hundred bytes, which take seconds even on a bad network.
   */
  command: 30_000,
  /** The rest of the request of a call that it opened. */
  request: 30_000,
  /** To send a request's head, or on a new connection its first byte, at the HTTP door. */
  head: 10_000,
  /** To take its answers. Never more than a command's answer or two are under way. */
  answers: 30_000,
  /** To hang up, once the door has said that the connection is over. */
  farewell: 10_000,
} as const;

export type Debt = keyof typeof DEADLINE_MS;

/** A connection whose client may owe something. */
export interface Debtor {
  /** What its client owes now; undefined if nothing. */
  owes(): Debt | undefined;
  /**
   * Rises with each thing that the client finishes; after that, a new debt begins. A token has to be shown only once.
   */
  readonly finished: number;
  /** Ends the connection at once. */
  cut(): void;
}

/** How often a door's connections are checked, in milliseconds. */
export const SWEEP_MS = 1_000;

interface Owed {
  readonly debt: Debt;
  readonly finished: number;
  /** How many sweeps have seen it. */
  readonly sweeps: number;
}

/**
 * Ends the connections of a door whose clients owe something for too long. There is one timer for all of them, and
 * nothing is done per command: a sweep asks each connection what it owes and remembers those that owe something. Time
 * is counted in sweeps and not read from a clock. So a process that was stopped does not blame its own sleep on its
 * clients, whose bytes may have arrived meanwhile.
 *
 * - idle: the first state, and after `stop`.
 * - running: after `start`, with a timer.
 */
export class Deadlines<D extends Debtor> {
  readonly #clock: Clock;
  readonly #debtors: Iterable<D>;
  readonly #overdue: (debt: Debt) => void;
  #owed = new Map<D, Owed>();
  #cancel: Cancel = () => undefined;

  /** `debtors` are asked anew at each sweep; `overdue` is told of each connection that is ended. */
  constructor(clock: Clock, debtors: Iterable<D>, overdue: (debt: Debt) => void) {
    this.#clock = clock;
    this.#debtors = debtors;
    this.#overdue = overdue;
  }

  start(): void {
    this.#cancel = this.#clock.after(SWEEP_MS, this.#sweep);
  }

  stop(): void {
    this.#cancel();
    this.#owed.clear();
  }

  readonly #sweep = (): void => {
    const owed = new Map<D, Owed>();
    for (const debtor of this.#debtors) {
      const debt = debtor.owes();
      if (debt === undefined) continue;
      const before = this.#owed.get(debtor);
      const goesOn = before?.debt === debt && (debt === 'token' || before.finished === debtor.finished);
      const sweeps = goesOn ? before.sweeps + 1 : 0;
      if (sweeps * SWEEP_MS >= DEADLINE_MS[debt]) {
        debtor.cut();
        this.#overdue(debt);
      } else owed.set(debtor, { debt, finished: debtor.finished, sweeps });
    }
    this.#owed = owed;
    this.start();
  };
}
