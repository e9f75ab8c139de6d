import type { ErrorCode } from '@leafcutter/shared/errors';
import type { Api } from '@leafcutter/shared/http/openapi';
import { explanation, jobList, ledgerPage } from '@leafcutter/shared/inspection';
import { ASKABLE_TAG } from '@leafcutter/shared/tag';
import {
  changeTagRequest,
  comparedTag,
  createTagRequest,
  decodeAnswer,
  decodeRequest,
  endRequest,
  leaseAnswer,
  leaseRequest,
  lowerTagAnswer,
  lowerTagRequest,
  renewAnswer,
  renewRequest,
  reportAnswer,
  reportRequest,
  segmentAnswer,
  segmentRequest,
  tagList,
  tagView,
} from '@leafcutter/shared/wire';
import { z } from 'zod';
import { FLEET_EVENTS } from './event-schemas.ts';

const tag = z.string().regex(ASKABLE_TAG);
const machineId = z
  .int()
  .min(0)
  .max(2 ** 20 - 1);
const limit = z.int().min(1).max(1_000);
const after = z.string();
const id = z.string().regex(/^[0-9]{1,19}$/);
/** As its tag writes it. */
const shapedId = z.string().regex(/^[A-Za-z0-9._~-]{1,84}$/);
const json = (schema: z.ZodType) => ({ 'application/json': schema });

/** What a grant of numbers or time can be refused with. */
const GRANTS: readonly ErrorCode[] = [
  ...(['LAYOUT_MISMATCH', 'VERSION_UNSUPPORTED', 'RATE_LIMITED', 'STORE_UNAVAILABLE'] as const),
];
const LEASES: readonly ErrorCode[] = [
  ...GRANTS,
  ...(['MACHINE_IDS_EXHAUSTED', 'LEASE_LOST', 'CLOCK_SKEWED', 'TIMESTAMP_EXHAUSTED'] as const),
];

const agentRecord = z.strictObject({
  agentId: z.string(),
  instanceId: z.string(),
  version: z.string(),
  tagCount: z.int(),
  seenAtMs: z.number(),
});

const machineIdView = z.strictObject({
  machineId: z.int(),
  state: z.enum(['free', 'held', 'waiting']),
  agentId: z.string().optional(),
  instanceId: z.string().optional(),
  ceilingMs: z.number(),
});

