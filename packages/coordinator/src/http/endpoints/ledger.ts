import { askableTag, numberFrom, oneOf, textLike } from '@leafcutter/shared/http/parameter';
import { badParameter, wholeNumber } from '@leafcutter/shared/http/query';
import { ledgerPage } from '@leafcutter/shared/inspection';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { z } from 'zod';
import type { CounterName, LedgerEntry } from '../../domain/allocation/range.ts';
import type { LedgerCursor } from '../../domain/allocation/store.ts';
import { type LedgerSubject, readLedgerPage, viewOfRange } from '../../domain/ledger/ledger-pages.ts';
import type { Coordinator } from '../coordinator.ts';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';

const MAX_PAGE = 1_000;
const MAX_MACHINE_ID = 2 ** 20 - 1;

export const LEDGER_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/ledger',
    access: 'viewer',
    summary:
      'Who was granted which range of numbers or of milliseconds, for one tag or all machine ids; with order=newest, for one tag or one machine id.',
    details: 'Pass `next` of a page as `after` to get the next page.',
    variants: {
      '?tag=orders&limit=100&after=x': 'a tag, in order',
      '?machine=all': 'every machine id, one after the other',
      '?tag=orders&order=newest': 'newest first; also for one machine id, `?machine=7&order=newest`',
    },
    query: {
      tag: askableTag,
      machine: textLike(z.string().regex(/^(all|[0-9]{1,7})$/)),
      after: textLike(z.string()),
      limit: numberFrom(1, MAX_PAGE),
      order: oneOf('start', 'newest'),
    },
    answer: ledgerPage,
    errors: ['STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: '1,000 ranges a page (`MAX_PAGE`)' },
    async handle({ coordinator }, { query: { limit = 100, order = 'start', ...query } }) {
      const read = order === 'newest' ? newest : inOrder;
      const { ranges, next } = await read(coordinator, query, limit);
      return { layout: layoutOf(coordinator.config.snowflake), ranges: ranges.map(viewOfRange), next };
    },
  }),
];

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
  if (machine !== undefined && tag !== undefined)
    throw badParameter('machine', 'cannot be combined with tag');
  if (after !== undefined && !/^[0-9]{1,19}$/.test(after))
    throw badParameter('after', 'must be `next` of the previous page');
  const below = after === undefined ? undefined : BigInt(after);
  if (below !== undefined && below > HIGHEST_ID)
    throw badParameter('after', 'must be `next` of the previous page');
  const ranges = await store.latestRanges(counter as CounterName, below, size + 1);
  const page = ranges.slice(0, size);
  return { ranges: page, next: ranges.length > size ? String(page.at(-1)?.start) : null };
}

function readSubject(tag: string | undefined, machine: string | undefined): LedgerSubject {
  if (machine === undefined) {
    if (tag === undefined) throw badParameter('tag', 'or machine=all is required');
    return { kind: 'tag', tag };
  }
  if (tag !== undefined) throw badParameter('machine', 'cannot be combined with tag');
  if (machine !== 'all') throw badParameter('machine', 'must be all');
  return { kind: 'machine' };
}

/** A tag's pages go on above a start, those of the machine ids above `machineId:start`. */
function readCursor(subject: LedgerSubject, after: string): LedgerCursor {
  const [, machineId, start] = /^(?:([0-9]{1,9}):)?([0-9]{1,19})$/.exec(after) ?? [];
  const hasMachineId = machineId !== undefined;
  const isForSubject = hasMachineId === (subject.kind === 'machine');
  if (start === undefined || BigInt(start) > HIGHEST_ID || !isForSubject) {
    throw badParameter('after', 'must be `next` of the previous page, or for a tag a number');
  }
  const counter = subject.kind === 'tag' ? subject : { ...subject, machineId: Number(machineId) };
  return { counter, start: BigInt(start) };
}

function writeCursor({ counter, start }: LedgerCursor): string {
  return counter.kind === 'machine' ? `${counter.machineId}:${start}` : String(start);
}
