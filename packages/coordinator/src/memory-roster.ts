import { type AgentRecord, MAX_LISTED_AGENTS, type Roster } from './domain/roster.ts';

/** The roster in process, for the embedded coordinator. */
export class MemoryRoster implements Roster {
  readonly #agents = new Map<string, AgentRecord>();

  async report(agent: AgentRecord): Promise<void> {
    this.#agents.set(agent.instanceId, agent);
  }

  async remove(instanceId: string): Promise<void> {
    this.#agents.delete(instanceId);
  }

  async list(): Promise<AgentRecord[]> {
    return [...this.#agents.values()].sort((a, b) => b.seenAtMs - a.seenAtMs).slice(0, MAX_LISTED_AGENTS);
  }
}
