/**
 * Locks that spare the database: they let one coordinator at a time work on a tag. Safety doesn't need them, because
 * the row lock decides. So if anything goes wrong with them, go on without.
 */
export interface Locks {
  /**
   * Takes the lock, waiting up to `waitMs`. Resolves to undefined if the lock could not be had in time or the locks
   * are away. It ends by itself after `ttlMs`; `release` ends it only if it is still ours.
   */
  acquire(name: string, options: { waitMs: number; ttlMs: number }): Promise<Release | undefined>;
}

export type Release = () => Promise<void>;
