import { askableTag, oneOf, type Parameter, textLike } from '@leafcutter/shared/http/parameter';
import { badParameter } from '@leafcutter/shared/http/query';
import { explanation } from '@leafcutter/shared/inspection';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { z } from 'zod';
import { decimalId } from '../../domain/ledger/explain.ts';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';

/** An ID as its tag writes it. */
const written = textLike(z.string().regex(/^[A-Za-z0-9._~-]{1,84}$/));
const inDigits: Parameter<bigint> = {
  schema: z.string().regex(/^[0-9]{1,19}$/),
  read(name, text) {
    const id = decimalId(text);
    if (id !== undefined) return id;
    throw badParameter(name, `must be an ID in decimal digits, up to ${HIGHEST_ID}`);
  },
};
const OF_ONE = { ...FOR_VIEWERS, howLarge: 'one ID' };

export const EXPLAIN_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/explain/{id}',
    access: 'viewer',
    summary:
      'Who was given an ID: a number of any tag or a snowflake; or with `tag`, an ID in the form in which that tag writes it.',
    path: { id: written },
    query: { tag: askableTag, mode: oneOf('snowflake') },
    answer: explanation,
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: '1,000 tags are looked at (`MAX_TAGS`)' },
    handle({ coordinator: { explainer } }, { path: { id }, query: { tag, mode } }) {
      if (mode !== undefined && tag !== undefined) throw badParameter('mode', 'cannot be combined with tag');
      if (tag !== undefined) return explainer.inTag(tag, id);
      const number = inDigits.read('id', id);
      return mode === undefined ? explainer.anything(number) : explainer.asSnowflake(number);
    },
  }),
  endpoint({
    at: 'GET /v1/explain/snowflake/{id}',
    access: 'viewer',
    summary: 'Who was given a snowflake ID.',
    path: { id: inDigits },
    answer: explanation,
    errors: ['STORE_UNAVAILABLE'],
    limits: OF_ONE,
    handle: ({ coordinator: { explainer } }, { path: { id } }) => explainer.asSnowflake(id),
  }),
  endpoint({
    at: 'GET /v1/explain/{tag}/{id}',
    access: 'viewer',
    summary: 'Who was given an ID of a tag.',
    details: 'For a tag named `snowflake`, use `?tag=`.',
    path: { tag: askableTag, id: written },
    answer: explanation,
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    limits: OF_ONE,
    handle: ({ coordinator: { explainer } }, { path: { tag, id } }) => explainer.inTag(tag, id),
  }),
];
