import type { UnfencedRule } from '@leafcutter/coordinator/domain/allocation/allocate';
import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import type { Locks } from '@leafcutter/coordinator/domain/allocation/locks';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import type { SweepReport } from '@leafcutter/coordinator/domain/fence-guard/sweep';
import type { LeaseRegistry } from '@leafcutter/coordinator/domain/leases/lease-registry';
import { LeaseArbiter, type LeaseRules } from '@leafcutter/coordinator/domain/leases/leases';
import { prune } from '@leafcutter/coordinator/domain/ledger/prune';
import { SegmentArbiter, type SegmentRules } from '@leafcutter/coordinator/domain/segments/segments';
import { type Lowered, lowerCounter } from '@leafcutter/coordinator/domain/tags/lower-counter';
import { TagAdmin } from '@leafcutter/coordinator/domain/tags/tags';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import type { Clock } from '@leafcutter/shared/clock';
import { layoutFingerprint } from '@leafcutter/shared/layout';
import type { Network } from '../machine/network.ts';
import type { Process } from '../machine/process.ts';
import { Random } from '../machine/random.ts';
import { overriding } from '../overriding.ts';
import type { CompletedSweep } from '../stores/completed-sweep.ts';
import { SimulatedFence, SimulatedLeaseRegistry, SimulatedLocks } from '../stores/redis-ports.ts';
import type { SimulatedDatabase } from '../stores/simulated-database.ts';
import type { RedisServer, SimulatedRedis } from '../stores/simulated-redis.ts';
import { SimulatedRedisLink } from '../stores/simulated-redis-link.ts';
import { SimulatedStore } from '../stores/simulated-store.ts';

/** A coordinator made from the production code's arbiters, on simulated stores. Only this file does so. */
export interface SimulatedCoordinator {
  readonly process: Process;
  readonly heartbeatMs: number;
  readonly deadlineMs: number;
  readonly segments: SegmentArbiter;
  readonly leases: LeaseArbiter;
  readonly tags: TagAdmin;
  /** `tag lower`, without force. */
  readonly lower: (tag: string, to: bigint) => Promise<Lowered>;
  readonly store: Store;
}

/** What an arbiter is made of, apart from its rules. */
interface ArbiterParts {
  readonly store: Store;
  readonly fence: Fence;
  readonly unfenced?: UnfencedRule;
  readonly registry: LeaseRegistry;
  readonly locks: Locks;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: RecordedEvents;
  readonly coordinatorId: string;
}

/** Where a planted bug may change a coordinator while it is put together. */
export interface CoordinatorPlant {
  readonly store?: (store: Store) => Store;
  readonly fence?: (fence: Fence) => Fence;
  readonly segments?: (parts: ArbiterParts & { rules: SegmentRules }) => SegmentArbiter;
  readonly leases?: (parts: ArbiterParts & { rules: LeaseRules }) => LeaseArbiter;
  readonly unfenced?: UnfencedRule;
  /** The store as the fence guard and its sweeps see it. */
  readonly guardStore?: (store: Store) => Store;
  /** The stores as `tag lower` sees them. */
  readonly lowering?: (parts: { store: Store; fence: Fence }) => { store: Store; fence: Fence };
}

export interface CoordinatorRules {
  readonly segments: SegmentRules;
  readonly leases: LeaseRules;
  readonly heartbeatMs: number;
  /** How often every coordinator sweeps. In a deployment, one of them sweeps once a minute. */
  readonly sweepEveryMs: number;
  /**
   * How often it merges old entries of the ledger, and how old they are. A deployment does so once a day, with
   * entries that are months old.
   */
  readonly pruneEveryMs: number;
}

/** A coordinator's events, with when its sweeps began to read the counters, and from which Redis. */
class SweepEvents extends RecordedEvents {
  readonly #parts: Pick<CoordinatorParts, 'process' | 'redis' | 'now' | 'onSweep' | 'onSwept'>;
  #begunAtMs = 0;
  #server: RedisServer | undefined;

