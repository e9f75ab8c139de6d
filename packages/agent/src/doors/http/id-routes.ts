import { LeafcutterError } from '@leafcutter/shared/errors';
import { readQuery, wholeNumber } from '@leafcutter/shared/http/query';
import type { Scope } from '@leafcutter/shared/http/tokens';
import { MAX_COUNT } from '@leafcutter/shared/tag';
import type { Request, Response } from 'express';
import type { Segment } from '../../domain/segments/segment.ts';
import type { Dispenser } from '../dispenser.ts';
import { whileConnected } from '../while-connected.ts';

const FORMATS = ['ids', 'ranges', 'block'] as const;

/** `GET|POST /v1/ids/{tag}`: one ID; a batch as a list or as ranges; or a block of consecutive IDs. */
export async function segmentIds(ids: Dispenser, by: Scope, req: Request, res: Response): Promise<void> {
  const tag = String(req.params.tag);
  const query = readQuery(req, ['count', 'format']);
  const format = readFormat(query.format);
  if (query.count === undefined && format === 'ids') {
    return sendOne(req, res, ids.oneTextNow(tag) ?? (await ids.text(by, tag, whileConnected(res))));
  }
  const signal = whileConnected(res);
  const count = readCount(query.count);
  if (format === 'block') {
    res.json(rangeText(await ids.block(by, tag, count, signal)));
    return;
  }
  if (format === 'ranges') res.json({ ranges: (await ids.ranges(by, tag, count, signal)).map(rangeText) });
  else sendMany(req, res, await ids.texts(by, tag, count, putFor(req), signal));
}

/** `GET|POST /v1/snowflake`: one ID, or a batch as a list. */
export async function snowflakeIds(ids: Dispenser, by: Scope, req: Request, res: Response): Promise<void> {
  const { count: countText, format } = readQuery(req, ['count', 'format']);
  if (readFormat(format) !== 'ids') {
    throw new LeafcutterError(
      'BAD_REQUEST',
      `format ${format} is for segments; snowflake IDs are not consecutive.`,
      { reason: 'format' },
    );
  }
  const signal = whileConnected(res);
  if (countText === undefined) sendOne(req, res, String(await ids.snowflake(by, signal)));
  else sendMany(req, res, await ids.snowflakeDigits(by, readCount(countText), putFor(req), signal));
}

function sendOne(req: Request, res: Response, id: string): void {
  if (asksForJson(req.headers.accept)) res.json({ id });
  else res.type('text/plain').send(id);
}

/** How a slice of a batch stands in the answer. */
function putFor(req: Request): (texts: readonly string[]) => string {
  return asksForJson(req.headers.accept)
    ? (texts) => JSON.stringify(texts).slice(1, -1)
    : (texts) => texts.join('\n');
}

function sendMany(req: Request, res: Response, pieces: readonly string[]): void {
  if (asksForJson(req.headers.accept)) res.type('json').send(`{"ids":[${pieces.join(',')}]}`);
  else res.type('text/plain').send(`${pieces.join('\n')}\n`);
}

function rangeText({ start, end }: Segment): { start: string; end: string } {
  return { start: String(start), end: String(end) };
}

/** JSON only where it is asked for by name: a plain `curl` or a `*` gets text. */
export function asksForJson(accept: string | undefined): boolean {
  return accept?.includes('application/json') === true;
}

function readCount(text: string | undefined): number {
  return text === undefined ? 1 : wholeNumber('count', text, 1, MAX_COUNT);
}

function readFormat(text: string | undefined): (typeof FORMATS)[number] {
  const format = FORMATS.find((candidate) => candidate === (text ?? 'ids'));
  if (format !== undefined) return format;
  throw new LeafcutterError('BAD_REQUEST', `format takes ${FORMATS.join(', ')}.`, { reason: 'format' });
}
