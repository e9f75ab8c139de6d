import type { MachineIdsLive } from '@leafcutter/shared/fleet-views';
import type { MachineIdStatus } from '../leases/census.ts';

const LETTERS = { free: 'f', held: 'h', waiting: 'w' } as const;

/** Every machine id as one letter. A held one whose holder has fallen silent is `s`. */
export async function machineIdsLive(
  census: AsyncIterable<MachineIdStatus>,
  first: number,
  aliveInstances: ReadonlySet<string>,
  nowMs: number,
): Promise<MachineIdsLive> {
  const letters: string[] = [];
  for await (const { machineId, state, holder } of census) {
    const isSilent = state === 'held' && holder !== undefined && !aliveInstances.has(holder.instanceId);
    letters[machineId - first] = isSilent ? 's' : LETTERS[state];
  }
  return { timeMs: nowMs, first, states: Array.from(letters, (letter) => letter ?? 'f').join('') };
}
