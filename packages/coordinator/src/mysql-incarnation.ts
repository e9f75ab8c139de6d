import type { SqlSession } from './sql-driver.ts';

/** A server, and when it was started by the monotonic clock of this process: between these, because it tells whole seconds. */
interface Sighting {
  readonly server: string;
  readonly startedAfterMs: number;
  readonly startedBeforeMs: number;
}

/**
 * Tells whether a new connection led to the server that answered before. Another one, or one that was started again,
 * may have forgotten what was acknowledged; one that ran on has not.
 *
 * A server is known by its host, port and id, and by the time at which it was started. That time is its uptime taken
 * from our own clock, so no wall clock that is set back or ahead by a little hides a restart.
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

  /** Looks at who answers on a new connection; true if it is not who answered before. @throws STORE_UNAVAILABLE */
  async look(session: SqlSession): Promise<boolean> {
    const askedAtMs = this.#monotonic();
    const [row] = await session.query("SELECT CONCAT_WS(' ', @@hostname, @@port, @@server_id) AS server");
    const [uptime] = await session.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
    // A server that does not tell is known by its name alone.
    const upMs = uptime === undefined ? undefined : Number(uptime.Value) * 1_000;
    const seen = {
      server: String(row?.server),
      startedAfterMs: upMs === undefined ? Number.NEGATIVE_INFINITY : askedAtMs - upMs - 1_000,
      startedBeforeMs: upMs === undefined ? Number.POSITIVE_INFINITY : this.#monotonic() - upMs,
    };
    const before = this.#last;
    if (before !== undefined && isSame(before, seen)) return false;
    this.#last = seen;
    this.#number += 1;
    return before !== undefined;
  }
}

function isSame(a: Sighting, b: Sighting): boolean {
  return (
    a.server === b.server && a.startedAfterMs <= b.startedBeforeMs && b.startedAfterMs <= a.startedBeforeMs
  );
}
