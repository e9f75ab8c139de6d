import {
  type AgentRecord,
  ENTRY_BYTES,
  MAX_LISTED_AGENTS,
  type Roster,
  toText,
} from '../../domain/fleet/roster.ts';
import type { RedisLink } from './link.ts';

/**
 * How many agents one command reads or forgets: no command may occupy Redis, or this process, for more than a
 * millisecond or two.
 */
const PAGE = 100;

/**
 * The roster as a hash, instance id to JSON, with a sorted set of when each was seen and a counter of the bytes that
 * all take. While it is watched, there is a key with a TTL.
 */
export class RedisRoster implements Roster {
  readonly #link: RedisLink;
  readonly #maxBytes: number;

  constructor(link: RedisLink, maxBytes: number) {
    this.#link = link;
    this.#maxBytes = maxBytes;
  }

  async report(agent: AgentRecord): Promise<boolean> {
    const { instanceId, seenAtMs } = agent;
    const entered = await this.#link.run((redis) =>
      redis.enterAgent(...this.#keys, instanceId, toText(agent), seenAtMs, this.#maxBytes, ENTRY_BYTES),
    );
    return entered === 1;
  }

  async remove(instanceId: string): Promise<void> {
    await this.#forget([instanceId]);
  }

  async list(): Promise<AgentRecord[]> {
    const [records, seen] = this.#keys;
    const latest = await this.#link.run((redis) => redis.zrevrange(seen, 0, MAX_LISTED_AGENTS - 1));
    const agents: AgentRecord[] = [];
    for (let at = 0; at < latest.length; at += PAGE) {
      const page = latest.slice(at, at + PAGE);
      const texts = await this.#link.run((redis) => redis.hmget(records, ...page));
      for (const text of texts) if (text !== null) agents.push(JSON.parse(text) as AgentRecord);
    }
    return agents;
  }

  async reap(seenBeforeMs: number): Promise<number> {
    const [, seen] = this.#keys;
    for (;;) {
      const silent = await this.#link.run((redis) =>
        redis.zrangebyscore(seen, '-inf', `(${seenBeforeMs}`, 'LIMIT', 0, PAGE),
      );
      if (silent.length === 0) return this.#link.run((redis) => redis.zcard(seen));
      await this.#forget(silent);
    }
  }

  async watch(forMs: number): Promise<void> {
    await this.#link.run((redis) => redis.set(this.#watchKey, '1', 'PX', forMs));
  }

  async isWatched(): Promise<boolean> {
    return (await this.#link.run((redis) => redis.exists(this.#watchKey))) === 1;
  }

  async #forget(instanceIds: readonly string[]): Promise<void> {
    await this.#link.run((redis) => redis.forgetAgents(...this.#keys, ENTRY_BYTES, instanceIds.join(' ')));
  }

  /** The braces put them into one slot of a Redis Cluster, as the scripts need. */
  get #keys(): readonly [records: string, seen: string, bytes: string] {
    const prefix = `${this.#link.prefix}{agents}:`;
    return [`${prefix}records`, `${prefix}seen`, `${prefix}bytes`];
  }

  get #watchKey(): string {
    return `${this.#link.prefix}{agents}:watched`;
  }
}
