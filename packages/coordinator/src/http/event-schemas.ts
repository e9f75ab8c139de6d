import { dependencyWithWords } from '@leafcutter/shared/dependency';
import {
  type AgentLive,
  type FleetView,
  type MachineIdsLive,
  REDIS_STATES,
  type TagLive,
} from '@leafcutter/shared/fleet-views';
import { agentStatus, bufferView, tagView, unixMs } from '@leafcutter/shared/wire';
import { z } from 'zod';

/**
 * What `GET /v1/events` sends, for its document: the JSON of the data by event. The console's types are the
 * reference.
 */

const rate = z.number().min(0);
const runwaySeconds = z.number().min(0).nullable();
const agentState = z.enum(['alive', 'silent', 'unknown']);
/** Rates of the last day; only in the first event of a stream. */
const history = z
  .array(z.strictObject({ atMs: unixMs, ratePerSecond: rate }))
  .readonly()
  .optional();
const level = z.enum(['ok', 'warning', 'critical']);

const fleetTag = z.strictObject({
  tag: z.string(),
  state: z.enum(['active', 'retired', 'unknown']),
  days: z.int().nullable(),
  agents: z.int().nullable(),
  ratePerSecond: rate.nullable(),
  runwaySeconds,
  idsLeft: z.string().nullable(),
  waiting: z.int(),
  lastError: z.string().nullable(),
});

export const fleetAgent = z.strictObject({
  agentId: z.string(),
  instanceId: z.string(),
  version: z.string(),
  state: agentState,
  seenAtMs: z.number(),
  tagCount: z.int(),
  ratePerSecond: rate,
  runwaySeconds,
  clock: agentStatus.shape.clock,
  snowflake: agentStatus.shape.snowflake
    .unwrap()
    .pick({ state: true, machineId: true, window: true, windowRemainingMs: true, lastError: true })
    .nullable(),
});

const fleet: z.ZodType<FleetView> = z.strictObject({
  timeMs: unixMs,
  coordinatorId: z.string(),
  deploymentId: z.string(),
  health: z.strictObject({ level, sentence: z.string() }),
  stores: z.strictObject({
    store: z.enum(['up', 'down']),
    redis: z.enum(REDIS_STATES),
    mayGoUnfenced: z.boolean(),
    dependencies: z.array(dependencyWithWords),
    lostWrites: z.strictObject({ counters: z.int(), latest: z.string() }).nullable(),
    lateJobs: z.array(z.strictObject({ job: z.string(), everyMs: z.int(), silentMs: z.number() })),
  }),
  ratePerSecond: rate.nullable(),
  counts: z.strictObject({
    tags: z.int().nullable(),
    agents: z.int(),
    alive: z.int(),
    silent: z.int(),
    unknown: z.int(),
  }),
  coordinators: z
    .array(
      z.strictObject({
        coordinatorId: z.string(),
        version: z.string(),
        startedAtMs: unixMs,
        seenAtMs: unixMs,
        state: z.enum(['alive', 'silent']),
      }),
    )
    .readonly()
    .nullable(),
  tags: z.array(fleetTag).readonly(),
  agents: z.array(fleetAgent).readonly(),
  problems: z
    .array(
      z.strictObject({
        key: z.string(),
        level: level.exclude(['ok']),
        sentence: z.string(),
        about: z
          .union([z.strictObject({ tag: z.string() }), z.strictObject({ agentId: z.string() })])
          .nullable(),
        sinceMs: unixMs,
        untilMs: unixMs.nullable(),
        unknownSinceMs: unixMs.nullable(),
      }),
    )
    .readonly(),
  history,
});

const tag: z.ZodType<TagLive> = z.strictObject({
  timeMs: unixMs,
  tag: z.string(),
  view: tagView.nullable(),
  ratePerSecond: rate.nullable(),
  holders: z
    .array(
      z.strictObject({
        agentId: z.string(),
        instanceId: z.string(),
        state: agentState,
        seenAtMs: unixMs,
        buffer: bufferView,
      }),
    )
    .readonly(),
  history,
});

const agent: z.ZodType<AgentLive> = z.strictObject({
  timeMs: unixMs,
  agentId: z.string(),
  instances: z
    .array(z.strictObject({ state: agentState, seenAtMs: unixMs, tagCount: z.int(), status: agentStatus }))
    .readonly(),
});

const machineIds: z.ZodType<MachineIdsLive> = z.strictObject({
  timeMs: unixMs,
  first: z.int(),
  /** Free, held, silent, waiting. */
  states: z.string().regex(/^[fhsw]*$/),
});

export const FLEET_EVENTS = { fleet, tag, agent, 'machine-ids': machineIds };
