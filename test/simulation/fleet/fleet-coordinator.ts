import { randomUUID } from 'node:crypto';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import type { Board } from '@leafcutter/coordinator/domain/fleet/board';
import { FleetWatch } from '@leafcutter/coordinator/domain/fleet/fleet-watch';
import { ReportIntake } from '@leafcutter/coordinator/domain/fleet/report-intake';
import type { Roster } from '@leafcutter/coordinator/domain/fleet/roster';
import { ServedTags } from '@leafcutter/coordinator/domain/fleet/served-tags';
import { census } from '@leafcutter/coordinator/domain/leases/census';
import type { LeaseRegistry } from '@leafcutter/coordinator/domain/leases/lease-registry';
import { LeaseArbiter } from '@leafcutter/coordinator/domain/leases/leases';
import { Explainer } from '@leafcutter/coordinator/domain/ledger/explain';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { DatedTags } from '@leafcutter/coordinator/domain/tags/dated-tags';
import { TagAdmin } from '@leafcutter/coordinator/domain/tags/tags';
import type { MemoryFence } from '@leafcutter/coordinator/fakes/memory-fence';
import { SAMPLE_DEPLOYMENT } from '@leafcutter/coordinator/fakes/samples';
import { Access } from '@leafcutter/coordinator/http/access';
import type { Coordinator } from '@leafcutter/coordinator/http/coordinator';
import { Paces } from '@leafcutter/coordinator/http/paces';
import type { JobJournal } from '@leafcutter/coordinator/jobs/job-journal';
import { JobWatch } from '@leafcutter/coordinator/jobs/job-watch';
import { coordinatorJobs } from '@leafcutter/coordinator/jobs/jobs';
import { lateJobReports } from '@leafcutter/coordinator/jobs/late-job-reports';
import { CoordinatorObserver } from '@leafcutter/coordinator/metrics/observer';
import { type CoordinatorConfig, machineIds } from '@leafcutter/coordinator/settings';
import type { Clock } from '@leafcutter/shared/clock';
import { Health } from '@leafcutter/shared/health';
import { layoutFingerprint, timestampEndMs } from '@leafcutter/shared/layout';
import type { Logger } from '@leafcutter/shared/logger';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { VERSION } from '@leafcutter/shared/version';
import type { FleetLocks, FleetStore } from './fleet-stores.ts';

/** What the coordinators of one deployment share, and what each of them is given. */
interface CoordinatorParts {
  readonly config: CoordinatorConfig;
  readonly coordinatorId: string;
  readonly clock: Clock;
  /** For what it does without being called. */
  readonly ownClock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly store: FleetStore;
  readonly fence: MemoryFence;
  readonly locks: FleetLocks;
  readonly registry: LeaseRegistry;
  readonly roster: Roster;
  readonly board: Board;
  readonly journal: JobJournal;
}

/** A coordinator as `service.ts` puts it together, on stores in memory and without a socket. */
export async function fleetCoordinator(parts: CoordinatorParts): Promise<Coordinator> {
  const { config, coordinatorId, clock, ownClock, log, store, fence, locks, registry, roster, journal } =
    parts;
  const layout = layoutOf(config.snowflake);
  const granted = machineIds(config.snowflake);
  const { deploymentId } = SAMPLE_DEPLOYMENT.identity;
  await store.identify(layoutFingerprint(layout));
  const health = new Health(clock, log);
  const takeCensus = (range = granted) => census(store, registry, range);
  const access = new Access(clock, config);
  const metrics = observer(parts, layout, access, health);
  const guard = new FenceGuard({
    ...parts,
    clock: ownClock,
    layout: layoutFingerprint(layout),
    events: metrics,
    newGeneration: randomUUID,
    maxUnfencedMs: config.redis.maxUnfencedS * 1_000,
  });
  await guard.start();
  const { segment, snowflake, requestDeadlineMs: deadlineMs } = config;
  const [firstMachineId, lastMachineId] = [granted.first, granted.last];
  const arbiter = { ...parts, unfenced: guard, events: metrics };
  const jobs = coordinatorJobs({ ...parts, guard, metrics: metrics.jobs });
  const jobWatch = new JobWatch({
    jobs,
    journal,
    clock: ownClock,
    events: lateJobReports(metrics.jobs, health),
  });
  const tags = new TagAdmin(store, segment, metrics);
  const served = new ServedTags(store, clock);
  const coordinator: Coordinator = {
    config,
    coordinatorId,
    deploymentId,
    clock,
    log,
    metrics,
    store,
    fence,
    locks,
    roster,
    access,
    paces: new Paces(clock, config.agentRequestsPerS, 'agent'),
    journal,
    jobs,
    jobWatch,
    segments: new SegmentArbiter({ ...arbiter, rules: { ...segment, deadlineMs } }),
    leases: new LeaseArbiter({
      ...arbiter,
      rules: { ...snowflake, layout, firstMachineId, lastMachineId, deadlineMs },
    }),
    dated: new DatedTags(store, snowflake.maxClockSkewMs),
    tags,
    explainer: new Explainer(store, layout),
    intake: new ReportIntake(roster, clock),
    served,
    watch: watchOf(parts, { tags, served, jobWatch, health, deploymentId }),
    guard,
    health,
    census: takeCensus,
    stopping: false,
    readiness: async () => ({ ready: true, store: 'up', redis: 'up' }),
  };
  return coordinator;
}

function observer(
  { clock, log }: CoordinatorParts,
  layout: ReturnType<typeof layoutOf>,
  access: Access,
  health: Health,
): CoordinatorObserver {
  const readings = {
    census: async () => ({ free: 0, held: 0, waiting: 0 }),
    askStore: async () => 'up' as const,
    timestampLeftMs: () => timestampEndMs(layout) - clock.now(),
    tokens: () => access.counts,
    dependencies: () => health.dependencies,
    logLinesDropped: () => 0,
  };
  return new CoordinatorObserver({ readings, log, clock });
}

function watchOf(
  { roster, board, ownClock: clock, coordinatorId, log }: CoordinatorParts,
  own: Pick<Coordinator, 'tags' | 'served' | 'jobWatch' | 'health' | 'deploymentId'>,
): FleetWatch {
  const { tags, served, jobWatch, health, deploymentId } = own;
  return new FleetWatch({
    roster,
    board,
    version: VERSION,
    tags,
    clock,
    ids: { coordinatorId, deploymentId },
    tagsChanged: () => served.forget(),
    failed: (err) => log.warn({ err }, 'the fleet could not be summed up for the console'),
    stores: (isUp) => ({
      store: isUp ? 'up' : 'down',
      redis: 'up',
      mayGoUnfenced: true,
      lostWrites: null,
      lateJobs: jobWatch.late,
      dependencies: health.dependencies,
    }),
  });
}
