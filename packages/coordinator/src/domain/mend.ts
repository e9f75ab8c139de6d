import type { AllocationEvents } from './allocate.ts';
import type { Fence, FenceAhead } from './fence.ts';
import { lostEntry } from './lost-range.ts';
import type { Range } from './range.ts';
import type { Locked, Store } from './store.ts';

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly events: Pick<AllocationEvents, 'writesLost'>;
  readonly coordinatorId: string;
}

/**
 * Raises a counter whose writes the database lost to where its fence stands, and enters the lost range in the ledger:
 * what the next allocation would do, done before Redis can forget too. Resolves to the range, or undefined where the
 * counter is not behind any more.
 */
export async function mend(
  { store, fence, events, coordinatorId }: Parts,
  { counter: { name }, value, committed }: FenceAhead,
): Promise<Range | undefined> {
  const raise = async (row: Locked) => {
    // Under the lock, because an admin may have lowered both since the fence was swept.
    if (row.value >= committed || (await fence.read(name)) < value) return undefined;
    const lost = { start: row.value, end: value };
    const entry = await lostEntry(row, lost, coordinatorId);
    await row.advance(value, entry === undefined ? [] : [entry]);
    return lost;
  };
  const lost =
    name.kind === 'tag'
      ? await store.withTag(name.tag, raise)
      : await store.withMachineId(name.machineId, raise);
  if (lost !== undefined) events.writesLost(name, lost);
  return lost;
}
