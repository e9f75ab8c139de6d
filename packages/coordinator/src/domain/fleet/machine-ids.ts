import type { MachineIdsLive } from '@leafcutter/shared/fleet-views';
import type { Holder } from '../allocation/range.ts';
import type { MachineIdStatus } from '../leases/census.ts';
import type { FleetWatch } from './fleet-watch.ts';
import { PAGE } from './roster.ts';

const LETTERS = { free: 'f', held: 'h', waiting: 'w' } as const;
/** A held machine id by its holder. The lease of a process that another one followed only has to end. */
const HELD = { alive: 'h', unknown: 'h', silent: 's', followed: 'w' } as const;

/** Every machine id as one letter. A held one whose holder has fallen silent is `s`. */
export async function machineIdsLive(
  census: AsyncIterable<MachineIdStatus>,
  first: number,
  watch: Pick<FleetWatch, 'statesOf'>,
  nowMs: number,
): Promise<MachineIdsLive> {
  const letters: string[] = [];
  let held: { readonly holder: Holder; readonly index: number }[] = [];
  const tellHeld = async () => {
    const states = await watch.statesOf(held.map(({ holder }) => holder));
    for (const [at, { index }] of held.entries()) letters[index] = HELD[states[at] ?? 'unknown'];
    held = [];
  };
  for await (const { machineId, state, holder } of census) {
    letters[machineId - first] = LETTERS[state];
    if (state === 'held' && holder !== undefined) held.push({ holder, index: machineId - first });
    if (held.length === PAGE) await tellHeld();
  }
  await tellHeld();
  return { timeMs: nowMs, first, states: Array.from(letters, (letter) => letter ?? 'f').join('') };
}
