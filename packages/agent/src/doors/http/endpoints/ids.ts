import { numberFrom, oneOf, type Parameter, textLike } from '@leafcutter/shared/http/parameter';
import { badParameter } from '@leafcutter/shared/http/query';
import { ASKABLE_TAG, MAX_COUNT } from '@leafcutter/shared/tag';
import { id } from '@leafcutter/shared/wire';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Segment } from '../../../domain/segments/segment.ts';
import { whileConnected } from '../../while-connected.ts';
import { prefersJson } from '../accept.ts';
import { type BatchFormat, batchFormat } from '../batch-format.ts';
import { endpoint } from '../endpoint.ts';

/** An ID as its tag writes it: in decimal digits, or in its shape. */
export const written = z.string().regex(/^[A-Za-z0-9._~-]{1,84}$/);
const count = numberFrom(1, MAX_COUNT);
const format = oneOf('ids', 'ranges', 'block');
/** Snowflake IDs are not consecutive: the other formats are refused by name. */
const listOnly: Parameter<'ids'> = {
  schema: z.enum(['ids']),
  read(name, text) {
    const asked = format.read(name, text);
    if (asked === 'ids') return asked;
    throw badParameter(name, `${asked} works only for segments: snowflake IDs are not consecutive`);
  },
};
const range = z.strictObject({ start: id, end: id });

/** IDs of a tag: one ID; a batch as a list or as ranges; or a block of consecutive IDs. */
const segmentIds = (method: 'GET' | 'POST') =>
  endpoint({
    at: `${method} /v1/ids/{tag}`,
    access: 'tag',
    summary: 'IDs of a tag: one, several as a list or as ranges, or a block of consecutive ones.',
    details:
      'A single ID is plain text without a newline, or `{"id":"123"}` with `Accept: application/json`.',
    variants: {
      '?count=100': 'up to 10,000, one per line, or `{"ids":["…"]}` with `Accept: application/json`',
      '?count=100&format=ranges': '`{"ranges":[{"start":"1","end":"101"}]}`, `end` excluded',
      '?count=100&format=block': '100 consecutive IDs: `{"start":"1","end":"101"}`',
    },
    path: { tag: textLike(z.string().regex(ASKABLE_TAG)) },
    query: { count, format },
    media: {
      'text/plain': z.string().regex(/^([A-Za-z0-9._~-]{1,84}\n?)+$/),
      'application/json': z.union([
        z.strictObject({ id: written }),
        z.strictObject({ ids: z.array(written) }),
        z.strictObject({ ranges: z.array(range) }),
        range,
      ]),
    },
    errors: [
      'TAG_UNKNOWN',
      'TAG_EXHAUSTED',
      'TAG_RETIRED',
      'LAYOUT_MISMATCH',
      'RATE_LIMITED',
      'SEGMENTS_EXHAUSTED',
      'COORDINATOR_UNAVAILABLE',
      'STORE_UNAVAILABLE',
    ],
    limits: {
      howOften: 'per token',
      howLarge: '10,000 IDs (`MAX_COUNT`), written by 1,000 (`SLICE`)',
      makes: 'a buffer of a tag that exists: `segment.maxTags`',
      howLong: '`waitMs`; `segment.maxWaiting` in line',
    },
    async handle({ dispenser: ids, guards }, { path: { tag }, query }, { request, response }) {
      const by = guards.who(request);
      if (query.count === undefined && (query.format ?? 'ids') === 'ids') {
        const one = ids.oneTextNow(tag) ?? (await ids.text(by, tag, whileConnected(response)));
        return sendOne(request, response, one);
      }
      const signal = whileConnected(response);
      const { count = 1, format } = query;
      if (format === 'block') response.json(rangeText(await ids.block(by, tag, count, signal)));
      else if (format === 'ranges')
        response.json({ ranges: (await ids.ranges(by, tag, count, signal)).map(rangeText) });
      else {
        const as = batchFormat(request.headers.accept);
        sendMany(response, as, await ids.texts(by, tag, count, as.slice, signal));
      }
    },
  });

/** Snowflake IDs: one, or a batch as a list. */
const snowflakeIds = (method: 'GET' | 'POST') =>
  endpoint({
    at: `${method} /v1/snowflake`,
    access: 'snowflake',
    summary: 'Snowflake IDs: one, or several as a list.',
    variants: { '?count=100': 'up to 10,000' },
    query: { count, format: listOnly },
    media: {
      'text/plain': z.string().regex(/^([0-9]+\n?)+$/),
      'application/json': z.union([z.strictObject({ id }), z.strictObject({ ids: z.array(id) })]),
    },
    errors: [
      'NOT_FOUND',
      'LEASE_LOST',
      'CLOCK_BACKWARDS',
      'CLOCK_SKEWED',
      'MACHINE_IDS_EXHAUSTED',
      'LAYOUT_MISMATCH',
      'RATE_LIMITED',
      'TIMESTAMP_EXHAUSTED',
      'COORDINATOR_UNAVAILABLE',
    ],
    limits: {
      howOften: 'per token',
      howLarge: 'the same',
      makes: 'none',
      howLong: '`waitMs`; 10,000 in line (`MAX_WAITING`)',
    },
    async handle({ dispenser: ids, guards }, { query }, { request, response }) {
      const by = guards.who(request);
      const signal = whileConnected(response);
      if (query.count === undefined)
        return sendOne(request, response, String(await ids.snowflake(by, signal)));
      const as = batchFormat(request.headers.accept);
      sendMany(response, as, await ids.snowflakeDigits(by, query.count, as.slice, signal));
    },
  });

export const ID_ENDPOINTS = [
  segmentIds('GET'),
  segmentIds('POST'),
  snowflakeIds('GET'),
  snowflakeIds('POST'),
];

function sendOne(req: Request, res: Response, id: string): void {
  if (prefersJson(req.headers.accept)) res.json({ id });
  else res.type('text/plain').send(id);
}

function sendMany(response: Response, { type, all }: BatchFormat, pieces: readonly string[]): void {
  response.type(type).send(all(pieces));
}

function rangeText({ start, end }: Segment): { start: string; end: string } {
  return { start: String(start), end: String(end) };
}
