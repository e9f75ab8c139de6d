import type { SqlSession } from '../sql/driver.ts';

/** An answer that took longer tells too little about when the server was started, milliseconds. */
const SLOW_MS = 250;
const MAX_ASKED_AGAIN = 3;

/**
 * A server and when it was started, by this process' monotonic clock: an interval, because the server tells whole
 * seconds.
 */
interface Sighting {
  readonly server: string;
  readonly startedAfterMs: number;
  readonly startedBeforeMs: number;
}

/**
 * Tells whether a new connection led to the same server as before. Another server, or one that was started again, may
 * have forgotten what was acknowledged; one that ran on has not.
 *
 * A server is identified by its host, port and id, and by the time at which it was started. That time is our own
 * clock minus the server's uptime, so a wall clock that is set back or ahead by a little hides no restart. Two starts
 * less than about three seconds apart may look like one.
 */
export class MysqlIncarnation {
  readonly #monotonic: () => number;
  #last: Sighting | undefined;
  #number = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** How many servers, or starts of one, were seen. */
  get number(): number {
    return this.#number;
  }

  /**
   * Looks at which server answers on a new connection; true if it is not the one before. `server`: its host, port and id.
   * @throws STORE_UNAVAILABLE
   */
  async look(session: SqlSession, server: string): Promise<boolean> {
    let asked = await this.#ask(session, server);
    // If this process stood still between question and answer, it would mistake a later start for the same one.
    for (let again = 0; again < MAX_ASKED_AGAIN && asked.tookMs > SLOW_MS; again++)
      asked = await this.#ask(session, server);
    const before = this.#last;
    // The newest sighting counts: over weeks two clocks drift apart by more than a restart takes.
    this.#last = asked.seen;
    if (before !== undefined && isSame(before, asked.seen)) return false;
    this.#number += 1;
    return before !== undefined;
  }

  async #ask(session: SqlSession, server: string): Promise<{ seen: Sighting; tookMs: number }> {
    const askedAtMs = this.#monotonic();
    const [uptime] = await session.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
    // A server that does not tell is identified by its name alone.
    const upMs = uptime === undefined ? undefined : Number(uptime.Value) * 1_000;
    const seen = {
      server,
      startedAfterMs: upMs === undefined ? Number.NEGATIVE_INFINITY : askedAtMs - upMs - 1_000,
      startedBeforeMs: upMs === undefined ? Number.POSITIVE_INFINITY : this.#monotonic() - upMs,
    };
    return { seen, tookMs: this.#monotonic() - askedAtMs };
  }
}

function isSame(a: Sighting, b: Sighting): boolean {
  return (
    a.server === b.server && a.startedAfterMs <= b.startedBeforeMs && b.startedAfterMs <= a.startedBeforeMs
  );
}
