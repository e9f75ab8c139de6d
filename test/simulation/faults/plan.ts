import type { Random } from '../machine/random.ts';
import { FAULT_KINDS, type Fault, type FaultKind } from './fault.ts';

const FEWEST = 7;
const MOST = 14;
const FIRST_MS = 2_000;
const SHORTEST_MS = 50;
const LONGEST_MS = 12_000;

/**
 * Draws what goes wrong in a run, in order of time; from `aimed` if that is given. Otherwise half of the runs draw
 * from a few kinds only, so that a fault meets itself and its neighbours more often than among all of them.
 */
export function planFaults(
  random: Random,
  healAtMs: number,
  aimed: readonly FaultKind[] | undefined,
): Fault[] {
  const few = Array.from({ length: 4 }, () => random.pick(FAULT_KINDS));
  const kinds: readonly FaultKind[] = aimed ?? (random.chance(0.5) ? FAULT_KINDS : few);
  return Array.from({ length: random.between(FEWEST, MOST) }, (): Fault => {
    const atMs = random.between(FIRST_MS, healAtMs - SHORTEST_MS);
    // Short ones are as likely as long ones: a fault that must fall into a gap of milliseconds should not last for
    // seconds.
    const drawnMs = SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** random.next();
    return {
      kind: random.pick(kinds) ?? 'agent-killed',
      atMs,
      durationMs: Math.round(Math.min(drawnMs, healAtMs - atMs)),
      picks: [random.next(), random.next(), random.next()],
    };
  }).sort((a, b) => a.atMs - b.atMs);
}
