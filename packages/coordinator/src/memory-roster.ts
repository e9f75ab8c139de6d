import type { Clock } from '@leafcutter/shared/clock';
import { type AgentRecord, MAX_LISTED_AGENTS, type Roster } from './domain/roster.ts';

/** The roster in process, for the embedded coordinator. */
export class MemoryRoster implements Roster {
  readonly #clock: Clock;
  readonly #agents = new Map<string, AgentRecord>();
  #watchedUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async report(agent: AgentRecord): Promise<void> {
    this.#agents.set(agent.instanceId, agent);
  }

  async remove(instanceId: string): Promise<void> {
    this.#agents.delete(instanceId);
  }

  async list(): Promise<AgentRecord[]> {
    return [...this.#agents.values()].sort((a, b) => b.seenAtMs - a.seenAtMs).slice(0, MAX_LISTED_AGENTS);
  }

  async watch(forMs: number): Promise<void> {
    this.#watchedUntil = this.#clock.monotonic() + forMs;
  }

  async isWatched(): Promise<boolean> {
    return this.#clock.monotonic() < this.#watchedUntil;
  }
}
