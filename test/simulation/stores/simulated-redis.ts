import type { Holder } from '@leafcutter/coordinator/domain/allocation/range';
import type { Renewal } from '@leafcutter/coordinator/domain/leases/lease-registry';
import { FenceMemory, MemoryFence } from '@leafcutter/coordinator/fakes/memory-fence';
import type { Process } from '../machine/process.ts';
import type { Random } from '../machine/random.ts';

interface Expiring<T> {
  readonly value: T;
  /** By the wall clock of the host. Redis uses it, so a jump expires keys. */
  readonly endsAt: number;
}

/** Everything that a Redis remembers. */
export interface Memory {
  readonly fences: FenceMemory;
  readonly locks: Map<string, Expiring<string>>;
  readonly leases: Map<number, Expiring<Holder>>;
}

/** A Redis server: keys, some with a time to live, and scripts that each run as one step. */
export class RedisServer {
  readonly process: Process;
  readonly memory: Memory;
  /** How often it was started: it goes back to an old file only so, and its connections end. */
  starts = 1;
  readonly #fence: MemoryFence;

  constructor(process: Process, memory: Memory = noMemory()) {
    this.process = process;
    this.memory = memory;
    this.#fence = new MemoryFence(memory.fences);
  }

  /** False while it takes no writes: a replica, or a full disk. What it remembers it tells all the same. */
  get writable(): boolean {
    return this.#fence.takesWrites;
  }

  set writable(writable: boolean) {
    this.#fence.takesWrites = writable;
  }

  get fence(): MemoryFence {
    return this.#fence;
  }

  /** `SET NX PX`. */
  takeLock(name: string, token: string, ttlMs: number): boolean {
    if (!this.writable) throw new Error('READONLY');
    if (this.#live(this.memory.locks, name) !== undefined) return false;
    this.#put(this.memory.locks, name, token, ttlMs);
    return true;
  }

  /** As `release-locks.lua`. */
  releaseLock(name: string, token: string): void {
    if (this.#live(this.memory.locks, name) === token) this.memory.locks.delete(name);
  }

  /** As `keep-lease.lua`. */
  enterLease(machineId: number, holder: Holder, ttlMs: number): 'kept' | 'taken' {
    if (!this.writable) throw new Error('READONLY');
    const current = this.#live(this.memory.leases, machineId);
    if (current !== undefined && current.instanceId !== holder.instanceId) return 'taken';
    this.#put(this.memory.leases, machineId, holder, ttlMs);
    return 'kept';
  }

  /** As `keep-lease.lua`. */
  renewLease(machineId: number, holder: Holder, ttlMs: number): Renewal {
    if (this.#live(this.memory.leases, machineId) === undefined) return 'absent';
    return this.enterLease(machineId, holder, ttlMs);
  }

  /** As `end-lease.lua`. */
  endLease(machineId: number, instanceId: string): void {
    if (this.#live(this.memory.leases, machineId)?.instanceId === instanceId)
      this.memory.leases.delete(machineId);
  }

  liveLeases(machineIds: readonly number[]): Map<number, Holder> {
    const live = new Map<number, Holder>();
    for (const machineId of machineIds) {
      const holder = this.#live(this.memory.leases, machineId);
      if (holder !== undefined) live.set(machineId, holder);
    }
    return live;
  }

  snapshot(): Memory {
    return copyOf(this.memory);
  }

  /** Forgets everything, and remembers what `snapshot` had if there is one. */
  rollBack(snapshot: Memory = noMemory()): void {
    this.starts += 1;
    const { fences, locks, leases } = this.memory;
    replace(fences.marks, snapshot.fences.marks);
    replace(fences.rose, snapshot.fences.rose);
    fences.identity = snapshot.fences.identity;
    replace(locks, snapshot.locks);
    replace(leases, snapshot.leases);
  }

  /**
   * Forgets each key with the given probability, as a Redis that may evict does: fences, the list of those that rose,
   * its identity.
   */
  evict(share: number, random: Random): void {
    const { fences, locks, leases } = this.memory;
    for (const table of [locks, leases, fences.marks])
      for (const key of [...table.keys()])
        if (random.chance(share)) (table as Map<typeof key, unknown>).delete(key);
    if (random.chance(share)) fences.rose.clear();
    if (random.chance(share)) fences.identity = undefined;
  }

  #live<K, V>(table: Map<K, Expiring<V>>, key: K): V | undefined {
    const entry = table.get(key);
    return entry !== undefined && entry.endsAt > this.process.clock.now() ? entry.value : undefined;
  }

  #put<K, V>(table: Map<K, Expiring<V>>, key: K, value: V, ttlMs: number): void {
    table.set(key, { value, endsAt: this.process.clock.now() + ttlMs });
  }
}

/** Which server each coordinator is connected to. After a failover some may still talk to the old master. */
export class SimulatedRedis {
  master: RedisServer;
  /** Coordinators, by name, that still have another server for their master. */
  readonly strays = new Map<string, RedisServer>();

  constructor(master: RedisServer) {
    this.master = master;
  }

  serverOf(coordinator: string): RedisServer {
    return this.strays.get(coordinator) ?? this.master;
  }

  /** A replica that lacks what was written since `snapshot` becomes master; `stray` stays with the old one. */
  promote(replica: RedisServer, stray: string | undefined): void {
    const old = this.master;
    this.master = replica;
    if (stray !== undefined) this.strays.set(stray, old);
  }
}

export function copyOf({ fences, locks, leases }: Memory): Memory {
  const copy = { ...noMemory(), locks: new Map(locks), leases: new Map(leases) };
  replace(copy.fences.marks, fences.marks);
  replace(copy.fences.rose, fences.rose);
  copy.fences.identity = fences.identity;
  return copy;
}

/** State of a Redis that nobody ever used. */
function noMemory(): Memory {
  const fences = new FenceMemory();
  fences.identity = undefined;
  return { fences, locks: new Map(), leases: new Map() };
}

function replace<K, V>(table: Map<K, V>, entries: ReadonlyMap<K, V>): void {
  table.clear();
  for (const [key, value] of entries) table.set(key, value);
}
