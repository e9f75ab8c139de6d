import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../errors.ts';
import { VERSION } from '../../version.ts';
import { PROBLEM_MEDIA_TYPE } from '../../wire/problem.ts';
import { type Endpoint, methodAndPath, type Operation } from './endpoint.ts';

/** An operation of which is known whether it wants a token, of a service that has tokens. */
type Described = Operation & Pick<Endpoint<unknown, string>, 'access'>;

/** Statuses of requests that never reach an operation, and of failures that any can have. */
const EVERYWHERE: readonly ErrorCode[] = ['BAD_REQUEST', 'FORBIDDEN', 'PAYLOAD_TOO_LARGE', 'INTERNAL'];

/** The OpenAPI 3.1 document of operations. */
export function openApiDocument(title: string, operations: readonly Described[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const [method, path] = methodAndPath(operation);
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(method, path, operation) };
  }
  return {
    openapi: '3.1.1',
    info: { title, version: VERSION, license: { name: 'Apache 2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: PROBLEM_SCHEMA },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describe(method: string, path: string, operation: Described): object {
  const { summary, details, variants = {}, status = 200, answer, events, orNotReady, access } = operation;
  const { path: inPath = {}, query = {}, body } = operation;
  const media = answer === undefined ? (operation.media ?? {}) : { 'application/json': answer };
  const parameters = [
    ...Object.entries(inPath).map(([name, { schema }]) => parameter('path', name, schema)),
    ...Object.entries(query).map(([name, { schema }]) => parameter('query', name, schema)),
  ];
  const description = [
    ...(details === undefined ? [] : [details]),
    ...Object.entries(variants).map(([asked, does]) => `- \`${asked}\`: ${does}`),
  ].join('\n');
  return {
    operationId: operationId(method, path),
    summary,
    ...(description === '' ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(body, 'input') } },
          },
        }),
    responses: {
      [status]: { description: summary, ...(events === undefined ? content(media) : streamOf(events)) },
      ...(orNotReady === true ? { 503: { description: 'Not ready.', ...content(media) } } : {}),
      ...refusals(operation),
    },
    security: access === undefined ? [] : [{ token: [] }, {}],
  };
}

function content(bodies: Readonly<Record<string, z.ZodType>>): object {
  const media = Object.entries(bodies).map(([type, schema]) => [
    type,
    { schema: jsonSchema(schema, 'output') },
  ]);
  return media.length === 0 ? {} : { content: Object.fromEntries(media) };
}

/**
 * A stream of server-sent events. OpenAPI 3.1 has no word for them: its tools see the body as text, and `x-events`
 * describes what is in it.
 */
function streamOf(events: Readonly<Record<string, z.ZodType>>): object {
  const told = Object.entries(events).map(([name, data]) => [name, jsonSchema(data, 'output')]);
  return {
    content: {
      'text/event-stream': { schema: { type: 'string' }, 'x-events': Object.fromEntries(told) },
    },
  };
}

/** Problem documents by status; each says which codes it stands for. */
function refusals({ errors = [], access }: Described): Record<string, object> {
  const codes = [...EVERYWHERE, ...(access === undefined ? [] : (['UNAUTHORIZED'] as const)), ...errors];
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_CODES[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.join(', '),
        ...(ofStatus.some((code) => ERROR_CODES[code].retryable)
          ? {
              headers: {
                'Retry-After': { schema: { type: 'integer', minimum: 1 }, description: 'Seconds.' },
              },
            }
          : {}),
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function parameter(where: 'path' | 'query', name: string, schema: z.ZodType): object {
  return { in: where, name, required: where === 'path', schema: jsonSchema(schema, 'input') };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return rest;
}

/** `GET /v1/tags/{tag}` is `getV1TagsTag`. */
function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457; docs/errors.md has the causes and the fix for each code.',
  required: ['type', 'title', 'status', 'detail', 'code', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { enum: Object.keys(ERROR_CODES) },
    retryable: { type: 'boolean' },
    reason: { type: 'string' },
    retryAfterMs: { type: 'number' },
  },
  additionalProperties: false,
};
