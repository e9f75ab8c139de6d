import type { Clock } from '@leafcutter/shared/clock';
import type { AgentRecord, Roster } from './roster.ts';

/** Takes agents that have been silent for `silentMs` off the roster. Resolves to those that stay. */
export async function reap(roster: Roster, clock: Clock, silentMs: number): Promise<AgentRecord[]> {
  const oldest = clock.now() - silentMs;
  const agents = await roster.list();
  const dead = agents.filter((agent) => agent.seenAtMs < oldest);
  for (const agent of dead) await roster.remove(agent.instanceId);
  return agents.filter((agent) => agent.seenAtMs >= oldest);
}
