import { hasCode } from '@leafcutter/shared/errors';
import type { AllocationEvents } from './allocate.ts';
import type { Fence, FenceAhead } from './fence.ts';
import type { Agreement } from './generation.ts';
import type { Locks } from './locks.ts';
import { mend } from './mend.ts';
import { type Counter, counterKey } from './range.ts';
import type { Store } from './store.ts';

/** Held by whoever sweeps, and by who lowers a counter. */
export const SWEEP_LOCK = 'sweep';
/** A sweep that takes longer than this is taken for dead, and another may begin, milliseconds. */
const LOCK_TTL_MS = 120_000;
/** Transactions that were open when the last sweep read the counters are over within this time, milliseconds. */
const MARGIN_MS = 60_000;
/** Every tenth sweep reads all counters, so that what a partial one cannot see is found within minutes. */
const FULL_EVERY = 10;

export interface SweepReport {
  readonly extent: 'full' | 'moved';
  /** Counters looked at. */
  readonly counters: number;
  /** Counters that the database had lost writes of, now above what was handed out. */
  readonly mended: number;
  /** Counters whose fence holds what is none; allocations from them are refused. At most the first is named. */
  readonly unreadable: number;
  readonly firstUnreadable: string | undefined;
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
 * went back. Resolves to undefined where another coordinator sweeps already. `agree` is asked once that is ours to do.
 *
 * @throws STORE_UNAVAILABLE where it could not be finished: its number is not noted, and it is done again
 */
export async function sweep(parts: Parts, agree: () => Promise<Agreement>): Promise<SweepReport | undefined> {
  const release = await parts.locks.acquire(SWEEP_LOCK, { waitMs: 0, ttlMs: LOCK_TTL_MS });
  if (release === undefined) return undefined;
  try {
    return await sweepAlone(parts, await agree());
  } finally {
    await release();
  }
}

async function sweepAlone(parts: Parts, { deployment, identity }: Agreement): Promise<SweepReport> {
  const { store, fence, events } = parts;
  if (identity.sweep > deployment.sweep) events.databaseWentBack(deployment.sweep, identity.sweep);
  const number = Math.max(deployment.sweep, identity.sweep) + 1;
  const full =
    identity.sweep !== deployment.sweep ||
    number % FULL_EVERY === 0 ||
    deployment.nowMs < deployment.sweptAtMs;
  let counters = 0;
  const mending = new Mending(parts);
  const unreadable: Counter[] = [];
  for await (const page of store.counters(full ? undefined : deployment.sweptAtMs - MARGIN_MS)) {
    counters += page.length;
    const swept = await fence.sweep(identity, page);
    unreadable.push(...swept.unreadable);
    for (const ahead of swept.ahead) await mending.try(ahead);
  }
  mending.check();
  // In this order: a crash in between leaves Redis with the lower number, and everything is swept again.
  if (await store.finishSweep(deployment.sweep, number, deployment.nowMs))
    await fence.finishSweep(identity, number);
  const [first] = unreadable;
  return {
    ...{ extent: full ? 'full' : 'moved', counters, mended: mending.done, unreadable: unreadable.length },
    firstUnreadable: first && `${first.name.kind} ${counterKey(first.name)}`,
  };
}

/** Mends one counter after the other; one that cannot be mended now does not keep the others from it. */
class Mending {
  done = 0;
  readonly #parts: Parts;
  #failure: unknown;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async try(ahead: FenceAhead): Promise<void> {
    try {
      if ((await mend(this.#parts, ahead)) !== undefined) this.done += 1;
    } catch (error) {
      // A tag that was deleted by hand since its page was read has no counter to mend.
      if (!hasCode(error, 'TAG_UNKNOWN')) this.#failure ??= error;
    }
  }

  /** @throws the first failure: the sweep is to be done again */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
