import type { Holder } from '../allocation/range.ts';
import type { MachineIdRecord, Store } from '../allocation/store.ts';
import type { LeaseRegistry } from './lease-registry.ts';

const PAGE = 64;

interface Parts {
  readonly store: Store;
  readonly registry: LeaseRegistry;
  readonly rules: { readonly firstMachineId: number; readonly lastMachineId: number };
  readonly events: { registryAway(error: unknown): void };
}

/**
 * Machine ids that seem free to `asker`, oldest ceiling first: the ceiling has passed and nobody else holds a live
 * lease. Whether one really is free is decided under its lock.
 */
export async function* freeMachineIds(
  parts: Parts,
  asker: Holder,
  nowMs: number,
): AsyncGenerator<MachineIdRecord> {
  const { store, rules } = parts;
  const seen = new Set<number>();
  for (let offset = 0; ; offset += PAGE) {
    const page = await store.listMachineIds(rules.firstMachineId, rules.lastMachineId, offset, PAGE);
    const passed = page.filter((record) => record.ceilingMs <= BigInt(nowMs) && !seen.has(record.machineId));
    const live = await liveHolders(
      parts,
      passed.map((record) => record.machineId),
    );
    for (const record of passed) {
      seen.add(record.machineId);
      const holder = live.get(record.machineId);
      if (holder === undefined || holder.instanceId === asker.instanceId) yield record;
    }
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined || last.ceilingMs > BigInt(nowMs)) return;
  }
}

/** A registry that is away reserves nothing: the ceilings decide. */
async function liveHolders(
  { registry, events }: Parts,
  machineIds: readonly number[],
): Promise<ReadonlyMap<number, Holder>> {
  if (machineIds.length === 0) return new Map();
  try {
    return await registry.live(machineIds);
  } catch (error) {
    events.registryAway(error);
    return new Map();
  }
}
