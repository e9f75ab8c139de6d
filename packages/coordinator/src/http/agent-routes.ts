import { hasCode } from '@leafcutter/shared/errors';
import { parseBody } from '@leafcutter/shared/http/parse-body';
import { wholeNumber } from '@leafcutter/shared/http/query';
import type { ServiceApp } from '@leafcutter/shared/http/service-app';
import { NEW_TAG_PATTERN } from '@leafcutter/shared/tag';
import { called } from '@leafcutter/shared/tracing';
import {
  createTagRequest,
  type DecodeAnswer,
  decodeRequest,
  endRequest,
  type LeaseAnswer,
  leaseRequest,
  type RenewAnswer,
  type ReportAnswer,
  renewRequest,
  reportRequest,
  type SegmentAnswer,
  segmentRequest,
} from '@leafcutter/shared/wire';
import type { Request, Response } from 'express';
import type { AgentRecord } from '../domain/fleet/roster.ts';
import { machineIds } from '../settings/settings.ts';
import type { Coordinator } from './coordinator.ts';
import { tagOf } from './tag-of.ts';

/** What agents ask, but for `POST /v1/leases`, whose address others read. */
export function addAgentRoutes(app: ServiceApp, coordinator: Coordinator): void {
  const { reports, segments: ofTag, reads, leases } = coordinator.access;
  app.route('/v1/tags/:tag/segments', { POST: (req, res) => segments(coordinator, req, res) }, ofTag);
  app.route('/v1/tags/:tag/decode', { POST: (req, res) => decode(coordinator, req, res) }, reads);
  app.route('/v1/leases/:machineId/renew', { POST: (req, res) => renew(coordinator, req, res) }, leases);
  app.route('/v1/leases/:machineId/end', { POST: (req, res) => end(coordinator, req, res) }, leases);
  app.route('/v1/agents/report', { POST: (req, res) => report(coordinator, req, res) }, reports);
}

async function segments(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const tag = tagOf(req);
  const { agentId, instanceId, ...demand } = parseBody(segmentRequest, req.body);
  coordinator.paces.check('segments', agentId);
  const holder = { agentId, instanceId };
  const take = async () => {
    await coordinator.dated.prepare(tag);
    return coordinator.segments.grant(tag, holder, demand);
  };
  const about = { 'leafcutter.tag': tag, 'leafcutter.agent_id': agentId };
  const granting = called(req.headers, 'refill', about, () =>
    take().catch(async (error: unknown) => {
      if (!coordinator.config.autoCreateTags || !hasCode(error, 'TAG_UNKNOWN') || !NEW_TAG_PATTERN.test(tag))
        throw error;
      await coordinator.tags.create(createTagRequest.parse({ tag })).catch((failure: unknown) => {
        if (!hasCode(failure, 'TAG_EXISTS')) throw failure;
      });
      return take();
    }),
  );
  const segment = await granting;
  const answer: SegmentAnswer = {
    deploymentId: coordinator.deploymentId,
    tag,
    start: String(segment.start),
    end: String(segment.end),
    ...(segment.shape === undefined ? {} : { shape: segment.shape }),
  };
  res.json(answer);
}

async function decode(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { agentId, id } = parseBody(decodeRequest, req.body);
  coordinator.paces.check('reads', agentId);
  const { number, ...decoded } = await coordinator.explainer.decode(tagOf(req), id);
  const { deploymentId } = coordinator;
  const answer: DecodeAnswer = { deploymentId, ...decoded, number: String(number) };
  res.json(answer);
}

/** `POST /v1/leases`. */
export async function grant(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { agentId, instanceId, agentTimeMs, layout } = parseBody(leaseRequest, req.body);
  coordinator.paces.check('leases', agentId);
  const call = { holder: { agentId, instanceId }, agentTimeMs, layout };
  const about = { 'leafcutter.agent_id': agentId };
  const lease = await called(req.headers, 'lease grant', about, () => coordinator.leases.grant(call));
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
  coordinator.paces.check('leases', agentId);
  const call = { holder: { agentId, instanceId }, agentTimeMs, layout };
  const machineId = machineIdOf(req);
  const about = { 'leafcutter.machine_id': machineId, 'leafcutter.agent_id': agentId };
  const answer: RenewAnswer = {
    deploymentId: coordinator.deploymentId,
    to: await called(req.headers, 'lease renew', about, () =>
      coordinator.leases.renew(machineId, call, to, extend),
    ),
    coordinatorTimeMs: coordinator.clock.now(),
  };
  res.json(answer);
}

async function end(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { first, last } = machineIds(coordinator.config.snowflake);
  const machineId = wholeNumber('machineId', String(req.params.machineId), first, last);
  const holder = parseBody(endRequest, req.body);
  coordinator.paces.check('leases', holder.agentId);
  await coordinator.leases.end(machineId, holder);
  res.status(204).end();
}

async function report(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { names, leaving, intervalMs, ...status } = parseBody(reportRequest, req.body);
  const { clock, watch } = coordinator;
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
  const own = coordinator.access.opened(req, names);
  const records = own.length === 0 ? [] : await coordinator.store.findTags(own);
  const found = new Map(records.map((record) => [record.tag, record]));
  const gone = own.flatMap((tag): ReportAnswer['gone'] => {
    const record = found.get(tag);
    if (record === undefined) return [{ tag, code: 'TAG_UNKNOWN' }];
    return record.retired ? [{ tag, code: 'TAG_RETIRED' }] : [];
  });
  const { deploymentId } = coordinator;
  const answer: ReportAnswer = { deploymentId, coordinatorTimeMs: clock.now(), nextReportMs, gone };
  res.json(answer);
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

function machineIdOf(req: Request): number {
  return wholeNumber('machineId', String(req.params.machineId), 0, 2 ** 20 - 1);
}
