import { hasCode } from '@leafcutter/shared/errors';
import { numberFrom, textLike } from '@leafcutter/shared/http/parameter';
import { type ReportAnswer, reportAnswer, reportRequest } from '@leafcutter/shared/wire';
import { z } from 'zod';
import type { AgentReport } from '../../domain/fleet/roster.ts';
import type { Coordinator } from '../coordinator.ts';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';
import { fleetAgent } from '../event-schemas.ts';

const MAX_PAGE = 1_000;

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
      howLong: '`redis.commandTimeoutMs`, six times',
    },
    async handle({ coordinator }, { body }, { request }) {
      const { names, leaving, intervalMs, revision = 0, since, without = [], ...status } = body;
      const { clock, watch, deploymentId, access } = coordinator;
      coordinator.paces.check('reports', status.agentId);
      const nextReportMs = await watch.nextReportMs();
      const entering = leaving
        ? forget(coordinator, status.instanceId)
        : enter(coordinator, {
            ...status,
            revision,
            nextReportMs: Math.min(intervalMs, nextReportMs),
            seenAtMs: clock.now(),
            changes: since === undefined ? undefined : { since, without },
          });
      // Of others a token learns not even whether there are any.
      const [isEntered, gone] = await Promise.all([
        entering,
        goneOf(coordinator, access.opened(request, names)),
      ]);
      const answer = { deploymentId, coordinatorTimeMs: clock.now(), nextReportMs, gone };
      return isEntered && revision > 0 ? { ...answer, revision } : answer;
    },
  }),
  endpoint({
    at: 'GET /v1/agents',
    access: 'viewer',
    summary: 'The agents that reported recently, page by page.',
    details:
      'A page may have fewer than requested even if more follow: only on the last one, `next` is null.',
    variants: {
      '?limit=50&after=…': 'up to 50 (1,000 at most), after `next` of the previous page',
      '?q=pod-7': 'those with `pod-7` in their agent id',
    },
    query: {
      after: textLike(z.string()),
      limit: numberFrom(1, MAX_PAGE),
      q: textLike(z.string()),
    },
    answer: z.strictObject({ agents: z.array(fleetAgent), next: z.string().nullable() }),
    errors: ['STORE_UNAVAILABLE'],
    limits: {
      ...FOR_VIEWERS,
      howLarge: '1,000 agents a page (`MAX_PAGE`); 10,000 ids are searched (`MAX_SEARCHED`)',
      howLong: '`redis.commandTimeoutMs`, for each 100 agents',
    },
    async handle({ coordinator: { roster, watch } }, { query: { after, limit = MAX_PAGE, q } }) {
      const { agents, next } = await roster.page({ after, most: limit, search: q });
      return { agents: agents.map((agent) => watch.row(agent)), next };
    },
  }),
];

/**
 * Those of `tags` that are served no longer. A store that is away does not say; the agent asks again in time, and goes
 * on reporting as often as it should.
 */
async function goneOf({ served }: Coordinator, tags: readonly string[]): Promise<ReportAnswer['gone']> {
  return (await served.goneOf(tags).catch(noneIfAway)) ?? [];
}

function noneIfAway(error: unknown): undefined {
  if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
}

/**
 * The roster serves metrics and the console only: one that is away or full must not keep retired tags alive. True if
 * the report was entered.
 */
async function enter({ intake, metrics, log }: Coordinator, report: AgentReport): Promise<boolean> {
  try {
    const entering = await intake.enter(report);
    if (entering === 'full' || entering === 'busy') metrics.reportDropped(entering);
    return entering === 'entered';
  } catch (err) {
    metrics.reportDropped('redis');
    log.debug({ err }, 'an agent could not be entered on the roster');
    return false;
  }
}

/** False: what is forgotten has no revision. */
async function forget({ roster, log }: Coordinator, instanceId: string): Promise<false> {
  await roster
    .remove(instanceId)
    .catch((err: unknown) => log.debug({ err }, 'an agent could not be taken off the roster'));
  return false;
}
