import type { Holder } from '../../domain/allocation/range.ts';
import type { LeaseRegistry, Renewal } from '../../domain/leases/lease-registry.ts';
import type { RedisLink } from './link.ts';

/** Leases as one key per machine id with a TTL; the value is `instanceId agentId`. */
export class RedisLeaseRegistry implements LeaseRegistry {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async enter(machineId: number, holder: Holder, ttlMs: number): Promise<'kept' | 'taken'> {
    const answer = await this.#keep(machineId, holder, ttlMs, 'enter');
    return answer === 'kept' ? 'kept' : 'taken';
  }

  renew(machineId: number, holder: Holder, ttlMs: number): Promise<Renewal> {
    return this.#keep(machineId, holder, ttlMs, 'renew');
  }

  async end(machineId: number, instanceId: string): Promise<void> {
    await this.#link.run((redis) => redis.endLease(this.#key(machineId), instanceId));
  }

  async live(machineIds: readonly number[]): Promise<Map<number, Holder>> {
    const live = new Map<number, Holder>();
    if (machineIds.length === 0) return live;
    const values = await this.#link.run((redis) =>
      redis.mget(machineIds.map((machineId) => this.#key(machineId))),
    );
    machineIds.forEach((machineId, index) => {
      const value = values[index];
      if (value == null) return;
      const space = value.indexOf(' ');
      live.set(machineId, { instanceId: value.slice(0, space), agentId: value.slice(space + 1) });
    });
    return live;
  }

  async #keep(
    machineId: number,
    { instanceId, agentId }: Holder,
    ttlMs: number,
    how: 'enter' | 'renew',
  ): Promise<Renewal> {
    const key = this.#key(machineId);
    const answer = await this.#link.run((redis) => redis.keepLease(key, instanceId, agentId, ttlMs, how));
    return answer as Renewal;
  }

  /** The braces put all leases into one slot of a Redis Cluster, so that one command can read them together. */
  #key(machineId: number): string {
    return `${this.#link.prefix}{lease}:${machineId}`;
  }
}
