import { type Clock, sleep } from '@leafcutter/shared/clock';
import type { AgentReport, Entering, Roster } from './roster.ts';

/** How many reports are entered at once, and of how many tags, so that nobody is held up for more than two milliseconds. */
const AT_ONCE = 50;
const MAX_TAGS_AT_ONCE = 500;
/** Reports gather for so long after a call, milliseconds: what they share (sums, round trips) is then paid for once. */
const GATHER_MS = 10;
/** How many may wait. Beyond that they are dropped: in 15 s each agent has something newer to say. */
const MAX_WAITING = 2_000;

interface Waiting {
  readonly report: AgentReport;
  readonly resolve: (entering: Entering) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Enters reports on the roster. The first one goes at once. One call is under way at a time, and what comes meanwhile or
 * shortly after goes into the next one: so a fleet that reports all at once leaves room for grants and heartbeats in
 * between.
 */
export class ReportIntake {
  readonly #roster: Pick<Roster, 'report'>;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #isEntering = false;

  constructor(roster: Pick<Roster, 'report'>, clock: Clock) {
    this.#roster = roster;
    this.#clock = clock;
  }

  /** `busy`: too many wait already, and it was dropped. @throws STORE_UNAVAILABLE */
  async enter(report: AgentReport): Promise<Entering | 'busy'> {
    if (this.#waiting.length >= MAX_WAITING) return 'busy';
    const entering = new Promise<Entering>((resolve, reject) => {
      this.#waiting.push({ report, resolve, reject });
    });
    if (!this.#isEntering) void this.#enterAll();
    return entering;
  }

  async #enterAll(): Promise<void> {
    this.#isEntering = true;
    while (this.#waiting.length > 0) {
      const some = this.#next();
      const gathered = sleep(this.#clock, GATHER_MS);
      try {
        const entered = await this.#roster.report(some.map(({ report }) => report));
        for (const [index, { resolve }] of some.entries()) resolve(entered[index] ?? 'unknown');
      } catch (error) {
        // Those behind would only wait for the same.
        for (const { reject } of [...some, ...this.#waiting.splice(0)]) reject(error);
      }
      if (this.#waiting.length < AT_ONCE) await gathered;
    }
    this.#isEntering = false;
  }

  /** Those that go into the next call: the first one, and as many more as a call takes. */
  #next(): Waiting[] {
    let count = 0;
    for (let tags = 0; count < Math.min(AT_ONCE, this.#waiting.length); count++) {
      tags += this.#waiting[count]?.report.tags.length ?? 0;
      if (count > 0 && tags > MAX_TAGS_AT_ONCE) break;
    }
    return this.#waiting.splice(0, count);
  }
}
