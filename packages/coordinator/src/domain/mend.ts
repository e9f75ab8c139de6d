import type { AllocationEvents } from './allocate.ts';
import type { Fence, FenceAhead } from './fence.ts';
import { lostEntry, lostRange } from './lost-range.ts';
import type { Range } from './range.ts';
import type { Locked, Store } from './store.ts';

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly events: Pick<AllocationEvents, 'writesLost'>;
  readonly coordinatorId: string;
}

/**
 * Raises a counter whose writes the database lost to where they ended, and enters the lost range in the ledger: what
 * the next allocation would do, done before Redis can forget too. Resolves to the range, or undefined where nothing
 * proves that one was lost, or that it still is.
 */
export async function mend(
  { store, fence, events, coordinatorId }: Parts,
  ahead: FenceAhead,
): Promise<Range | undefined> {
  const { name, value } = ahead.counter;
  if (lostRange(value, ahead) === undefined) return undefined;
  const raise = async (row: Locked) => {
    // Under the lock, because the counter may have risen, or an admin lowered both, since the fence was swept.
    const lost = lostRange(row.value, await fence.read(name));
    if (lost === undefined) return undefined;
    const entry = await lostEntry(row, lost, coordinatorId);
    await row.advance(lost.end, entry === undefined ? [] : [entry]);
    return lost;
  };
  const lost =
    name.kind === 'tag'
      ? await store.withTag(name.tag, raise)
      : await store.withMachineId(name.machineId, raise);
  if (lost !== undefined) events.writesLost(name, lost);
  return lost;
}
