import { hasCode } from '@leafcutter/shared/errors';
import { type ReportAnswer, reportAnswer, reportRequest } from '@leafcutter/shared/wire';
import { z } from 'zod';
import type { AgentRecord } from '../../domain/fleet/roster.ts';
import type { Coordinator } from '../coordinator.ts';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';

const agentRecord = z.strictObject({
  agentId: z.string(),
  instanceId: z.string(),
  version: z.string(),
  tagCount: z.int(),
  seenAtMs: z.number(),
});

export const AGENT_ENDPOINTS = [
  endpoint({
    at: 'POST /v1/agents/report',
    access: 'reports',
    summary: 'An agent reports its tags, and learns which were retired.',
    body: reportRequest,
    answer: reportAnswer,
    errors: ['RATE_LIMITED'],
    limits: {
      howOften: 'pace of reports',
      howLarge: '`bodyLimitBytes`; 32,768 bytes are kept (`MAX_RECORD_BYTES`)',
      makes: 'an entry of the roster, all within `rosterMaxMb`',
      howLong: '`redis.commandTimeoutMs`, twice',
    },
    async handle({ coordinator }, { body }, { request }) {
      const { names, leaving, intervalMs, ...status } = body;
      const { clock, watch, deploymentId } = coordinator;
      coordinator.paces.check('reports', status.agentId);
      const nextReportMs = await watch.nextReportMs();
      await (leaving
        ? forget(coordinator, status.instanceId)
        : enter(coordinator, {
            ...status,
            nextReportMs: Math.min(intervalMs, nextReportMs),
            seenAtMs: clock.now(),
          }));
      // Of others a token learns not even whether there are any.
      const gone = await goneOf(coordinator, coordinator.access.opened(request, names));
      return { deploymentId, coordinatorTimeMs: clock.now(), nextReportMs, gone };
    },
  }),
  endpoint({
    at: 'GET /v1/agents',
    access: 'viewer',
    summary: 'The agents that reported lately.',
    query: {},
    answer: z.strictObject({ agents: z.array(agentRecord) }),
    errors: ['STORE_UNAVAILABLE'],
    limits: {
      ...FOR_VIEWERS,
      howLarge: '10,000 agents (`MAX_LISTED_AGENTS`)',
      howLong: '`redis.commandTimeoutMs`, for each 100 of them',
    },
    async handle({ coordinator }) {
      const agents = await coordinator.roster.list();
      return {
        agents: agents.map(({ agentId, instanceId, version, tagCount, seenAtMs }) => ({
          agentId,
          instanceId,
          version,
          tagCount,
          seenAtMs,
        })),
      };
    },
  }),
];

/**
 * Those of `tags` that are served no longer. A store that is away does not say; the agent asks again in time, and goes
 * on reporting as often as it should.
 */
async function goneOf({ store }: Coordinator, tags: readonly string[]): Promise<ReportAnswer['gone']> {
  const records = tags.length === 0 ? [] : await store.findTags(tags).catch(noneIfAway);
  if (records === undefined) return [];
  const found = new Map(records.map((record) => [record.tag, record]));
  return tags.flatMap((tag): ReportAnswer['gone'] => {
    const record = found.get(tag);
    if (record === undefined) return [{ tag, code: 'TAG_UNKNOWN' }];
    return record.retired ? [{ tag, code: 'TAG_RETIRED' }] : [];
  });
}

function noneIfAway(error: unknown): undefined {
  if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
}

/** The roster serves metrics and the console only: one that is away or full must not keep retired tags alive. */
async function enter({ roster, metrics, log }: Coordinator, agent: AgentRecord): Promise<void> {
  try {
    if (!(await roster.report(agent))) metrics.reportDropped('full');
  } catch (err) {
    metrics.reportDropped('redis');
    log.debug({ err }, 'an agent could not be entered on the roster');
  }
}

async function forget({ roster, log }: Coordinator, instanceId: string): Promise<void> {
  await roster
    .remove(instanceId)
    .catch((err: unknown) => log.debug({ err }, 'an agent could not be taken off the roster'));
}
