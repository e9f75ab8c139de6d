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
import { hasCode } from '@leafcutter/shared/errors';
import type { Process } from '../machine/process.ts';
import type { Random } from '../machine/random.ts';
import type { RedisServer } from './simulated-redis.ts';
import type { SimulatedRedisLink } from './simulated-redis-link.ts';

/**
 * The ports that a coordinator keeps in Redis, over a simulated connection. They follow `stores/redis` line by line.
 */

/** What a coordinator remembers of counters itself is left out: no promise rests on it. */
export class SimulatedFence implements Fence {
  readonly #link: SimulatedRedisLink;
  #takesWrites = true;
  /** Of the Redis that was last seen; the empty text if it has none. */
  #generation: string | undefined;
  /** The generation of which Redis and MySQL last agreed here. */
  #agreed: string | undefined;

  constructor(link: SimulatedRedisLink) {
    this.#link = link;
  }

  get available(): boolean {
    return this.#link.up;
  }

  get takesWrites(): boolean {
    return this.#takesWrites;
  }

  get incarnation(): number {
    return this.#link.incarnation;
  }

  async raise(moves: readonly FenceMove[]): Promise<FenceAnswer[]> {
    if (!this.#link.up) return this.#unfenced(moves);
    const { answers, identity, takesWrites } = await this.#link.run(
      async ({ fence }) => ({
        answers: await fence.raise(moves),
        identity: await fence.identity(),
        takesWrites: fence.takesWrites,
      }),
      RETRY_REASONS.fenceUnclear,
    );
    if (identity === undefined) {
      this.#generation = '';
      this.#takesWrites = takesWrites;
      const mayGoUnfenced = moves.every((move) => move.mayGoUnfenced);
      if (!this.#takesWrites && !mayGoUnfenced) return moves.map(() => ({ kind: 'away' }));
      return this.#unfenced(moves);
    }
    if (answers.some(({ kind }) => kind === 'stranger')) return answers;
    this.#generation = identity.generation;
    this.#agreed = identity.generation;
    if (answers.every(({ kind }) => kind === 'ok')) this.#takesWrites = true;
    if (answers.every(({ kind }) => kind !== 'away')) return answers;
    this.#takesWrites = false;
    return this.#unfenced(moves);
  }

  async identity(): Promise<FenceIdentity | undefined> {
    const identity = await this.#link.run((server) => server.fence.identity());
    this.#generation = identity?.generation ?? '';
    return identity;
  }

  async introduce(identity: Parameters<Fence['introduce']>[0]): Promise<void> {
    await this.#write((server) => server.fence.introduce(identity));
    this.#takesWrites = true;
  }

  sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept> {
    return this.#write((server) => server.fence.sweep(identity, counters));
  }

  async finishSweep(...sweep: Parameters<Fence['finishSweep']>): Promise<void> {
    await this.#write((server) => server.fence.finishSweep(...sweep));
    this.#agreed = sweep[0].generation;
    this.#takesWrites = true;
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

  #unfenced(moves: readonly FenceMove[]): FenceAnswer[] {
    return moves.map(({ generation }) => ({ kind: this.#isAnothers(generation) ? 'stranger' : 'away' }));
  }

  #isAnothers(generation: string | undefined): boolean {
    if (this.#generation === undefined || this.#generation === generation) return false;
    const isOurs = this.#generation === '' && generation === this.#agreed;
    return !isOurs || this.#takesWrites;
  }

  async #write<T>(work: (server: RedisServer) => Promise<T>): Promise<T> {
    try {
      return await this.#link.run(work);
    } catch (error) {
      if (hasCode(error, 'STORE_UNAVAILABLE') && error.reason === 'redis_read_only')
        this.#takesWrites = false;
      throw error;
    }
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
