/** A sweep that was completed. */
export interface CompletedSweep {
  /** When it began to read the counters. */
  readonly begunAtMs: number;
  /** True if it reached, from its beginning to its end, the Redis that is the deployment's now. */
  readonly sawPresentRedis: boolean;
}
