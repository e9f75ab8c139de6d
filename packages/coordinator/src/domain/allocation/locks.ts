/**
 * Locks in Redis that spare MySQL: they let one coordinator at a time work on a tag. They are not needed for
 * safety (the row lock decides), so every trouble with them means: go on without.
 */
export interface Locks {
  /**
   * Takes the lock, waiting up to `waitMs`. Resolves to undefined where it was not to be had in time or where
   * Redis is away. The lock ends by itself after `ttlMs`; `release` ends it only where it is still ours.
   */
  acquire(name: string, options: { waitMs: number; ttlMs: number }): Promise<Release | undefined>;
}

export type Release = () => Promise<void>;
