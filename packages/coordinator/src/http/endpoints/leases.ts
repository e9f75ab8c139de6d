import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { numberFrom, oneOf } from '@leafcutter/shared/http/parameter';
import { wholeNumber } from '@leafcutter/shared/http/query';
import { called } from '@leafcutter/shared/tracing';
import { endRequest, leaseAnswer, leaseRequest, renewAnswer, renewRequest } from '@leafcutter/shared/wire';
import { z } from 'zod';
import type { MachineIdStatus } from '../../domain/leases/census.ts';
import { machineIds } from '../../settings/settings.ts';
import type { Coordinator } from '../coordinator.ts';
import { endpoint, FOR_VIEWERS, GRANT_ERRORS } from '../endpoint.ts';

const LEASE_ERRORS: readonly ErrorCode[] = [
  ...GRANT_ERRORS,
  'MACHINE_IDS_EXHAUSTED',
  'LEASE_LOST',
  'CLOCK_SKEWED',
  'TIMESTAMP_EXHAUSTED',
];
const STATES = ['free', 'held', 'waiting'] as const;

const machineId = numberFrom(0, 2 ** 20 - 1);
const machineIdView = z.strictObject({
  machineId: z.int(),
  state: z.enum(STATES),
  agentId: z.string().optional(),
  instanceId: z.string().optional(),
  ceilingMs: z.number(),
});

/** Of what an agent asks about its lease. */
const OF_ITS_HOLDER = {
  howOften: 'pace of leases',
  howLarge: '`bodyLimitBytes`',
  makes: 'none: only its holder keeps a lease',
  howLong: '`requestDeadlineMs`',
};

export const LEASE_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/leases',
    access: 'viewer',
    summary: 'Who holds which machine id; free ones only with `state=free`.',
    variants: { '?state=held': 'only those that are `held`, `waiting` for their ceiling, or `free`' },
    query: { state: oneOf(...STATES) },
    answer: z.strictObject({ machineIds: z.array(machineIdView) }),
    errors: ['STORE_UNAVAILABLE'],
    limits: {
      ...FOR_VIEWERS,
      howLarge: "the deployment's machine ids",
      howLong: "the stores' timeouts, a page of 1,000 at a time",
    },
    async handle({ coordinator }, { query: { state } }) {
      const found: z.output<typeof machineIdView>[] = [];
      for await (const status of coordinator.census()) {
        // Thousands of free machine ids say nothing; they are listed only if they are asked for.
        const isAskedFor = state === undefined ? status.state !== 'free' : status.state === state;
        if (isAskedFor) found.push(viewOf(status));
      }
      return { machineIds: found };
    },
  }),
  endpoint({
    at: 'POST /v1/leases',
    access: 'leases',
    summary: 'Grants an agent a machine id with its first window.',
    body: leaseRequest,
    status: 201,
    answer: leaseAnswer,
    errors: LEASE_ERRORS,
    limits: { ...OF_ITS_HOLDER, makes: "one of the deployment's machine ids" },
    async handle({ coordinator }, { body }, { request }) {
      const { agentId, instanceId, agentTimeMs, layout } = body;
      coordinator.paces.check('leases', agentId);
      const call = { holder: { agentId, instanceId }, agentTimeMs, layout };
      const about = { 'leafcutter.agent_id': agentId };
      const lease = await called(request.headers, 'lease grant', about, () => coordinator.leases.grant(call));
      return {
        deploymentId: coordinator.deploymentId,
        ...lease,
        heartbeatMs: coordinator.config.snowflake.heartbeatMs,
        coordinatorTimeMs: coordinator.clock.now(),
      };
    },
  }),
  endpoint({
    at: 'GET /v1/leases/{machineId}',
    access: 'viewer',
    summary: 'One machine id: its state, its holder or last holder, its ceiling.',
    path: { machineId },
    answer: machineIdView,
    errors: ['STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: 'one machine id', howLong: "the stores' timeouts" },
    async handle({ coordinator }, { path }) {
      const own = checkOwn(coordinator, path.machineId);
      for await (const status of coordinator.census({ first: own, last: own })) return viewOf(status);
      throw new LeafcutterError('INTERNAL', `Machine id ${own} has no row; restart a coordinator.`);
    },
  }),
  endpoint({
    at: 'POST /v1/leases/{machineId}/renew',
    access: 'leases',
    summary: 'Renews a lease, and extends its window if that is asked for.',
    path: { machineId },
    body: renewRequest,
    answer: renewAnswer,
    errors: LEASE_ERRORS,
    limits: OF_ITS_HOLDER,
    async handle({ coordinator }, { path, body }, { request }) {
      const { agentId, instanceId, agentTimeMs, layout, to, extend } = body;
      coordinator.paces.check('leases', agentId);
      const call = { holder: { agentId, instanceId }, agentTimeMs, layout };
      const about = { 'leafcutter.machine_id': path.machineId, 'leafcutter.agent_id': agentId };
      const until = await called(request.headers, 'lease renew', about, () =>
        coordinator.leases.renew(path.machineId, call, to, extend),
      );
      const { deploymentId, clock } = coordinator;
      return { deploymentId, to: until, coordinatorTimeMs: clock.now() };
    },
  }),
  endpoint({
    at: 'POST /v1/leases/{machineId}/end',
    access: 'leases',
    summary: 'Tells that a lease is over; a machine id outside of machineIdRange is a BAD_REQUEST.',
    path: { machineId },
    body: endRequest,
    status: 204,
    errors: ['STORE_UNAVAILABLE'],
    limits: { ...OF_ITS_HOLDER, makes: 'none', howLong: '`redis.commandTimeoutMs`' },
    async handle({ coordinator }, { path, body }) {
      const own = checkOwn(coordinator, path.machineId);
      coordinator.paces.check('leases', body.agentId);
      await coordinator.leases.end(own, body);
    },
  }),
];

function viewOf({
  machineId: id,
  state,
  holder,
  ceilingMs,
}: MachineIdStatus): z.output<typeof machineIdView> {
  return { machineId: id, state, ...holder, ceilingMs: Number(ceilingMs) };
}

/** @throws BAD_REQUEST if a machine id is not one of this deployment's */
function checkOwn({ config }: Coordinator, id: number): number {
  const { first, last } = machineIds(config.snowflake);
  return wholeNumber('machineId', String(id), first, last);
}
