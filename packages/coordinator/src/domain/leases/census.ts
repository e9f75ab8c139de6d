import type { Holder, LedgerEntry } from '../allocation/range.ts';
import type { Store } from '../allocation/store.ts';
import type { LeaseRegistry } from './lease-registry.ts';

/**
 * - free: its ceiling has passed and nobody holds a live lease on it.
 * - held: a live lease stands in the registry.
 * - waiting: it has no live lease, but its ceiling lies in the future.
 */
type MachineIdState = 'free' | 'held' | 'waiting';

export interface MachineIdStatus {
  readonly machineId: number;
  readonly state: MachineIdState;
  /** The present holder, or the last one. */
  readonly holder: Holder | undefined;
  readonly ceilingMs: LedgerEntry['end'];
}

const PAGE = 1_000;

/** Every machine id of `[first, last]` with its state, oldest ceiling first. @throws STORE_UNAVAILABLE */
export async function* census(
  store: Store,
  registry: LeaseRegistry,
  { first, last }: { first: number; last: number },
): AsyncGenerator<MachineIdStatus> {
  const now = BigInt(await store.now());
  for (let offset = 0; offset <= last - first; offset += PAGE) {
    const page = await store.listMachineIds(first, last, offset, PAGE);
    const live = await registry.live(page.map((record) => record.machineId));
    for (const { machineId, ceilingMs, holder } of page) {
      const alive = live.get(machineId);
      const state = alive !== undefined ? 'held' : ceilingMs > now ? 'waiting' : 'free';
      yield { machineId, state, holder: alive ?? holder, ceilingMs };
    }
  }
}