  constructor(parts: Pick<CoordinatorParts, 'process' | 'redis' | 'now' | 'onSweep' | 'onSwept'>) {
    super();
    this.#parts = parts;
  }

  readsCounters(): void {
    const { process, redis, now, onSweep } = this.#parts;
    this.#begunAtMs = now();
    this.#server = redis.serverOf(process.name);
    onSweep();
  }

  override swept({ extent }: SweepReport): void {
    const { process, redis, onSwept } = this.#parts;
    const sawPresentRedis = this.#server === redis.master && redis.serverOf(process.name) === redis.master;
    onSwept({ begunAtMs: this.#begunAtMs, sawPresentRedis }, extent);
  }
}

function notingReads(store: Store, onRead: () => void): Store {
  return overriding(store, {
    counters: (movedSinceMs) => {
      onRead();
      return store.counters(movedSinceMs);
    },
  });
}

interface CoordinatorParts {
  readonly process: Process;
  readonly network: Network;
  readonly database: SimulatedDatabase;
  readonly redis: SimulatedRedis;
  readonly rules: CoordinatorRules;
  readonly seed: number;
  readonly onRedisChange: (up: boolean) => void;
  /** A sweep begins to read the counters. */
  readonly onSweep: () => void;
  readonly onSwept: (sweep: CompletedSweep, extent: SweepReport['extent']) => void;
  /** True milliseconds. */
  readonly now: () => number;
}

export function startCoordinator(
  parts: CoordinatorParts,
  plant: CoordinatorPlant = {},
): SimulatedCoordinator {
  const { process, network, database, rules } = parts;
  const random = new Random(parts.seed, `${process.name} at ${process.startedAtMs}`);
  const link = new SimulatedRedisLink({
    process,
    network,
    redis: parts.redis,
    onChange: (up) => {
      parts.onRedisChange(up);
      if (up) void guard.check().then(sweep);
    },
  });
  const events = new SweepEvents(parts);
  const store = new SimulatedStore({ process, database, network });
  const fence = new SimulatedFence(link);
  const shared: ArbiterParts = {
    store: notingReads(plant.store?.(store) ?? store, () => events.readsCounters()),
    fence: plant.fence?.(fence) ?? fence,
    registry: new SimulatedLeaseRegistry(link),
    locks: new SimulatedLocks(link, process, random),
    clock: process.clock,
    random: random.next,
    events,
    coordinatorId: process.name,
  };
  const layout = layoutFingerprint(rules.leases.layout);
  const guardStore = plant.guardStore?.(shared.store) ?? shared.store;
  const guard = new FenceGuard({ ...shared, store: guardStore, layout, newGeneration: () => random.uuid() });
  const unfenced = plant.unfenced ?? guard;
  const sweep = () => guard.sweep().catch((error: unknown) => events.guardFailed(error));
  const sweepLater = () => void process.clock.after(rules.sweepEveryMs, () => void sweep().then(sweepLater));
  const pruneLater = () =>
    void process.clock.after(
      rules.pruneEveryMs,
      () =>
        void shared.store
          .now()
          .then((nowMs) => prune(shared.store, rules.pruneEveryMs, nowMs))
          .catch(() => 0)
          .then(pruneLater),
    );
  pruneLater();
  events.onFenceStrange = () => void guard.check();
  store.onReplaced(() => void guard.check().then(sweep));
  void guard.start().then(sweepLater);
  const segments = { ...shared, unfenced, rules: rules.segments };
  const leases = { ...shared, unfenced, rules: rules.leases };
  const lowering = { ...shared, ...plant.lowering?.(shared) };
  return {
    process,
    heartbeatMs: rules.heartbeatMs,
    deadlineMs: rules.segments.deadlineMs,
    segments: plant.segments?.(segments) ?? new SegmentArbiter(segments),
    leases: plant.leases?.(leases) ?? new LeaseArbiter(leases),
    tags: new TagAdmin(shared.store, rules.segments),
    lower: (tag, to) => lowerCounter(lowering, tag, to, false),
    store: shared.store,
  };
}
