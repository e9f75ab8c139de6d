import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import { VERSION } from '../version.ts';
import { PROBLEM_MEDIA_TYPE } from '../wire/problem.ts';

/** Statuses of requests that never reach an operation, and of failures that any can have. */
const EVERYWHERE: readonly ErrorCode[] = ['BAD_REQUEST', 'PAYLOAD_TOO_LARGE', 'INTERNAL'];

/** One operation of an API, as its document tells it. */
export interface Operation {
  readonly summary: string;
  /** Parameters in the path; each is needed. */
  readonly path?: Readonly<Record<string, z.ZodType>>;
  /** Parameters in the query; each may be left out. */
  readonly query?: Readonly<Record<string, z.ZodType>>;
  /** What validates the body. */
  readonly body?: z.ZodType;
  readonly status?: number;
  /** The answer by media type; a string type has text, one without schema has no body. */
  readonly answer?: Readonly<Record<string, z.ZodType>>;
  /** The events of an answer that is a stream of them: by their name, the JSON of their data. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
  /** Answers 503 with a body like that of 200. */
  readonly orNotReady?: boolean;
  /** Codes beside those that every operation can answer. */
  readonly errors?: readonly ErrorCode[];
  /** True if it wants a token, of a service that has tokens. */
  readonly token?: boolean;
}

/** Operations by method and path, as in `GET /v1/tags/{tag}`. */
export type Api = Readonly<Record<string, Operation>>;

/** The OpenAPI 3.1 document of the operations that are served. */
export function openApiDocument(title: string, api: Api, served: readonly string[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const key of served) {
    const operation = api[key];
    const [method = '', path = ''] = key.split(' ');
    if (operation === undefined) throw new Error(`${key} is served but not described`);
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

function describe(method: string, path: string, operation: Operation): object {
  const {
    summary,
    events,
    path: inPath = {},
    query = {},
    body,
    status = 200,
    answer = {},
    token,
    orNotReady,
  } = operation;
  const parameters = [
    ...Object.entries(inPath).map(([name, schema]) => parameter('path', name, schema)),
    ...Object.entries(query).map(([name, schema]) => parameter('query', name, schema)),
  ];
  return {
    operationId: operationId(method, path),
    summary,
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
      [status]: { description: summary, ...(events === undefined ? content(answer) : streamOf(events)) },
      ...(orNotReady === true ? { 503: { description: 'Not ready.', ...content(answer) } } : {}),
      ...refusals(operation),
    },
    security: token === true ? [{ token: [] }, {}] : [],
  };
}

function content(answer: Readonly<Record<string, z.ZodType>>): object {
  const media = Object.entries(answer).map(([type, schema]) => [
    type,
    { schema: jsonSchema(schema, 'output') },
  ]);
  return media.length === 0 ? {} : { content: Object.fromEntries(media) };
}

/**
 * A stream of server-sent events. OpenAPI 3.1 has no word for them: to its tools the body is a text, and `x-events` tells
 * what stands in it.
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
function refusals({ errors = [], token }: Operation): Record<string, object> {
  const codes = [...EVERYWHERE, ...(token === true ? (['UNAUTHORIZED'] as const) : []), ...errors];
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
  description: 'RFC 9457; docs/errors.md tells cause and cure of each code.',
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
