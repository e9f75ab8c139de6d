import type {
  Fence,
  FenceAnswer,
  FenceIdentity,
  FenceLowering,
  FenceMark,
  FenceMove,
  Swept,
  SweptCounter,
} from '@leafcutter/coordinator/domain/allocation/fence';
import type { Locks, Release } from '@leafcutter/coordinator/domain/allocation/locks';
import type { CounterName, Holder } from '@leafcutter/coordinator/domain/allocation/range';
import { RETRY_REASONS } from '@leafcutter/coordinator/domain/allocation/store';
import type { LeaseRegistry, Renewal } from '@leafcutter/coordinator/domain/leases/lease-registry';
import { sleep } from '@leafcutter/shared/clock';
import type { Process } from '../machine/process.ts';
import type { Random } from '../machine/random.ts';
import type { SimulatedRedisLink } from './simulated-redis-link.ts';

/**
 * The ports that a coordinator keeps in Redis, over a simulated connection. They follow `stores/redis` line by line.
 */

export class SimulatedFence implements Fence {
  readonly #link: SimulatedRedisLink;
  #generation: string | undefined;

  constructor(link: SimulatedRedisLink) {
    this.#link = link;
  }

  get available(): boolean {
    return this.#link.up;
  }

  readonly takesWrites = true;

  get incarnation(): number {
    return this.#link.incarnation;
  }

  async raise(moves: readonly FenceMove[]): Promise<FenceAnswer[]> {
    const generation = moves[0]?.generation;
    if (!this.#link.up) {
      const strange = this.#generation !== undefined && this.#generation !== generation;
      return moves.map(() => ({ kind: strange ? 'stranger' : 'away' }));
    }
    const answers = await this.#link.run((server) => server.fence.raise(moves), RETRY_REASONS.fenceUnclear);
    if (answers.every(({ kind }) => kind !== 'stranger')) this.#generation = generation;
    return answers;
  }

  async identity(): Promise<FenceIdentity | undefined> {
    const identity = await this.#link.run((server) => server.fence.identity());
    this.#generation = identity?.generation ?? '';
    return identity;
  }

  introduce(identity: Parameters<Fence['introduce']>[0]): Promise<void> {
    return this.#link.run((server) => server.fence.introduce(identity));
  }

  sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept> {
    return this.#link.run((server) => server.fence.sweep(identity, counters));
  }

  finishSweep(...sweep: Parameters<Fence['finishSweep']>): Promise<void> {
    return this.#link.run((server) => server.fence.finishSweep(...sweep));
  }

  lower(name: CounterName, from: FenceMark, down: FenceLowering): Promise<void> {
    return this.#link.run((server) => server.fence.lower(name, from, down));
  }

  confirm(name: CounterName, value: bigint): void {
    this.#link.run((server) => server.fence.confirm(name, value)).catch(() => undefined);
  }

  async *counters(sinceSweep: number | undefined): AsyncGenerator<readonly CounterName[]> {
    yield await this.#link.run(async (server) => {
      const names: CounterName[] = [];
      for await (const page of server.fence.counters(sinceSweep)) names.push(...page);
      return names;
    });
  }

  read(name: CounterName): Promise<FenceMark> {
    return this.#link.run((server) => server.fence.read(name));
  }
}

export class SimulatedLeaseRegistry implements LeaseRegistry {
  readonly #link: SimulatedRedisLink;

  constructor(link: SimulatedRedisLink) {
    this.#link = link;
  }

  enter(machineId: number, holder: Holder, ttlMs: number): Promise<'kept' | 'taken'> {
    return this.#link.run((server) => server.enterLease(machineId, holder, ttlMs));
  }

  renew(machineId: number, holder: Holder, ttlMs: number): Promise<Renewal> {
    return this.#link.run((server) => server.renewLease(machineId, holder, ttlMs));
  }

  async end(machineId: number, instanceId: string): Promise<void> {
    await this.#link.run((server) => server.endLease(machineId, instanceId));
  }

  live(machineIds: readonly number[]): Promise<Map<number, Holder>> {
    return this.#link.run((server) => server.liveLeases(machineIds));
  }
}

const POLL_MIN_MS = 5;
const POLL_MAX_MS = 25;

export class SimulatedLocks implements Locks {
  readonly #link: SimulatedRedisLink;
  readonly #process: Process;
  readonly #random: Random;
  #tokens = 0;

  constructor(link: SimulatedRedisLink, process: Process, random: Random) {
    this.#link = link;
    this.#process = process;
    this.#random = random;
  }

  async acquire(
    name: string,
    { waitMs, ttlMs }: { waitMs: number; ttlMs: number },
  ): Promise<Release | undefined> {
    const { clock } = this.#process;
    const token = `${this.#process.name} from ${this.#process.startedAtMs}: ${this.#tokens++}`;
    const deadline = clock.monotonic() + waitMs;
    while (this.#link.up) {
      const taken = await this.#link
        .run((server) => server.takeLock(name, token, ttlMs))
        .catch(() => undefined);
      if (taken === true)
        return () => this.#link.run((server) => server.releaseLock(name, token)).catch(() => undefined);
      if (taken === undefined || clock.monotonic() >= deadline) return undefined;
      await sleep(clock, POLL_MIN_MS + this.#random.next() * (POLL_MAX_MS - POLL_MIN_MS));
    }
    return undefined;
  }
}
