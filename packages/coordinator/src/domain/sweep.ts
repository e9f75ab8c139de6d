import { hasCode } from '@leafcutter/shared/errors';
import type { AllocationEvents } from './allocate.ts';
import type { Fence } from './fence.ts';
import type { Agreement } from './generation.ts';
import type { Locks } from './locks.ts';
import { mend } from './mend.ts';
import type { Store } from './store.ts';

/** Transactions that were open when the last sweep read the counters are over within this time, milliseconds. */
const MARGIN_MS = 60_000;
/** Every tenth sweep reads all counters, so that what a partial one cannot see is found within minutes. */
const FULL_EVERY = 10;
/** A sweep that takes longer than this is taken for dead, and another may begin, milliseconds. */
const LOCK_TTL_MS = 120_000;

export interface SweepReport {
  readonly extent: 'full' | 'moved';
  /** Counters looked at. */
  readonly counters: number;
  /** Counters that the database had lost writes of, now above what was handed out. */
  readonly mended: number;
}

export interface SweepEvents extends Pick<AllocationEvents, 'writesLost'> {
  /** The database knows of fewer sweeps than Redis: it was restored from a backup, or failed over to a lagging replica. */
  databaseWentBack(sweep: number, rememberedSweep: number): void;
}

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly locks: Locks;
  readonly events: SweepEvents;
  readonly coordinatorId: string;
}

/**
 * Raises fences to the counters that moved since the last sweep, so that what was allocated while Redis was away, or
 * what a Redis forgot, is remembered again; and mends counters that stand below their fence because MySQL lost writes.
 *
 * Each sweep has a number that only rises, noted in MySQL first and in Redis after: where Redis has a lower one or none
 * (wiped, restored from an old file, a replica that missed writes), all counters are swept; where it has a higher one, MySQL
 * went back. Resolves to undefined where another coordinator sweeps already.
 */
export async function sweep(
  parts: Parts,
  { deployment, identity }: Agreement,
): Promise<SweepReport | undefined> {
  const { store, fence, locks, events } = parts;
  const release = await locks.acquire('sweep', { waitMs: 0, ttlMs: LOCK_TTL_MS });
  if (release === undefined) return undefined;
  try {
    if (identity.sweep > deployment.sweep) events.databaseWentBack(deployment.sweep, identity.sweep);
    const number = Math.max(deployment.sweep, identity.sweep) + 1;
    const full =
      identity.sweep !== deployment.sweep ||
      number % FULL_EVERY === 0 ||
      deployment.nowMs < deployment.sweptAtMs;
    let counters = 0;
    let mended = 0;
    for await (const page of store.counters(full ? undefined : deployment.sweptAtMs - MARGIN_MS)) {
      counters += page.length;
      for (const ahead of await fence.sweep(identity, page)) {
        if (ahead.committed <= ahead.counter.value) continue;
        if ((await mend(parts, ahead).catch(skipDeleted)) !== undefined) mended += 1;
      }
    }
    // In this order: a crash in between leaves Redis with the lower number, and everything is swept again.
    if (await store.finishSweep(deployment.sweep, number, deployment.nowMs))
      await fence.finishSweep(identity, number);
    return { extent: full ? 'full' : 'moved', counters, mended };
  } finally {
    await release();
  }
}

/** A tag that was deleted by hand since its page was read has no counter to mend. */
function skipDeleted(error: unknown): undefined {
  if (!hasCode(error, 'TAG_UNKNOWN')) throw error;
}
