import { hasCode } from '@leafcutter/shared/errors';
import { bearerCheck } from '@leafcutter/shared/http/bearer';
import { parseBody } from '@leafcutter/shared/http/parse-body';
import { badParameter, readQuery, wholeNumber } from '@leafcutter/shared/http/query';
import { ServiceApp } from '@leafcutter/shared/http/service-app';
import { isAskableTag, NEW_TAG_PATTERN } from '@leafcutter/shared/tag';
import {
  changeTagRequest,
  createTagRequest,
  endRequest,
  type LeaseAnswer,
  type LowerTagAnswer,
  leaseRequest,
  lowerTagRequest,
  type RenewAnswer,
  type ReportAnswer,
  renewRequest,
  reportRequest,
  type SegmentAnswer,
  segmentRequest,
} from '@leafcutter/shared/wire';
import type { Express, Request, Response } from 'express';
import type { Coordinator } from '../coordinator.ts';
import type { MachineIdState } from '../domain/census.ts';
import { lowerCounter } from '../domain/lower-counter.ts';
import { COORDINATOR_API } from './api.ts';
import { listLedger } from './ledger-routes.ts';

const MAX_PAGE = 1_000;
const STATES: readonly MachineIdState[] = ['free', 'held', 'waiting'];

/** The coordinator's HTTP door: reads requests, asks the domain, writes answers. Nothing is decided here. */
export function coordinatorApp(coordinator: Coordinator): Express {
  const { config, metrics, log } = coordinator;
  const app = new ServiceApp({
    bodyLimitBytes: config.bodyLimitBytes,
    api: { title: 'Leafcutter coordinator', operations: COORDINATOR_API },
    onError(error, request) {
      metrics.failed(error);
      if (error.code === 'INTERNAL')
        log.error({ err: error, method: request.method, path: request.path }, 'request failed');
    },
  });
  const agent = { guard: guard(config.agentTokens) };
  const admin = { guard: guard(config.adminTokens) };

  app.route('/v1/tags/:tag/segments', { POST: (req, res) => segments(coordinator, req, res) }, agent);
  app.route(
    '/v1/leases',
    {
      GET: (req, res) => listLeases(coordinator, req, res),
      POST: (req, res) => grant(coordinator, req, res),
    },
    { guard: (req) => (req.method === 'GET' ? admin : agent).guard(req) },
  );
  app.route('/v1/leases/:machineId/renew', { POST: (req, res) => renew(coordinator, req, res) }, agent);
  app.route('/v1/leases/:machineId/end', { POST: (req, res) => end(coordinator, req, res) }, agent);
  app.route('/v1/agents/report', { POST: (req, res) => report(coordinator, req, res) }, agent);
  app.route('/v1/agents', { GET: (req, res) => listAgents(coordinator, req, res) }, admin);
  app.route(
    '/v1/tags',
    {
      GET: (req, res) => listTags(coordinator, req, res),
      POST: (req, res) => createTag(coordinator, req, res),
    },
    admin,
  );
  app.route(
    '/v1/tags/:tag',
    {
      GET: async (req, res) => void res.json(await coordinator.tags.show(tagOf(req))),
      PATCH: async (req, res) =>
        void res.json(await coordinator.tags.change(tagOf(req), parseBody(changeTagRequest, req.body))),
      DELETE: async (req, res) => void res.json(await coordinator.tags.retire(tagOf(req))),
    },
    admin,
  );
  app.route('/v1/tags/:tag/lower', { POST: (req, res) => lowerTag(coordinator, req, res) }, admin);
  app.route('/v1/ledger', { GET: (req, res) => listLedger(coordinator, req, res) }, admin);
  app.route('/livez', { GET: (_req, res) => void res.json({ status: 'live' }) });
  app.route('/readyz', { GET: (_req, res) => readiness(coordinator, res) });
  app.route('/metrics', {
    async GET(_req, res) {
      const { body, contentType } = await metrics.scrape();
      res.setHeader('Content-Type', contentType);
      res.end(body);
    },
  });
  return app.seal();
}

async function segments(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const tag = tagOf(req);
  const { agentId, instanceId, ...demand } = parseBody(segmentRequest, req.body);
  const holder = { agentId, instanceId };
  const take = () => coordinator.segments.grant(tag, holder, demand);
  const segment = await take().catch(async (error: unknown) => {
    if (!coordinator.config.autoCreateTags || !hasCode(error, 'TAG_UNKNOWN') || !NEW_TAG_PATTERN.test(tag))
      throw error;
    await coordinator.tags.create(createTagRequest.parse({ tag })).catch((failure: unknown) => {
      if (!hasCode(failure, 'TAG_EXISTS')) throw failure;
    });
    return take();
  });
  const answer: SegmentAnswer = {
    deploymentId: coordinator.deploymentId,
    tag,
    start: String(segment.start),
    end: String(segment.end),
  };
  res.json(answer);
}

