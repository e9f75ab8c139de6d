import { badParameter, readQuery, wholeNumber } from '@leafcutter/shared/http/query';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { HIGHEST_ID, isAskableTag } from '@leafcutter/shared/tag';
import type { LedgerPage } from '@leafcutter/shared/wire';
import type { Request, Response } from 'express';
import type { Coordinator } from '../coordinator.ts';
import { type LedgerSubject, readLedgerPage } from '../domain/ledger-pages.ts';
import type { LedgerCursor } from '../domain/store.ts';

const MAX_PAGE = 1_000;

/** `GET /v1/ledger?tag=orders`, `?machine=all`: who was granted what. */
export async function listLedger(coordinator: Coordinator, req: Request, res: Response): Promise<void> {
  const { tag, machine, after, limit } = readQuery(req, ['tag', 'machine', 'after', 'limit']);
  const subject = readSubject(tag, machine);
  const cursor = after === undefined ? undefined : readCursor(subject, after);
  const size = wholeNumber('limit', limit ?? '100', 1, MAX_PAGE);
  const { ranges, next } = await readLedgerPage(coordinator.store, subject, cursor, size);
  const answer: LedgerPage = {
    layout: layoutOf(coordinator.config.snowflake),
    ranges: ranges.map(({ counter, start, end, ...rest }) => ({
      tag: counter.kind === 'tag' ? counter.tag : null,
      machineId: counter.kind === 'machine' ? counter.machineId : null,
      start: String(start),
      end: String(end),
      ...rest,
    })),
    next: next === undefined ? null : writeCursor(next),
  };
  res.json(answer);
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
