import type { MachineIdsLive } from '@leafcutter/shared/fleet-views';
import type { MachineIdStatus } from '../leases/census.ts';
import type { FleetWatch } from './fleet-watch.ts';

const LETTERS = { free: 'f', held: 'h', waiting: 'w' } as const;
/** A held machine id by its holder. The lease of a process that another one followed only has to end. */
const HELD = { alive: 'h', unknown: 'h', silent: 's', followed: 'w' } as const;

/** Every machine id as one letter. A held one whose holder has fallen silent is `s`. */
export async function machineIdsLive(
  census: AsyncIterable<MachineIdStatus>,
  first: number,
  watch: Pick<FleetWatch, 'stateOfHolder'>,
  nowMs: number,
): Promise<MachineIdsLive> {
  const letters: string[] = [];
  for await (const { machineId, state, holder } of census)
    letters[machineId - first] =
      state === 'held' && holder !== undefined ? HELD[watch.stateOfHolder(holder)] : LETTERS[state];
  return { timeMs: nowMs, first, states: Array.from(letters, (letter) => letter ?? 'f').join('') };
}
