export interface WaitOptions {
  /** Ends the wait; the call is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What became of the IDs that the agent returned. `fetched` = `used` + `discarded` + those in memory. */
export interface Counts {
  readonly fetched: number;
  readonly used: number;
  /** Will never be used: left over when the client was closed, or not above what was held before. */
  readonly discarded: number;
}

/** How long the IDs in memory last. */
export interface Runway {
  readonly ids: number;
  /** At the rate since the last fetch; null if nothing was used. */
  readonly seconds: number | null;
}
