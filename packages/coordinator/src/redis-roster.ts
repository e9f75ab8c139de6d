import { type AgentRecord, MAX_LISTED_AGENTS, type Roster } from './domain/roster.ts';
import type { RedisLink } from './redis-link.ts';

/** The roster as one hash, instance id to JSON; the reap job keeps it short. That it is watched is a key with a TTL. */
export class RedisRoster implements Roster {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async report(agent: AgentRecord): Promise<void> {
    await this.#link.run((redis) => redis.hset(this.#key, agent.instanceId, JSON.stringify(agent)));
  }

  async remove(instanceId: string): Promise<void> {
    await this.#link.run((redis) => redis.hdel(this.#key, instanceId));
  }

  async list(): Promise<AgentRecord[]> {
    const values = await this.#link.run((redis) => redis.hvals(this.#key));
    const agents = values.map((value) => JSON.parse(value) as AgentRecord);
    // A coordinator of an earlier version entered less than is shown now.
    const whole = agents.filter(({ tags, clock }) => tags !== undefined && clock !== undefined);
    return whole.sort((a, b) => b.seenAtMs - a.seenAtMs).slice(0, MAX_LISTED_AGENTS);
  }

  async watch(forMs: number): Promise<void> {
    await this.#link.run((redis) => redis.set(this.#watchKey, '1', 'PX', forMs));
  }

  async isWatched(): Promise<boolean> {
    return (await this.#link.run((redis) => redis.exists(this.#watchKey))) === 1;
  }

  get #key(): string {
    return `${this.#link.prefix}roster`;
  }

  get #watchKey(): string {
    return `${this.#link.prefix}roster-watched`;
  }
}
