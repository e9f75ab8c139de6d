import { builtPage } from '@leafcutter/console/pages';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { addPage } from '@leafcutter/shared/http/built-page';
import { refuseForeignHost } from '@leafcutter/shared/http/own-host';
import { parseBody } from '@leafcutter/shared/http/parse-body';
import { badParameter, readQuery, wholeNumber } from '@leafcutter/shared/http/query';
import { ServiceApp } from '@leafcutter/shared/http/service-app';
import type { JobList } from '@leafcutter/shared/inspection';
import {
  changeTagRequest,
  createTagRequest,
  type LowerTagAnswer,
  lowerTagRequest,
} from '@leafcutter/shared/wire';
import { WIRE_HEADER, WIRE_VERSION } from '@leafcutter/shared/wire-version';
import type { Express, Request, Response } from 'express';
import type { MachineIdState } from '../domain/leases/census.ts';
import { lowerCounter } from '../domain/tags/lower-counter.ts';
import { machineIds } from '../settings/settings.ts';
import { addAgentRoutes, grant } from './agent-routes.ts';
import { COORDINATOR_API } from './api.ts';
import type { Coordinator } from './coordinator.ts';
import type { FleetEvents } from './events.ts';
import { explainId, explainInTag, explainSnowflake } from './explain-routes.ts';
import { listLedger } from './ledger-routes.ts';
import { addOps } from './ops-routes.ts';
import { tagOf } from './tag-of.ts';

const MAX_PAGE = 1_000;
const STATES: readonly MachineIdState[] = ['free', 'held', 'waiting'];

/** The coordinator's HTTP door: reads requests, asks the domain, writes answers. Nothing is decided here. */
export function coordinatorApp(coordinator: Coordinator, events: FleetEvents): Express {
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
  const byReachAlone = config.listen.isLoopback && config.adminTokens.length === 0;
  app.express.use((req, res, next) => {
    res.setHeader(WIRE_HEADER, String(WIRE_VERSION));
    if (config.tls.certFile !== undefined) res.setHeader('Strict-Transport-Security', 'max-age=31536000');
    if (byReachAlone) refuseForeignHost(req.headers);
    next();
  });
  const { leases, viewer, admin } = coordinator.access;
  const looksOrChanges = { guard: (req: Request) => (req.method === 'GET' ? viewer : admin).guard(req) };
  const changed = () => coordinator.watch.tagsChanged();

  addAgentRoutes(app, coordinator);
  app.route(
    '/v1/leases',
    {
      GET: (req, res) => listLeases(coordinator, req, res),
      POST: (req, res) => grant(coordinator, req, res),
    },
    { guard: (req) => (req.method === 'GET' ? viewer : leases).guard(req) },
  );
  app.route('/v1/leases/:machineId', { GET: (req, res) => showLease(coordinator, req, res) }, viewer);
  app.route('/v1/agents', { GET: (req, res) => listAgents(coordinator, req, res) }, viewer);
  app.route(
    '/v1/tags',
    {
      GET: (req, res) => listTags(coordinator, req, res),
      POST: (req, res) => createTag(coordinator, req, res).then(changed),
    },
    looksOrChanges,
  );
  app.route(
    '/v1/tags/:tag',
    {
      GET: async (req, res) => void res.json(await coordinator.tags.show(tagOf(req))),
      async PATCH(req, res) {
        res.json(await coordinator.tags.change(tagOf(req), parseBody(changeTagRequest, req.body)));
        changed();
      },
      async DELETE(req, res) {
        res.json(await coordinator.tags.retire(tagOf(req)));
        changed();
      },
    },
    looksOrChanges,
  );
  app.route('/v1/tags/:tag/lower', { POST: (req, res) => lowerTag(coordinator, req, res) }, admin);
  app.route('/v1/ledger', { GET: (req, res) => listLedger(coordinator, req, res) }, viewer);
  app.route('/v1/jobs', { GET: (req, res) => listJobs(coordinator, req, res) }, viewer);
  app.route('/v1/events', { GET: (req, res) => events.open(req, res) }, viewer);
  app.route('/v1/explain/:id', { GET: (req, res) => explainId(coordinator, req, res) }, viewer);
  app.route(
    '/v1/explain/snowflake/:id',
    { GET: (req, res) => explainSnowflake(coordinator, req, res) },
    viewer,
  );
  app.route('/v1/explain/:tag/:id', { GET: (req, res) => explainInTag(coordinator, req, res) }, viewer);
  addPage(app, builtPage('index'));
  addOps(app, coordinator);
  return app.seal();
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
  const parts = { ...coordinator, events: coordinator.metrics };
  const { from, to, highestId } = await lowerCounter(parts, tag, BigInt(request.to), request.force);
  const answer: LowerTagAnswer = { tag, from: String(from), to: String(to), highestId: String(highestId) };
  coordinator.log.warn(answer, 'an admin lowered the counter of a tag');
  res.json(answer);
}

async function listAgents(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  readQuery(req, []);
  const agents = await coordinator.roster.list();
  res.json({
    agents: agents.map(({ agentId, instanceId, version, tagCount, seenAtMs }) => ({
      agentId,
      instanceId,
      version,
      tagCount,
      seenAtMs,
    })),
  });
}

async function listJobs({ jobs, journal }: Coordinator, req: Request, res: Response): Promise<void> {
  readQuery(req, []);
  const runs = new Map((await journal.read()).map(({ job, ...run }) => [job, run]));
  const answer: JobList = {
    jobs: jobs.map(({ name, everyMs }) => ({ job: name, everyMs, lastRun: runs.get(name) ?? null })),
  };
  res.json(answer);
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

async function showLease(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { first, last } = machineIds(coordinator.config.snowflake);
  const machineId = wholeNumber('machineId', String(req.params.machineId), first, last);
  for await (const { state, holder, ceilingMs } of coordinator.census({
    first: machineId,
    last: machineId,
  })) {
    res.json({ machineId, state, ...holder, ceilingMs: Number(ceilingMs) });
    return;
  }
  throw new LeafcutterError('INTERNAL', `Machine id ${machineId} has no row; restart a coordinator.`);
}

function readState(text: string | undefined): MachineIdState | undefined {
  const state = STATES.find((candidate) => candidate === text);
  if (text !== undefined && state === undefined) throw badParameter('state', `takes ${STATES.join(', ')}`);
  return state;
}
