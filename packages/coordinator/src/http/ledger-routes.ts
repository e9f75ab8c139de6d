import { badParameter, readQuery, wholeNumber } from '@leafcutter/shared/http/query';
import type { LedgerPage } from '@leafcutter/shared/inspection';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { HIGHEST_ID, isAskableTag } from '@leafcutter/shared/tag';
import type { Request, Response } from 'express';
import type { CounterName, LedgerEntry } from '../domain/allocation/range.ts';
import type { LedgerCursor } from '../domain/allocation/store.ts';
import { type LedgerSubject, readLedgerPage, viewOfRange } from '../domain/ledger/ledger-pages.ts';
import type { Coordinator } from './coordinator.ts';

const MAX_PAGE = 1_000;
const MAX_MACHINE_ID = 2 ** 20 - 1;

/** `GET /v1/ledger?tag=orders`, `?machine=all`, `?machine=7&order=newest`: who was granted what. */
export async function listLedger(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const query = readQuery(req, ['tag', 'machine', 'after', 'limit', 'order']);
  const size = wholeNumber('limit', query.limit ?? '100', 1, MAX_PAGE);
  const page =
    readOrder(query.order) === 'newest'
      ? await newest(coordinator, query, size)
      : await inOrder(coordinator, query, size);
  const answer: LedgerPage = {
    layout: layoutOf(coordinator.config.snowflake),
    ranges: page.ranges.map(viewOfRange),
    next: page.next,
  };
  res.json(answer);
}

type Query = Readonly<Partial<Record<'tag' | 'machine' | 'after', string>>>;
type Page = { readonly ranges: readonly LedgerEntry[]; readonly next: string | null };

async function inOrder({ store }: Coordinator, { tag, machine, after }: Query, size: number): Promise<Page> {
  const subject = readSubject(tag, machine);
  const cursor = after === undefined ? undefined : readCursor(subject, after);
  const { ranges, next } = await readLedgerPage(store, subject, cursor, size);
  return { ranges, next: next === undefined ? null : writeCursor(next) };
}

/** The newest ranges of one counter, and with `after` those before that start. */
async function newest({ store }: Coordinator, { tag, machine, after }: Query, size: number): Promise<Page> {
  const counter =
    machine === undefined
      ? readSubject(tag, undefined)
      : ({ kind: 'machine', machineId: wholeNumber('machine', machine, 0, MAX_MACHINE_ID) } as const);
  if (machine !== undefined && tag !== undefined) throw badParameter('machine', 'and tag exclude each other');
  if (after !== undefined && !/^[0-9]{1,19}$/.test(after))
    throw badParameter('after', 'takes `next` of the page before');
  const below = after === undefined ? undefined : BigInt(after);
  if (below !== undefined && below > HIGHEST_ID)
    throw badParameter('after', 'takes `next` of the page before');
  const ranges = await store.latestRanges(counter as CounterName, below, size + 1);
  const page = ranges.slice(0, size);
  return { ranges: page, next: ranges.length > size ? String(page.at(-1)?.start) : null };
}

function readOrder(text: string | undefined): 'start' | 'newest' {
  if (text === undefined || text === 'start' || text === 'newest') return text ?? 'start';
  throw badParameter('order', 'takes start or newest');
}

function readSubject(tag: string | undefined, machine: string | undefined): LedgerSubject {
  if (machine === undefined && tag === undefined) throw badParameter('tag', 'or machine=all is needed');
  if (machine === undefined) {
    if (!isAskableTag(tag ?? '')) throw badParameter('tag', 'takes the name of a tag');
    return { kind: 'tag', tag: tag ?? '' };
  }
  if (tag !== undefined) throw badParameter('machine', 'and tag exclude each other');
  if (machine !== 'all') throw badParameter('machine', 'takes all');
  return { kind: 'machine' };
}

/** A tag's pages go on above a start, those of the machine ids above `machineId:start`. */
function readCursor(subject: LedgerSubject, after: string): LedgerCursor {
  const [, machineId, start] = /^(?:([0-9]{1,9}):)?([0-9]{1,19})$/.exec(after) ?? [];
  const hasMachineId = machineId !== undefined;
  const isForSubject = hasMachineId === (subject.kind === 'machine');
  if (start === undefined || BigInt(start) > HIGHEST_ID || !isForSubject) {
    throw badParameter('after', 'takes `next` of the page before, or for a tag a number');
  }
  const counter = subject.kind === 'tag' ? subject : { ...subject, machineId: Number(machineId) };
  return { counter, start: BigInt(start) };
}

function writeCursor({ counter, start }: LedgerCursor): string {
  return counter.kind === 'machine' ? `${counter.machineId}:${start}` : String(start);
}
