import { LeafcutterError } from '@leafcutter/shared/errors';
import type { AllocationEvents } from '../allocation/allocate.ts';
import type { Fence, FenceAhead, FenceIdentity, LedgerMarks, SweptCounter } from '../allocation/fence.ts';
import type { Locks } from '../allocation/locks.ts';
import { type Counter, type CounterName, counterKey } from '../allocation/range.ts';
import type { Deployment, Store } from '../allocation/store.ts';
import type { Agreement } from './generation.ts';
import { mend } from './mend.ts';

/** Held by the coordinator that sweeps. */
const SWEEP_LOCK = 'sweep';
/** A sweep that takes longer than this is considered dead, and another may begin, milliseconds. */
const LOCK_TTL_MS = 30_000;
/** Transactions that were open when a sweep read the counters are over within this time, milliseconds. */
const MARGIN_MS = 60_000;
/** Every tenth sweep reads all counters, so that rows edited by hand are found within minutes. */
const FULL_EVERY = 10;

export interface SweepReport {
  readonly number: number;
  readonly extent: 'full' | 'moved';
  /** Counters looked at. */
  readonly counters: number;
  /** Counters that stood below what their fence knows was granted, and were raised to it. */
  readonly mended: number;
  /** Counters whose fence holds no valid value; allocations from them are refused. Only the first is named. */
  readonly unreadable: number;
  readonly firstUnreadable: string | undefined;
}

export interface SweepEvents extends Pick<AllocationEvents, 'writesLost'> {
  /**
   * The database knows of fewer sweeps than the fence: it was restored from a backup, or failed over to a lagging
   * replica.
   */
  databaseWentBack(sweep: number, rememberedSweep: number): void;
}

/** What a coordinator's own last sweep leaves to this one. */
export interface SweepSince {
  /** Everything is swept, whatever the numbers say. */
  readonly everything: boolean;
  /** The fence that it saw (`Fence.incarnation`); undefined if some ranges are in no fence since. */
  readonly fence: number | undefined;
}

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly locks: Locks;
  readonly events: SweepEvents;
  readonly coordinatorId: string;
}

/**
 * Makes both memories equal. Fences are raised to the counters, so that they remember again what was allocated while
 * they were away, or what they forgot. Counters that stand below what their fence knows was granted are raised to it:
 * the database lost those writes, or they were never committed. From a finished sweep on, either store may forget.
 *
 * A sweep looks at what moved since the last one, and asks both sides. The ledger has the counters that the fence may
 * have lost. The fence remembers the ranges whose ledger entries the database may have lost.
 *
 * Each sweep has a number that only rises. It is noted in the database first, then in the fence. Everything is swept
 * if the fence has a lower number or none (wiped, restored from an old file, a replica that missed writes), if it has
 * a higher one (the database went back), and after the database was replaced (`everything`).
 *
 * If the fence may have forgotten since the last sweep, transactions may be open whose ranges it forgot, and whose counters
 * nobody else sees yet. Such a sweep waits for them before it reads the counters. Otherwise the database could forget
 * them again after the sweep, until the next one.
 *
 * Resolves to undefined if another coordinator sweeps already. `agree` is called once the sweep is ours, and notes in
 * the database that the fence was found now. `isOvertaken` is called before the end: it says whether the database was
 * found to have gone back since.
 *
 * @throws STORE_UNAVAILABLE if it could not be finished, with reason `sweep_overtaken` if another database or fence
 * answered in the middle of it: its number is not noted, and it is done again
 */
export async function sweep(
  parts: Parts,
  around: { readonly agree: () => Promise<Agreement>; readonly isOvertaken: () => boolean },
  since: SweepSince,
): Promise<SweepReport | undefined> {
  const release = await parts.locks.acquire(SWEEP_LOCK, { waitMs: 0, ttlMs: LOCK_TTL_MS });
  if (release === undefined) return undefined;
  try {
    return await sweepAlone(parts, await around.agree(), around.isOvertaken, since);
  } finally {
    await release();
  }
}

