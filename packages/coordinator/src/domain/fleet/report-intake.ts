import type { AgentReport, Entering, Roster } from './roster.ts';

/** How many reports are entered at once, so that nobody is held up for more than a millisecond or two. */
const AT_ONCE = 10;
/** How many may wait. Beyond that they are dropped: in 15 s each agent has something newer to say. */
const MAX_WAITING = 2_000;

interface Waiting {
  readonly report: AgentReport;
  readonly resolve: (entering: Entering) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Enters reports on the roster. One call is under way at a time, and what comes meanwhile goes into the next one: so a
 * fleet that reports all at once leaves room for grants and heartbeats in between.
 */
export class ReportIntake {
  readonly #roster: Pick<Roster, 'report'>;
  #waiting: Waiting[] = [];
  #isEntering = false;

  constructor(roster: Pick<Roster, 'report'>) {
    this.#roster = roster;
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
      const some = this.#waiting.splice(0, AT_ONCE);
      try {
        const entered = await this.#roster.report(some.map(({ report }) => report));
        for (const [index, { resolve }] of some.entries()) resolve(entered[index] ?? 'unknown');
      } catch (error) {
        // Those behind would only wait for the same.
        for (const { reject } of [...some, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#isEntering = false;
  }
}
