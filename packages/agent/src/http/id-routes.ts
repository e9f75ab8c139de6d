import { LeafcutterError } from '@leafcutter/shared/errors';
import { readQuery, wholeNumber } from '@leafcutter/shared/http/query';
import { MAX_COUNT } from '@leafcutter/shared/tag';
import type { Request, Response } from 'express';
import type { Agent } from '../agent.ts';
import type { Segment } from '../domain/segment.ts';
import { snowflakeDisabled } from '../domain/snowflakes.ts';

const DOOR = 'http';
const FORMATS = ['ids', 'ranges'] as const;

/** `GET|POST /v1/ids/{tag}`: one ID, or a batch as a list or as ranges. */
export async function segmentIds(agent: Agent, req: Request, res: Response): Promise<void> {
  const tag = String(req.params.tag);
  const query = readQuery(req, ['count', 'format']);
  const format = readFormat(query.format);
  if (query.count === undefined && format === 'ids') {
    const id = agent.tags.takeOne(tag) ?? first(await agent.tags.take(tag, 1, whileConnected(res)));
    agent.metrics.issued(tag, 'segment', DOOR, 1);
    return sendOne(req, res, id);
  }
  const count = readCount(query.count);
  const ranges = await agent.tags.take(tag, count, whileConnected(res));
  agent.metrics.issued(tag, 'segment', DOOR, count);
  if (format === 'ranges') {
    res.json({ ranges: ranges.map(({ start, end }) => ({ start: String(start), end: String(end) })) });
  } else {
    sendMany(req, res, ranges.flatMap(idsOf));
  }
}

/** `GET|POST /v1/snowflake`: one ID, or a batch as a list. */
export async function snowflakeIds(agent: Agent, req: Request, res: Response): Promise<void> {
  const { count: countText, format } = readQuery(req, ['count', 'format']);
  if (readFormat(format) === 'ranges') {
    throw new LeafcutterError(
      'BAD_REQUEST',
      'format ranges is for segments; snowflake IDs are not consecutive.',
      {
        reason: 'format',
      },
    );
  }
  if (agent.snowflake === undefined) throw snowflakeDisabled();
  const count = countText === undefined ? 1 : readCount(countText);
  const ids = await agent.snowflake.ids.take(count, whileConnected(res));
  agent.metrics.issued('', 'snowflake', DOOR, count);
  if (countText === undefined) sendOne(req, res, firstId(ids));
  else sendMany(req, res, ids.map(String));
}

function sendOne(req: Request, res: Response, id: bigint): void {
  if (wantsJson(req)) res.json({ id: String(id) });
  else res.type('text/plain').send(String(id));
}

function sendMany(req: Request, res: Response, ids: string[]): void {
  if (wantsJson(req)) res.json({ ids });
  else res.type('text/plain').send(`${ids.join('\n')}\n`);
}

/** JSON only where it is asked for by name: a plain `curl` or a `*` gets text. */
function wantsJson(req: Request): boolean {
  return req.headers.accept?.includes('application/json') === true;
}

function readCount(text: string | undefined): number {
  return text === undefined ? 1 : wholeNumber('count', text, 1, MAX_COUNT);
}

function readFormat(text: string | undefined): (typeof FORMATS)[number] {
  const format = FORMATS.find((candidate) => candidate === (text ?? 'ids'));
  if (format !== undefined) return format;
  throw new LeafcutterError('BAD_REQUEST', `format takes ${FORMATS.join(' or ')}.`, { reason: 'format' });
}

function idsOf({ start, end }: Segment): string[] {
  return Array.from({ length: Number(end - start) }, (_, index) => String(start + BigInt(index)));
}

function first(ranges: readonly Segment[]): bigint {
  const [range] = ranges;
  if (range === undefined) throw new Error('a request for one ID was answered with none');
  return range.start;
}

function firstId(ids: readonly bigint[]): bigint {
  const [id] = ids;
  if (id === undefined) throw new Error('a request for one ID was answered with none');
  return id;
}

/** Ends a wait when the caller hangs up, so that no ID is taken for nobody. */
function whileConnected(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}
