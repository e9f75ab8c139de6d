import type { Api, Operation } from '@leafcutter/shared/http/openapi';
import { ASKABLE_TAG, MAX_COUNT } from '@leafcutter/shared/tag';
import { wholeAgentStatus } from '@leafcutter/shared/whole-status';
import { id } from '@leafcutter/shared/wire';
import { z } from 'zod';

/** Query and path are text on the wire; these schemas say which. */
const tag = z.string().regex(ASKABLE_TAG);
const count = z.int().min(1).max(MAX_COUNT);

const range = z.strictObject({ start: id, end: id });
const text = z.string().regex(/^([0-9]+\n?)+$/);
/** As its tag writes it: in decimal digits, or in its shape. */
const written = z.string().regex(/^[A-Za-z0-9._~-]{1,84}$/);

const segmentIds: Operation = {
  summary: 'IDs of a tag: one; several as a list or as ranges; or a block of consecutive ones.',
  path: { tag },
  query: { count, format: z.enum(['ids', 'ranges', 'block']) },
  answer: {
    'text/plain': z.string().regex(/^([A-Za-z0-9._~-]{1,84}\n?)+$/),
    'application/json': z.union([
      z.strictObject({ id: written }),
      z.strictObject({ ids: z.array(written) }),
      z.strictObject({ ranges: z.array(range) }),
      range,
    ]),
  },
  errors: [
    ...(['TAG_UNKNOWN', 'TAG_EXHAUSTED', 'TAG_RETIRED', 'LAYOUT_MISMATCH', 'RATE_LIMITED'] as const),
    ...(['SEGMENTS_EXHAUSTED', 'COORDINATOR_UNAVAILABLE', 'STORE_UNAVAILABLE'] as const),
  ],
  token: true,
};

const snowflakeIds: Operation = {
  summary: 'Snowflake IDs: one, or several as a list.',
  query: { count, format: z.enum(['ids']) },
  answer: {
    'text/plain': text,
    'application/json': z.union([z.strictObject({ id }), z.strictObject({ ids: z.array(id) })]),
  },
  errors: [
    ...(['NOT_FOUND', 'LEASE_LOST', 'CLOCK_BACKWARDS', 'CLOCK_SKEWED', 'MACHINE_IDS_EXHAUSTED'] as const),
    ...(['LAYOUT_MISMATCH', 'RATE_LIMITED', 'TIMESTAMP_EXHAUSTED', 'COORDINATOR_UNAVAILABLE'] as const),
  ],
  token: true,
};

const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  modes: z.record(z.string(), z.strictObject({ ready: z.boolean(), reason: z.string().optional() })),
});

/** The agent's own addresses; those of other systems are in docs/doors.md. */
export const AGENT_API: Api = {
  'GET /v1/ids/{tag}': segmentIds,
  'POST /v1/ids/{tag}': segmentIds,
  'GET /v1/snowflake': snowflakeIds,
  'POST /v1/snowflake': snowflakeIds,
  'GET /v1/decode/{id}': {
    summary: 'The parts of a snowflake ID in this deployment’s layout; with a tag, the number behind its ID.',
    path: { id: written },
    query: { tag },
    answer: {
      'application/json': z.union([
        z.strictObject({
          id: z.string(),
          timestampMs: z.int(),
          time: z.iso.datetime(),
          machineId: z.int(),
          datacenter: z.int().optional(),
          sequence: z.int(),
        }),
        z.strictObject({ id: written, tag, number: id, shape: z.string().nullable() }),
      ]),
    },
    errors: [
      ...(['TAG_UNKNOWN', 'VERSION_UNSUPPORTED', 'RATE_LIMITED'] as const),
      ...(['COORDINATOR_UNAVAILABLE', 'STORE_UNAVAILABLE'] as const),
    ],
    token: true,
  },
  'GET /v1/status': {
    summary: 'What the agent holds, of what the token opens.',
    answer: { 'application/json': wholeAgentStatus },
    token: true,
  },
  'GET /v1/events': {
    summary: 'What the agent holds, of what the token opens, as a stream of server-sent events.',
    events: { status: wholeAgentStatus },
    errors: ['RATE_LIMITED'],
    token: true,
  },
  'GET /cache': {
    summary: 'Every buffer of what the token opens, as a page for people.',
    answer: { 'text/html': z.string() },
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
    answer: { 'application/json': z.strictObject({ status: z.literal('live') }) },
  },
  'GET /readyz': {
    summary: 'Whether the agent can serve; 503 with the same body where it cannot.',
    query: { mode: z.enum(['segment', 'snowflake']) },
    answer: { 'application/json': readiness },
    orNotReady: true,
  },
  'GET /metrics': { summary: 'Metrics for Prometheus.', answer: { 'text/plain': z.string() } },
};
