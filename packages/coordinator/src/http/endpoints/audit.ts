import { askableTag, numberFrom, textLike } from '@leafcutter/shared/http/parameter';
import { badParameter } from '@leafcutter/shared/http/query';
import { auditPage } from '@leafcutter/shared/inspection';
import { z } from 'zod';
import type { TrailQuery, TrailRecord } from '../../domain/trail/trail.ts';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';

const MAX_PAGE = 1_000;
const CURSOR = /^([0-9]{1,15}):([0-9]{1,18})$/;

export const AUDIT_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/audit',
    access: 'viewer',
    summary: 'The audit trail: who changed what, when and from where, newest first.',
    details: 'Pass `next` of a page as `after` to get the next page.',
    variants: {
      '?tag=orders&limit=100&after=x': 'for one tag',
      '?actor=alice': 'by one admin, by the name of the token',
    },
    query: {
      tag: askableTag,
      actor: textLike(z.string()),
      after: textLike(z.string()),
      limit: numberFrom(1, MAX_PAGE),
    },
    answer: auditPage,
    errors: ['STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: '1,000 changes a page (`MAX_PAGE`)' },
    async handle({ coordinator: { store } }, { query: { tag, actor, after, limit = 100 } }) {
      const found = await store.readTrail({
        tag,
        actor: actor === undefined ? undefined : readActor(actor),
        after: after === undefined ? undefined : readCursor(after),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return {
        changes: page.map(viewOf),
        next: last === undefined ? null : `${last.atMs}:${last.id}`,
      };
    },
  }),
];

function viewOf({ id, subject, origin, ...entry }: TrailRecord) {
  return { ...entry, id: String(id), tag: subject || null, origin: origin || null };
}

/** The column holds ASCII; MySQL refuses to compare it with anything else. */
function readActor(text: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(text)) return text;
  throw badParameter('actor', 'must have 1 to 200 printable characters and no spaces');
}

function readCursor(after: string): TrailQuery['after'] {
  const [, atMs, id] = CURSOR.exec(after) ?? [];
  if (atMs === undefined || id === undefined)
    throw badParameter('after', 'must be `next` of the previous page');
  return { atMs: Number(atMs), id: BigInt(id) };
}
