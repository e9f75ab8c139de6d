import type { AllocationEvents } from './allocate.ts';
import type { Fence, FenceAhead } from './fence.ts';
import { LOST_HOLDER, type LostRange, lostEntry, lostRange } from './lost-range.ts';
import type { CounterName } from './range.ts';
import type { Locked, Store } from './store.ts';

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly events: Pick<AllocationEvents, 'writesLost'>;
  readonly coordinatorId: string;
}

/**
 * Raises a counter to the end of what its fence knows was granted, and enters what the ledger lacks of that: what the
 * next allocation would do, done before Redis can forget too (I1). A COMMIT that failed costs a gap, nothing else.
 * Resolves to the range, or undefined if nothing above the counter was granted, or not any more.
 */
export async function mend(parts: Parts, ahead: FenceAhead): Promise<LostRange | undefined> {
  const { name, value, gone } = ahead.counter;
  if (lostRange(value, ahead) === undefined) return undefined;
  const lost =
    gone && name.kind === 'tag' ? await remember(parts, name.tag, ahead) : await raise(parts, name);
  if (lost !== undefined) parts.events.writesLost(name, lost);
  return lost;
}

/** Under the lock, because the counter may have risen, or an admin lowered both, since the fence was swept. */
async function raise(
  { store, fence, coordinatorId }: Parts,
  name: CounterName,
): Promise<LostRange | undefined> {
  const work = async (row: Locked) => {
    const lost = lostRange(row.value, await fence.read(name));
    if (lost === undefined) return undefined;
    const entry = await lostEntry(row, lost, coordinatorId);
    await row.advance(lost.end, entry === undefined ? [] : [entry]);
    return lost;
  };
  if (name.kind === 'tag') return store.withTag(name.tag, work);
  // A restored database may lack rows that were made since.
  await store.ensureMachineIds(name.machineId, name.machineId);
  return store.withMachineId(name.machineId, work);
}

/** A tag without a row has no counter to raise. Made again, it starts above its high-water mark. */
async function remember(
  { store, coordinatorId }: Parts,
  tag: string,
  ahead: FenceAhead,
): Promise<LostRange | undefined> {
  const lost = lostRange(ahead.counter.value, ahead);
  if (lost === undefined) return undefined;
  const { start, end } = lost;
  const counter = { kind: 'tag', tag } as const;
  const grantedAtMs = await store.now();
  await store.remember(tag, { counter, start, end, ...LOST_HOLDER, coordinatorId, grantedAtMs });
  return lost;
}
