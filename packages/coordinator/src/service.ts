import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@leafcutter/shared/clock';
import type { Applier, Appliers, SettingChange } from '@leafcutter/shared/config/live-settings';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import type { RedisState } from '@leafcutter/shared/fleet-views';
import { Health } from '@leafcutter/shared/health';
import { StartError } from '@leafcutter/shared/http/bind';
import { layoutFingerprint, type SnowflakeLayout, timestampEndMs } from '@leafcutter/shared/layout';
import type { LogCount } from '@leafcutter/shared/log-output';
import type { Logger } from '@leafcutter/shared/logger';
import { OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { ResourceWatch } from '@leafcutter/shared/resource-watch';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { systemClock } from '@leafcutter/shared/system-clock';
import { VERSION } from '@leafcutter/shared/version';
import type { Deployment } from './domain/allocation/store.ts';
import { FenceGuard, type GuardParts } from './domain/fence-guard/fence-guard.ts';
import { FleetWatch } from './domain/fleet/fleet-watch.ts';
import { ReportIntake } from './domain/fleet/report-intake.ts';
import { ServedTags } from './domain/fleet/served-tags.ts';
import { census } from './domain/leases/census.ts';
import { LeaseArbiter } from './domain/leases/leases.ts';
import { Explainer } from './domain/ledger/explain.ts';
import { SegmentArbiter } from './domain/segments/segments.ts';
import { DatedTags } from './domain/tags/dated-tags.ts';
import { dottedPairs } from './domain/tags/dotted-tags.ts';
import { TagAdmin } from './domain/tags/tags.ts';
import { Access } from './http/access.ts';
import type { Coordinator } from './http/coordinator.ts';
import { FleetEvents } from './http/events.ts';
import { type MainDoor, type OpsDoor, openMainDoor, openOpsDoor } from './http/open-doors.ts';
import { Paces } from './http/paces.ts';
import { coordinatorApp, opsApp, waitingApp } from './http/routes.ts';
import { JobWatch } from './jobs/job-watch.ts';
import { coordinatorJobs } from './jobs/jobs.ts';
import { lateJobReports } from './jobs/late-job-reports.ts';
import type { MachineIdCensus } from './metrics/metrics.ts';
import { CoordinatorObserver } from './metrics/observer.ts';
import { noteReload } from './settings/note-reload.ts';
import { type CoordinatorConfig, type CoordinatorSettings, machineIds } from './settings/settings.ts';
import { openStores, type Stores } from './stores/open-stores.ts';
import { noteRedis } from './stores/store-health.ts';

/** A running coordinator. */
export interface CoordinatorService {
  /** Its address: `http://127.0.0.1:8100`. */
  readonly url: string;
  /** What takes over the settings that may change while it runs. */
  readonly appliers: Appliers<CoordinatorSettings>;
  /** Counts a changed configuration, and enters in the trail what was taken over of it. */
  reloaded(result: 'ok' | 'failed', changes: readonly SettingChange[]): void;
  /** Drains open requests, stops jobs, closes the stores. */
  stop(): Promise<void>;
}

/**
 * Starts a coordinator. `output`: where the log goes.
 * @throws StartError if the port is taken, a store stays away or the stores are another deployment's
 */
export async function startCoordinator(
  config: CoordinatorConfig,
  log: Logger,
  output: LogCount,
): Promise<CoordinatorService> {
  const health = new Health(systemClock, log);
  const ops = await openOpsDoor(config, waitingApp(config, health));
  try {
    return await startWithOps(ops, config, { health, log, output });
  } catch (error) {
    await ops?.close(0);
    return explain(error);
  }
}

/** What is told to people and Prometheus. */
interface Told {
  readonly health: Health;
  readonly log: Logger;
  readonly output: LogCount;
}

async function startWithOps(
  ops: OpsDoor | undefined,
  config: CoordinatorConfig,
  { health, log, output }: Told,
): Promise<CoordinatorService> {
  const stores = await openStores(config, systemClock, log, health);
  let door: MainDoor | undefined;
  let guard: FenceGuard | undefined;
  try {
    const coordinator = await assemble(config, stores, health, log, output);
    ({ guard } = coordinator);
    const events = new FleetEvents(coordinator);
    door = await openMainDoor(config, coordinatorApp(coordinator, events), systemClock, log);
    ops?.serve(opsApp(coordinator));
    coordinator.metrics.certificateEndsAtMs = door.certificateEndsAtMs;
    coordinator.watch.start();
    const { jobs, jobWatch, metrics } = coordinator;
    jobWatch.start();
    const resources = new ResourceWatch(health, systemClock);
    await resources.start();
    const scheduler = stores.schedule(jobs, jobWatch, metrics.jobs);
    const { url, drain, close } = door;
    if (config.allowUnauthenticatedNetwork && !config.listen.isLoopback) {
      log.warn(
        { url },
        'allowUnauthenticatedNetwork: anyone who can reach this port can take segments and change tags',
      );
    }
    const serving =
      guard?.state === 'refused' ? 'is listening, but grants nothing with this Redis' : 'is ready';
    log.info({ url, deploymentId: coordinator.deploymentId }, `coordinator ${serving}`);
    void warnOfDottedPairs(coordinator);
    return {
      url,
      appliers: appliersOf(coordinator, door, log),
      reloaded(result, changes) {
        coordinator.metrics.reloaded(result);
        if (changes.length > 0) void noteReload(coordinator, changes);
      },
      async stop() {
        log.info('coordinator is stopping');
        coordinator.stopping = true;
        drain();
        ops?.drain();
        if (config.drainDelayMs > 0) await sleep(config.drainDelayMs);
        coordinator.watch.stop();
        jobWatch.stop();
        resources.stop();
        events.end();
        await Promise.all([close(config.drainMs), ops?.close(config.drainMs)]);
        await scheduler.stop();
        await guard?.stop();
        await stores.close();
        log.info('coordinator has stopped');
      },
    };
  } catch (error) {
    await door?.close(0);
    await guard?.stop();
    await stores.close();
    throw error;
  }
}

function appliersOf(
  { access, paces }: Coordinator,
  { renewCertificate }: MainDoor,
  log: Logger,
): Appliers<CoordinatorSettings> {
  const replaceAccess: Applier<CoordinatorSettings> = (live) => access.replace(live);
  return {
    agentTokens: replaceAccess,
    scopedAgentTokens: replaceAccess,
    adminTokens: replaceAccess,
    viewerTokens: replaceAccess,
    tokenRequestsPerS: replaceAccess,
    agentRequestsPerS: (live) => paces.change(live.agentRequestsPerS),
    logLevel(live) {
      log.level = live.logLevel;
    },
    'tls.certFile': renewCertificate,
    'tls.keyFile': renewCertificate,
    'tls.clientCaFile': renewCertificate,
  };
}

async function assemble(
  config: CoordinatorConfig,
  stores: Stores,
  health: Health,
  log: Logger,
  output: LogCount,
): Promise<Coordinator> {
  const { store, fence, locks, registry, roster, journal } = stores;
  const clock = systemClock;
  const layout = layoutOf(config.snowflake);
  const granted = machineIds(config.snowflake);
  const deployment = await joinDeployment(store, layout, clock);
  await store.ensureMachineIds(granted.first, granted.last);
  const keys = await agreedKeys(config, store);

  const coordinatorId = config.coordinatorId ?? `${hostname()}:${config.listen.port}`;
  const takeCensus = (range = granted) => census(store, registry, range);
  const access = new Access(clock, config);
  const readings = {
    census: () => countStates(takeCensus()),
    askStore: () => stores.look(),
    timestampLeftMs: () => timestampEndMs(layout) - clock.now(),
    tokens: () => access.counts,
    dependencies: () => health.dependencies,
    logLinesDropped: () => output.dropped,
  };
  const metrics = new CoordinatorObserver({ readings, log, clock });
  const ids = { coordinatorId, deploymentId: deployment.id };
  const guard = await guardFence(stores, metrics, config, {
    clock,
    layout: deployment.layout,
    coordinatorId,
  });
  await watchStores(stores, health, metrics, guard);
  const tags = new TagAdmin(store, config.segment, metrics);
  const shared = {
    store,
    fence,
    unfenced: guard,
    locks,
    clock,
    random: Math.random,
    events: metrics,
    coordinatorId,
  };
  const background = watchedJobs({
    ...stores,
    guard,
    clock,
    metrics: metrics.jobs,
    log,
    coordinatorId,
    config,
    health,
  });
  const coordinator: Coordinator = {
    config,
    ...ids,
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
    ...background,
    ...arbiters(config, { ...shared, registry, keys }),
    dated: new DatedTags(store, config.snowflake.maxClockSkewMs),
    tags,
    explainer: new Explainer(store, layout, keys),
    ...fleetParts(stores, { ...background, tags, guard, metrics, health, log, ids }),
    guard,
    health,
    census: takeCensus,
    stopping: false,
    readiness: () => readinessOf(coordinator, stores),
  };
  return coordinator;
}

function watchedJobs(
  parts: Parameters<typeof coordinatorJobs>[0] & Pick<Stores, 'journal'> & { readonly health: Health },
): Pick<Coordinator, 'jobs' | 'jobWatch'> {
  const { journal, clock, metrics, health } = parts;
  const jobs = coordinatorJobs(parts);
  return { jobs, jobWatch: new JobWatch({ jobs, journal, clock, events: lateJobReports(metrics, health) }) };
}

/**
 * The deployment that the store belongs to.
 * @throws StartError if the epoch lies in the future
 * @throws LAYOUT_MISMATCH if the deployment has another layout
 */
async function joinDeployment(
  store: Stores['store'],
  layout: SnowflakeLayout,
  clock: Clock,
): Promise<Deployment> {
  if (layout.epochMs > clock.now())
    throw new StartError('snowflake.epochMs is in the future, so IDs would be negative.');
  const own = layoutFingerprint(layout);
  const deployment = await store.identify(own);
  if (deployment.layout === own) return deployment;
  throw new LeafcutterError(
    'LAYOUT_MISMATCH',
    `The store belongs to a deployment with snowflake layout ${deployment.layout}; this coordinator is set to ${own}. A deployment keeps its layout and epoch: set snowflake.* back, and see docs/changing-the-layout.md for what to do instead.`,
  );
}

type Of<Arbiter extends new (parts: never) => unknown> = ConstructorParameters<Arbiter>[0];

/** Who decides what is handed out: segments of tags, and leases on machine ids. */
function arbiters(
  { segment, snowflake, requestDeadlineMs: deadlineMs }: CoordinatorConfig,
  parts: Omit<Of<typeof SegmentArbiter> & Of<typeof LeaseArbiter>, 'rules'>,
): Pick<Coordinator, 'segments' | 'leases'> {
  const granted = machineIds(snowflake);
  return {
    segments: new SegmentArbiter({ ...parts, rules: { ...segment, deadlineMs } }),
    leases: new LeaseArbiter({
      ...parts,
      rules: {
        ...snowflake,
        layout: layoutOf(snowflake),
        firstMachineId: granted.first,
        lastMachineId: granted.last,
        deadlineMs,
      },
    }),
  };
}

/** In the background: a long table holds up no start. */
async function warnOfDottedPairs({ store, log }: Coordinator): Promise<void> {
  try {
    const { count, named, isComplete } = await dottedPairs(store);
    if (count === 0) return;
    log.warn(
      { pairs: named.map(({ tag, stem }) => `${tag} / ${stem}`), count, isComplete },
      'Leaf would serve these tags from other ones, because it cuts a key at its last dot. See the agents’ leaf.dottedKeys',
    );
  } catch (err) {
    log.debug({ err }, 'tags with dots were not looked for');
  }
}

/** The opaque keys, as all coordinators of the deployment have them. @throws StartError where one is another's */
async function agreedKeys({ opaqueKeys }: CoordinatorConfig, store: Stores['store']): Promise<OpaqueKeys> {
  const keys = new OpaqueKeys(opaqueKeys);
  for (const version of keys.versions) {
    const own = keys.checkValue(version) ?? '';
    if ((await store.opaqueKey(version, own)) === own) continue;
    throw new StartError(
      `opaqueKeys: the key of version ${version} is not the one that this deployment first used with that number. Put the old one back, and add the new one with a new number.`,
    );
  }
  return keys;
}

/** Looks after the fence from now on. @throws STORE_UNAVAILABLE if Redis is another deployment's */
async function guardFence(
  { store, fence, locks, redis }: Stores,
  events: CoordinatorObserver,
  { redis: { allowUnsweptAllocations, maxUnfencedS } }: CoordinatorConfig,
  parts: Pick<GuardParts, 'clock' | 'layout' | 'coordinatorId'>,
): Promise<FenceGuard | undefined> {
  if (fence === undefined) return undefined;
  const guard = new FenceGuard({
    ...parts,
    allowUnswept: allowUnsweptAllocations,
    maxUnfencedMs: maxUnfencedS * 1_000,
    store,
    fence,
    locks,
    events,
    newGeneration: randomUUID,
  });
  events.onFenceStrange = () => void guard.check();
  events.onFenceRefused = () => redis?.renew();
  const sweepAnew = () => {
    void guard
      .check()
      .then(() => guard.sweep())
      .catch((error) => events.guardFailed(error));
  };
  redis?.onFound(sweepAnew);
  store.onReplaced(() => {
    events.databaseReplaced();
    sweepAnew();
  });
  await guard.start();
  if (guard.refusal?.reason !== 'wrong_redis') return guard;
  await guard.stop();
  throw guard.refusal;
}

/** What takes the agents' reports, and sums the fleet up for the console. */
function fleetParts(
  stores: Stores,
  parts: Pick<Coordinator, 'tags' | 'guard' | 'health' | 'log' | 'jobWatch'> & {
    readonly metrics: CoordinatorObserver;
    readonly ids: { readonly coordinatorId: string; readonly deploymentId: string };
  },
): Pick<Coordinator, 'intake' | 'served' | 'watch'> {
  const { tags, guard, health, metrics, log, jobWatch, ids } = parts;
  const { roster, store } = stores;
  const served = new ServedTags(store, systemClock);
  const watch = new FleetWatch({
    roster,
    board: stores.board,
    version: VERSION,
    tags,
    clock: systemClock,
    ids,
    tagsChanged: () => served.forget(),
    failed: (err) => log.warn({ err }, 'the fleet could not be summed up for the console'),
    stores: (isUp) => ({
      store: isUp ? 'up' : 'down',
      redis: lookAtRedis(stores, health, guard),
      mayGoUnfenced: guard?.unfencedRefusal() === undefined,
      lostWrites: metrics.lostLately(),
      lateJobs: jobWatch.late,
      dependencies: health.dependencies,
    }),
  });
  return { intake: new ReportIntake(roster, systemClock), served, watch };
}

async function readinessOf(coordinator: Coordinator, stores: Stores) {
  const { guard, health } = coordinator;
  const store = await stores.look();
  return {
    ready: store === 'up' && guard?.state !== 'refused' && !coordinator.stopping,
    store,
    redis: lookAtRedis(stores, health, guard),
  };
}

/** Notes how the stores do, and of Redis whenever that may have changed. */
async function watchStores(
  stores: Stores,
  health: Health,
  metrics: CoordinatorObserver,
  guard: FenceGuard | undefined,
): Promise<void> {
  const { redis, redisTrouble } = stores;
  const look = () => {
    metrics.redisUp(redis?.up);
    lookAtRedis(stores, health, guard);
  };
  redis?.onChange(look);
  redisTrouble.onChange = look;
  await stores.look();
  look();
}

function lookAtRedis(stores: Stores, health: Health, guard: FenceGuard | undefined): RedisState {
  const state = redisState(stores, guard);
  noteRedis(health, state, stores.redisTrouble.last, guard?.refusal);
  return state;
}

function redisState({ redis, fence }: Stores, guard: FenceGuard | undefined): RedisState {
  if (redis === undefined || fence === undefined) return 'none';
  if (guard?.state === 'refused') return 'refused';
  if (!redis.up) return 'down';
  return fence.takesWrites ? 'up' : 'read_only';
}

async function countStates(
  machines: AsyncGenerator<{ state: keyof MachineIdCensus }>,
): Promise<MachineIdCensus> {
  const counts = { free: 0, held: 0, waiting: 0 };
  for await (const { state } of machines) counts[state] += 1;
  return counts;
}

/** Errors that keep a coordinator from starting are shown as a sentence, without a stack. */
function explain(error: unknown): never {
  if (hasCode(error, 'STORE_UNAVAILABLE', 'LAYOUT_MISMATCH')) {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    throw new StartError(`${error.message}${cause}`, { cause: error });
  }
  throw error;
}