/** The coordinator's addresses; the bodies are what validates requests. */
export const COORDINATOR_API: Api = {
  'POST /v1/tags/{tag}/segments': {
    summary: 'Grants an agent a segment.',
    path: { tag },
    body: segmentRequest,
    answer: json(segmentAnswer),
    errors: [...GRANTS, 'TAG_UNKNOWN', 'TAG_EXHAUSTED', 'TAG_RETIRED'],
    token: true,
  },
  'POST /v1/tags/{tag}/decode': {
    summary: 'Tells an agent the number behind an ID of a tag.',
    path: { tag },
    body: decodeRequest,
    answer: json(decodeAnswer),
    errors: ['TAG_UNKNOWN', 'VERSION_UNSUPPORTED', 'RATE_LIMITED', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'POST /v1/leases': {
    summary: 'Grants an agent a machine id with its first window.',
    body: leaseRequest,
    status: 201,
    answer: json(leaseAnswer),
    errors: LEASES,
    token: true,
  },
  'GET /v1/leases': {
    summary: 'Who holds which machine id; free ones only where they are asked for.',
    query: { state: z.enum(['free', 'held', 'waiting']) },
    answer: json(z.strictObject({ machineIds: z.array(machineIdView) })),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/leases/{machineId}': {
    summary: 'One machine id: its state, its holder or last holder, its ceiling.',
    path: { machineId },
    answer: json(machineIdView),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'POST /v1/leases/{machineId}/renew': {
    summary: 'Renews a lease, and extends its window where that is asked for.',
    path: { machineId },
    body: renewRequest,
    answer: json(renewAnswer),
    errors: LEASES,
    token: true,
  },
  'POST /v1/leases/{machineId}/end': {
    summary: 'Tells that a lease is over; a machine id outside of machineIdRange is a BAD_REQUEST.',
    path: { machineId },
    body: endRequest,
    status: 204,
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'POST /v1/agents/report': {
    summary: 'An agent tells which tags it has, and learns which are gone.',
    body: reportRequest,
    answer: json(reportAnswer),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/agents': {
    summary: 'The agents that reported lately.',
    answer: json(z.strictObject({ agents: z.array(agentRecord) })),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/tags': {
    summary: 'Tags, page by page.',
    query: { after, limit },
    answer: json(tagList),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'POST /v1/tags': {
    summary:
      'Makes a tag. Its IDs are unique within it: other tags may give the same numbers, and the same texts where their shapes can write them, which `warnings` tells.',
    body: createTagRequest,
    status: 201,
    answer: json(comparedTag),
    errors: ['TAG_EXISTS', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/tags/{tag}': {
    summary: 'One tag, and which others can write the same texts.',
    path: { tag },
    answer: json(comparedTag),
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'PATCH /v1/tags/{tag}': {
    summary: 'Changes a tag; null is the default again.',
    path: { tag },
    body: changeTagRequest,
    answer: json(tagView),
    errors: ['TAG_UNKNOWN', 'TAG_RETIRED', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'DELETE /v1/tags/{tag}': {
    summary: 'Retires a tag for good; its numbers are never reused.',
    path: { tag },
    answer: json(tagView),
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'POST /v1/tags/{tag}/lower': {
    summary: 'Lowers a counter that a typo put too high, with its fence.',
    path: { tag },
    body: lowerTagRequest,
    answer: json(lowerTagAnswer),
    errors: ['TAG_UNKNOWN', 'TAG_RETIRED', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/ledger': {
    summary:
      'Who was granted which range of numbers, or of milliseconds: of one tag or of all machine ids, and with order=newest of one of either.',
    query: {
      tag,
      machine: z.string().regex(/^(all|[0-9]{1,7})$/),
      after,
      limit,
      order: z.enum(['start', 'newest']),
    },
    answer: json(ledgerPage),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/jobs': {
    summary: 'The background jobs, and how each last ended, on whichever coordinator.',
    answer: json(jobList),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/events': {
    summary: 'The fleet, one tag or the machine ids, live as server-sent events.',
    query: { tag, view: z.enum(['fleet', 'machine-ids']) },
    events: FLEET_EVENTS,
    errors: ['RATE_LIMITED'],
    token: true,
  },
  'GET /v1/explain/{id}': {
    summary:
      'Who was given an ID, whatever it is: a number of any tag, a snowflake, or with tag one as that tag writes it.',
    path: { id: shapedId },
    query: { tag, mode: z.enum(['snowflake']) },
    answer: json(explanation),
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/explain/snowflake/{id}': {
    summary: 'Who was given a snowflake ID.',
    path: { id },
    answer: json(explanation),
    errors: ['STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /v1/explain/{tag}/{id}': {
    summary: 'Who was given an ID of a tag.',
    path: { tag, id: shapedId },
    answer: json(explanation),
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    token: true,
  },
  'GET /': {
    summary: 'A live page for people; not there if it was not built.',
    answer: { 'text/html': z.string() },
    errors: ['NOT_FOUND'],
  },
  'GET /assets/{file}': {
    summary: 'What the page loads.',
    path: { file: z.string() },
    answer: { 'text/javascript': z.string(), 'text/css': z.string() },
    errors: ['NOT_FOUND'],
  },
  'GET /livez': {
    summary: 'The process answers.',
    answer: json(z.strictObject({ status: z.literal('live') })),
  },
  'GET /readyz': {
    summary: 'Whether the coordinator can grant; 503 with the same body where it cannot.',
    answer: json(z.looseObject({ status: z.enum(['ready', 'not_ready']) })),
    orNotReady: true,
  },
  'GET /metrics': { summary: 'Metrics for Prometheus.', answer: { 'text/plain': z.string() } },
};
