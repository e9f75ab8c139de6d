import type { AgentPlace, CoordinatorPlace } from '../places.ts';
import type { World } from '../world.ts';
import type { Fault, Heal } from './fault.ts';

/** Begins a fault; undefined if the assumptions forbid it at this moment. */
export type Effect = (world: World, fault: Fault) => Heal | undefined;

export function pickOf<T>(choices: readonly T[], pick: number): T {
  const choice = choices[Math.floor(pick * choices.length)];
  if (choice === undefined) throw new Error('there is nothing to pick from');
  return choice;
}

/** The agents or the coordinators of a world. */
export function placesOf(
  world: World,
  whose: 'agents' | 'coordinators',
): readonly (AgentPlace | CoordinatorPlace)[] {
  return world[whose];
}
