import type { Locks, Release } from '../../domain/allocation/locks.ts';

/** No locks: the embedded coordinator is alone, and its lanes serve each tag one group at a time. */
export const noLocks: Locks = {
  acquire: async (): Promise<Release> => async () => undefined,
};