async function sweepAlone(
  parts: Parts,
  { deployment, identity }: Agreement,
  isOvertaken: () => boolean,
  since: SweepSince,
): Promise<SweepReport> {
  const { store, fence, events } = parts;
  const databaseBefore = store.incarnation;
  const fenceBefore = fence.incarnation;
  if (identity.sweep > deployment.sweep) events.databaseWentBack(deployment.sweep, identity.sweep);
  const number = Math.max(deployment.sweep, identity.sweep) + 1;
  const full =
    since.everything ||
    identity.sweep !== deployment.sweep ||
    identity.sweepBefore === undefined ||
    identity.ledger === undefined ||
    number % FULL_EVERY === 0 ||
    deployment.nowMs < deployment.sweptAtMs;
  if (identity.sweep !== deployment.sweep || fenceBefore !== since.fence) await store.untilRowsAreFree();
  const seen = new Seen();
  const mending = new Mending(parts);
  const unreadable: Counter[] = [];
  for await (const page of bothSides(parts, full ? undefined : identity, seen)) {
    const swept = await fence.sweep(identity, page);
    unreadable.push(...swept.unreadable);
    for (const ahead of swept.ahead) await mending.try(ahead);
  }
  mending.check();
  if (isOvertaken()) throw overtaken();
  // In this order: a crash in between leaves the fence with the lower number, and everything is swept again.
  const noted = await store.finishSweep(deployment, number);
  if (!noted || store.incarnation !== databaseBefore || fence.incarnation !== fenceBefore) throw overtaken();
  await fence.finishSweep(identity, number, ledgerMarks(identity.ledger, deployment));
  const [first] = unreadable;
  return {
    number,
    extent: full ? 'full' : 'moved',
    counters: seen.size,
    mended: mending.done,
    unreadable: unreadable.length,
    firstUnreadable: first && labelOf(first.name),
  };
}

/** Counters that the database knows, and then those that only the fence knows. */
async function* bothSides(
  { store, fence }: Parts,
  since: FenceIdentity | undefined,
  seen: Seen,
): AsyncGenerator<readonly SweptCounter[]> {
  for await (const page of store.counters(since?.ledger?.fromMs)) {
    for (const { name } of page) seen.isNew(name);
    yield page;
  }
  for await (const names of fence.counters(since?.sweepBefore)) {
    const others = names.filter((name) => seen.isNew(name));
    if (others.length > 0) yield await store.countersOf(others);
  }
}

/**
 * What the next sweep reads from the ledger, after one that began at `nowMs`.
 *
 * No range is dated before the last sweep that its transaction knew of. A transaction that was open while this sweep
 * read the counters may have been dated by a clock that was behind. It knew of the sweep before this one, or of an
 * earlier one if several came within `MARGIN_MS`. So the mark stays where it is until such transactions are over.
 */
function ledgerMarks(before: LedgerMarks | undefined, { nowMs, sweptAtMs }: Deployment): LedgerMarks {
  const soonest = { fromMs: nowMs - MARGIN_MS, nextMs: nowMs };
  if (before === undefined)
    return sweptAtMs === 0 ? soonest : { ...soonest, fromMs: Math.min(soonest.fromMs, sweptAtMs) };
  // The clock went back, and ranges are dated from here on.
  if (nowMs < before.nextMs) return { ...soonest, fromMs: Math.min(soonest.fromMs, before.fromMs) };
  return before.nextMs <= soonest.fromMs ? { ...soonest, fromMs: before.nextMs } : before;
}

/** Counters that a sweep has looked at. */
class Seen {
  readonly #names = new Set<string>();

  get size(): number {
    return this.#names.size;
  }

  isNew(name: CounterName): boolean {
    const before = this.#names.size;
    return this.#names.add(labelOf(name)).size > before;
  }
}

function labelOf(name: CounterName): string {
  return `${name.kind} ${counterKey(name)}`;
}

function overtaken(): LeafcutterError {
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'MySQL or Redis changed, or another coordinator swept, during a sweep; the next one starts over.',
    { reason: 'sweep_overtaken' },
  );
}

/** Mends one counter after the other. One that cannot be mended now does not stop the others. */
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
      this.#failure ??= error;
    }
  }

  /** @throws the first failure: the sweep has to be done again */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
