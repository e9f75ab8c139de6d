/** Half-open `[start, end)` of a tag's numbers. */
export interface Segment {
  readonly start: bigint;
  readonly end: bigint;
}

/** What the agent says of a tag when it asks for a segment. */
export interface Demand {
  /** IDs per second drawn lately. */
  readonly ratePerSecond: number;
  /** IDs that callers wait for. */
  readonly waitingIds: number;
  /** The last segment that was used up; absent until there is one. */
  readonly lastSegment?: { readonly step: number; readonly lastedMs: number };
}

/** Where segments come from: the coordinators. */
export interface SegmentSource {
  /**
   * Takes one new segment. An answer that is lost loses its segment: asking again gets another.
   * @throws TAG_UNKNOWN, TAG_RETIRED, TAG_EXHAUSTED, COORDINATOR_UNAVAILABLE, STORE_UNAVAILABLE, RATE_LIMITED
   */
  fetchSegment(tag: string, demand: Demand): Promise<Segment>;
}
