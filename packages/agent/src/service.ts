import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@leafcutter/shared/clock';
import type { Applier, Appliers } from '@leafcutter/shared/config/live-settings';
import { CurrentTls } from '@leafcutter/shared/current-tls';
import type { LeafcutterError } from '@leafcutter/shared/errors';
import { type DependencyState, Health } from '@leafcutter/shared/health';
import { FEW_FILES, fitConnections } from '@leafcutter/shared/http/descriptors';
import { Tokens } from '@leafcutter/shared/http/tokens';
import type { LogCount } from '@leafcutter/shared/log-output';
import type { Logger } from '@leafcutter/shared/logger';
import { OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { ResourceWatch } from '@leafcutter/shared/resource-watch';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { systemClock } from '@leafcutter/shared/system-clock';
import { visible } from '@leafcutter/shared/visible';
import { CoordinatorClient } from './coordinators/client.ts';
import { CoordinatorEndpoint } from './coordinators/endpoint.ts';
import { IdReader } from './coordinators/id-reader.ts';
import { Reporter } from './domain/reporting/reporter.ts';
import { Tags } from './domain/segments/tags.ts';
import { ClockWatch } from './domain/snowflake/clock-watch.ts';
import { LeaseKeeper } from './domain/snowflake/lease-keeper.ts';
import { SnowflakeGenerator } from './domain/snowflake/snowflake-generator.ts';
import { Snowflakes } from './domain/snowflake/snowflakes.ts';
import type { Agent } from './doors/agent.ts';
import { Batches } from './doors/batches.ts';
import { DoorTls } from './doors/door-tls.ts';
import { Limits } from './doors/limits.ts';
import { type OpenDoors, openDoors } from './doors/open-doors.ts';
import { TagTokens } from './doors/tinyid/tag-tokens.ts';
import { AgentObserver } from './metrics/observer.ts';
import type { SnowflakeMode } from './running-agent.ts';
import type { Seat } from './seat.ts';
import { networkListeners } from './settings/listeners.ts';
import { type AgentConfig, type AgentSettings, sequenceStartMax } from './settings/settings.ts';
import { agentStatus, windowRemainingMs } from './status/status.ts';
import { answersOf } from './status/whole.ts';

/** What is told of a failure, in characters. */
const MAX_WORDS = 300;

/** A running agent. */
export interface AgentService {
  /** Its address: `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly agentId: string;
  readonly instanceId: string;
  /** What takes over the settings that may change while it runs. */
  readonly appliers: Appliers<AgentSettings>;
  /** Counts a changed configuration. */
  reloaded(result: 'ok' | 'failed'): void;
  /** Drains open requests, ends the lease, stops timers. */
  stop(): Promise<void>;
}

/**
 * Starts an agent. It listens at once and becomes ready when a coordinator answers. `output`: where the log goes;
 * `seat`: its place among the workers of one service.
 * @throws StartError if a port is taken
 */
export async function startAgent(
  config: AgentConfig,
  log: Logger,
  output: LogCount,
  seat?: Seat,
): Promise<AgentService> {
  const { agent, client, endpoints, trust, markStopping } = assemble(config, log, output, seat);
  seat?.offer(answersOf(agent));
  const reporter = new Reporter({
    target: client,
    tags: agent.tags,
    status: () => agentStatus(agent),
    clock: systemClock,
    random: Math.random,
    intervalMs: config.reportIntervalMs,
  });
  let doors: OpenDoors;
  try {
    doors = await openDoors(agent);
  } catch (error) {
    agent.tags.close();
    await client.close();
    throw error;
  }
  agent.snowflake?.keeper.start();
  reporter.start();
  const places = Object.fromEntries(Object.entries(doors.places).map(([key, at]) => [key, String(at)]));
  const url = `${config.tls.certFile === undefined ? 'http' : 'https'}://${places.listen}`;
  if (agent.tokens.isOpen && networkListeners(config).length > 0) {
    log.warn({ places }, 'allowUnauthenticatedNetwork: anyone who can reach these ports can request IDs');
  }
  const fits = fitConnections(config.maxConnections, Object.keys(places).length);
  if (fits < config.maxConnections) log.warn({ connections: fits }, FEW_FILES);
  const resources = new ResourceWatch(agent.health, systemClock);
  await resources.start();
  log.info({ ...places, coordinators: config.coordinators }, 'agent is listening');
  return {
    url,
    agentId: agent.agentId,
    instanceId: agent.instanceId,
    appliers: appliersOf(agent, endpoints, trust, log),
    reloaded: (result) => agent.metrics.reloaded(result),
    async stop() {
      log.info('agent is stopping');
      markStopping();
      resources.stop();
      doors.drain();
      if (config.drainDelayMs > 0) await sleep(config.drainDelayMs);
      await doors.close(config.drainMs);
      await reporter.stop();
      agent.tags.close();
      await agent.snowflake?.keeper.stop();
      await client.close();
      log.info('agent has stopped');
    },
  };
}

function appliersOf(
  { tokens, tinyidTokens, limits, tls }: Agent,
  endpoints: readonly CoordinatorEndpoint[],
  trust: CurrentTls,
  log: Logger,
): Appliers<AgentSettings> {
  const replaceTokens: Applier<AgentSettings> = (live) => tokens.replace(live.tokens, live.scopedTokens);
  const changeLimits: Applier<AgentSettings> = (live) => limits.change(live);
  const renewTrust = () => trust.renew();
  const renewDoors = () => tls?.renew();
  return {
    tokens: replaceTokens,
    scopedTokens: replaceTokens,
    'tinyid.tokens': (live) => tinyidTokens.replace(live.tinyid.tokens),
    tokenRequestsPerS: changeLimits,
    tokenIdsPerS: changeLimits,
    coordinatorToken(live) {
      for (const endpoint of endpoints) endpoint.token = live.coordinatorToken;
    },
    logLevel(live) {
      log.level = live.logLevel;
    },
    'coordinatorTls.caFile': renewTrust,
    'coordinatorTls.certFile': renewTrust,
    'coordinatorTls.keyFile': renewTrust,
    'tls.certFile': renewDoors,
    'tls.keyFile': renewDoors,
    'tls.clientCaFile': renewDoors,
  };
}

/** How the coordinators do, after a call that ended so. */
function coordinatorsSeen(failure: LeafcutterError | undefined): DependencyState {
  if (failure === undefined) return { state: 'up', ok: true, reason: null, words: null };
  const { code, message, cause } = failure;
  const why = cause instanceof Error ? `${message} (${cause.message})` : message;
  return {
    state: code === 'COORDINATOR_UNAVAILABLE' ? 'down' : 'refusing',
    ok: false,
    reason: code,
    words: visible(why).slice(0, MAX_WORDS),
  };
}

function assemble(
  config: AgentConfig,
  log: Logger,
  output: LogCount,
  seat: Seat | undefined,
): {
  agent: Agent;
  client: CoordinatorClient;
  endpoints: readonly CoordinatorEndpoint[];
  trust: CurrentTls;
  markStopping: () => void;
} {
  const clock = systemClock;
  const random = Math.random;
  const layout = layoutOf(config.snowflake);
  const instanceId = randomUUID();
  const agentId = agentIdOf(config, seat);
  const watch = new ClockWatch(clock, config.snowflake.maxClockSkewMs);
  const trust = new CurrentTls('coordinatorTls', config.coordinatorTls);
  const tls = config.tls.certFile === undefined ? undefined : new DoorTls(config.tls);
  const endpoints = coordinatorEndpoints(config, clock, trust);
  const tokens = new Tokens(config.tokens, config.scopedTokens);
  const health = new Health(clock, log);
  const client = new CoordinatorClient({
    heard: (failure) => health.note('coordinators', coordinatorsSeen(failure)),
    endpoints,
    identity: { agentId, instanceId },
    layout,
    clock,
    watch,
    random,
    keys: new OpaqueKeys(config.opaqueKeys),
  });

  let stopping = false;
  const readings = {
    tags: () => tags.status(),
    lease: () => snowflake && leaseReading(snowflake, clock),
    clockOffsetMs: () => watch.offsetMs,
    certificateEndsAtMs: () => earlier(trust.endsAtMs, tls?.endsAtMs),
    tokens: () => tokens.count,
    dependencies: () => health.dependencies,
    logLinesDropped: () => output.dropped,
  };
  const metrics: AgentObserver = new AgentObserver(readings, log, seat?.number);
  const tags = new Tags({
    source: client,
    clock,
    random,
    rules: { ...config.segment, waitMs: config.waitMs },
    events: metrics,
  });
  const snowflake = config.snowflake.enabled
    ? snowflakeMode(config, { source: client, clock, random, events: metrics })
    : undefined;
  const agent: Agent = {
    config,
    agentId,
    instanceId,
    layout,
    log,
    metrics,
    health,
    watch,
    tags,
    client,
    reader: new IdReader(client),
    batches: new Batches(setImmediate),
    limits: new Limits(clock, config),
    tokens,
    tinyidTokens: new TagTokens(config.tinyid.tokens),
    snowflake,
    tls,
    clock,
    now: clock.now,
    seat,
    get stopping() {
      return stopping;
    },
  };
  return {
    agent,
    client,
    endpoints,
    trust,
    markStopping() {
      stopping = true;
    },
  };
}

/** The agent's name; workers of one service have a number behind it. */
function agentIdOf(config: AgentConfig, seat: Seat | undefined): string {
  const name = config.agentId ?? `${hostname()}:${config.listen.port}`;
  return seat === undefined ? name : `${name}-w${seat.number}`;
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function coordinatorEndpoints(config: AgentConfig, clock: Clock, trust: CurrentTls): CoordinatorEndpoint[] {
  const { coordinatorToken: token, coordinatorTimeoutMs: timeoutMs } = config;
  const tls = () => trust.texts;
  return config.coordinators.map((url) => new CoordinatorEndpoint(url, { token, timeoutMs, clock, tls }));
}

function leaseReading(snowflake: SnowflakeMode, clock: Clock) {
  return {
    state: snowflake.keeper.state,
    windowRemainingMs: windowRemainingMs({ snowflake, now: clock.now }),
    issued: snowflake.generator.issued,
  };
}

/** What issues snowflake IDs: the generator, and the keeper of its lease. */
function snowflakeMode(
  { snowflake, waitMs }: AgentConfig,
  parts: {
    readonly source: CoordinatorClient;
    readonly clock: Clock;
    readonly random: () => number;
    readonly events: AgentObserver;
  },
): SnowflakeMode {
  const rules = {
    layout: layoutOf(snowflake),
    sequenceStartMax: sequenceStartMax(snowflake),
    maxClockDriftMs: snowflake.maxClockDriftMs,
  };
  const generator = new SnowflakeGenerator({ ...parts, rules });
  const keeper = new LeaseKeeper({ ...parts, generator });
  return { generator, keeper, ids: new Snowflakes({ generator, keeper, clock: parts.clock, waitMs }) };
}