async function grant(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { agentId, instanceId, agentTimeMs, layout } = parseBody(leaseRequest, req.body);
  const lease = await coordinator.leases.grant({ holder: { agentId, instanceId }, agentTimeMs, layout });
  const answer: LeaseAnswer = {
    deploymentId: coordinator.deploymentId,
    ...lease,
    heartbeatMs: coordinator.config.snowflake.heartbeatMs,
    coordinatorTimeMs: coordinator.clock.now(),
  };
  res.status(201).json(answer);
}

async function renew(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { agentId, instanceId, agentTimeMs, layout, to, extend } = parseBody(renewRequest, req.body);
  const call = { holder: { agentId, instanceId }, agentTimeMs, layout };
  const answer: RenewAnswer = {
    deploymentId: coordinator.deploymentId,
    to: await coordinator.leases.renew(machineIdOf(req), call, to, extend),
    coordinatorTimeMs: coordinator.clock.now(),
  };
  res.json(answer);
}

async function end(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  await coordinator.leases.end(machineIdOf(req), parseBody(endRequest, req.body));
  res.status(204).end();
}

async function report(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { agentId, instanceId, version, tags } = parseBody(reportRequest, req.body);
  const seenAtMs = coordinator.clock.now();
  // The roster serves metrics and the console only; a Redis that is away must not keep retired tags alive.
  await coordinator.roster
    .report({ agentId, instanceId, version, tagCount: tags.length, seenAtMs })
    .catch((error: unknown) => log(coordinator, error));
  const records = new Map((await coordinator.store.findTags(tags)).map((record) => [record.tag, record]));
  const gone = tags.flatMap((tag): ReportAnswer['gone'] => {
    const record = records.get(tag);
    if (record === undefined) return [{ tag, code: 'TAG_UNKNOWN' }];
    return record.retired ? [{ tag, code: 'TAG_RETIRED' }] : [];
  });
  const answer: ReportAnswer = {
    deploymentId: coordinator.deploymentId,
    coordinatorTimeMs: coordinator.clock.now(),
    gone,
  };
  res.json(answer);
}

function log(coordinator: Coordinator, error: unknown): void {
  coordinator.log.debug({ err: error }, 'an agent could not be entered on the roster');
}

async function listTags(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { after, limit } = readQuery(req, ['after', 'limit']);
  res.json(await coordinator.tags.list(after, wholeNumber('limit', limit ?? '100', 1, MAX_PAGE)));
}

async function createTag(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  res.status(201).json(await coordinator.tags.create(parseBody(createTagRequest, req.body)));
}

async function lowerTag(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const tag = tagOf(req);
  const request = parseBody(lowerTagRequest, req.body);
  const { from, to, highestId } = await lowerCounter(coordinator, tag, BigInt(request.to), request.force);
  const answer: LowerTagAnswer = {
    ...{ tag, from: String(from), to: String(to) },
    highestId: String(highestId),
  };
  coordinator.log.warn(answer, 'an admin lowered the counter of a tag');
  res.json(answer);
}

async function listAgents(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  readQuery(req, []);
  res.json({ agents: await coordinator.roster.list() });
}

async function listLeases(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const state = readState(readQuery(req, ['state']).state);
  const machineIds: object[] = [];
  for await (const { machineId, state: found, holder, ceilingMs } of coordinator.census()) {
    // Thousands of free machine ids say nothing; they are listed only where they are asked for.
    if (found === (state ?? found) && (state !== undefined || found !== 'free')) {
      machineIds.push({ machineId, state: found, ...holder, ceilingMs: Number(ceilingMs) });
    }
  }
  res.json({ machineIds });
}

async function readiness(coordinator: Coordinator, res: Response): Promise<void> {
  const { ready, ...parts } = await coordinator.readiness();
  res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not_ready', ...parts });
}

function readState(text: string | undefined): MachineIdState | undefined {
  const state = STATES.find((candidate) => candidate === text);
  if (text !== undefined && state === undefined) throw badParameter('state', `takes ${STATES.join(', ')}`);
  return state;
}

function tagOf(req: Request): string {
  const tag = String(req.params.tag);
  if (!isAskableTag(tag))
    throw badParameter('tag', 'takes 1 to 128 characters, none of them a control character');
  return tag;
}

function machineIdOf(req: Request): number {
  return wholeNumber('machineId', String(req.params.machineId), 0, 2 ** 20 - 1);
}

function guard(tokens: readonly string[]): (request: Request) => void {
  const check = bearerCheck(tokens);
  return (request) => check(request.headers.authorization);
}
