import { askableTag, numberFrom, textLike } from '@leafcutter/shared/http/parameter';
import {
  changeTagRequest,
  comparedTag,
  createTagRequest,
  lowerTagAnswer,
  lowerTagRequest,
  tagList,
  tagView,
} from '@leafcutter/shared/wire';
import { z } from 'zod';
import { lowerCounter } from '../../domain/tags/lower-counter.ts';
import { authorOf } from '../author.ts';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';

const MAX_PAGE = 1_000;
const path = { tag: askableTag };
const OF_A_BODY = { ...FOR_VIEWERS, howLarge: '`bodyLimitBytes`' };

export const TAG_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/tags',
    access: 'viewer',
    summary: 'Tags, page by page.',
    variants: { '?limit=100&after=x': 'up to 100 (1,000 at most), starting after `x`' },
    query: { after: textLike(z.string()), limit: numberFrom(1, MAX_PAGE) },
    answer: tagList,
    errors: ['STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: '1,000 tags a page (`MAX_PAGE`)' },
    handle: ({ coordinator }, { query: { after, limit = 100 } }) => coordinator.tags.list(after, limit),
  }),
  endpoint({
    at: 'POST /v1/tags',
    access: 'admin',
    summary: 'Creates a tag.',
    details:
      'Takes `tag`; optional are `start`, `step`, `maxStep`, `targetDurationS`, `highestId`, `description`, `shape`. IDs are unique within a tag: other tags may issue the same numbers. If their shapes can write the same texts, `warnings` says so.',
    body: createTagRequest,
    status: 201,
    answer: comparedTag,
    errors: ['TAG_EXISTS', 'STORE_UNAVAILABLE'],
    limits: {
      ...OF_A_BODY,
      howLarge: '`bodyLimitBytes`; 10,000 shapes are compared (`MAX_COMPARED`)',
      makes: 'a tag',
    },
    async handle({ coordinator }, { body }, { request }) {
      const made = await coordinator.tags.create(body, authorOf(coordinator, request));
      coordinator.watch.tagsChanged();
      return made;
    },
  }),
  endpoint({
    at: 'GET /v1/tags/{tag}',
    access: 'viewer',
    summary: 'One tag, and the other tags that can write the same texts.',
    path,
    answer: comparedTag,
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: 'one tag; 10,000 shapes are compared (`MAX_COMPARED`)' },
    handle: ({ coordinator }, { path: { tag } }) => coordinator.tags.show(tag),
  }),
  endpoint({
    at: 'PATCH /v1/tags/{tag}',
    access: 'admin',
    summary: 'Changes a tag; null restores a default.',
    details: 'Takes `step`, `maxStep`, `targetDurationS`, `highestId`, `description`.',
    path,
    body: changeTagRequest,
    answer: tagView,
    errors: ['TAG_UNKNOWN', 'TAG_RETIRED', 'STORE_UNAVAILABLE'],
    limits: OF_A_BODY,
    async handle({ coordinator }, { path: { tag }, body }, { request }) {
      const changed = await coordinator.tags.change(tag, body, authorOf(coordinator, request));
      coordinator.watch.tagsChanged();
      return changed;
    },
  }),
  endpoint({
    at: 'DELETE /v1/tags/{tag}',
    access: 'admin',
    summary: 'Retires a tag for good; its numbers are never reused.',
    details:
      'Agents stop issuing its IDs. `OTHER_WRITERS` in `warnings` means that something else, such as a Leaf, also raises the counter and will go on.',
    path,
    answer: comparedTag,
    errors: ['TAG_UNKNOWN', 'STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: 'one tag' },
    async handle({ coordinator }, { path: { tag } }, { request }) {
      const retired = await coordinator.tags.retire(tag, authorOf(coordinator, request));
      coordinator.watch.tagsChanged();
      return retired;
    },
  }),
  endpoint({
    at: 'POST /v1/tags/{tag}/lower',
    access: 'admin',
    summary: 'Lowers a counter that a typo set too high, together with its fence.',
    details: 'Takes `{"to":"5001"}`; refused if the ledger says that IDs from there on were handed out.',
    path,
    body: lowerTagRequest,
    answer: lowerTagAnswer,
    errors: ['TAG_UNKNOWN', 'TAG_RETIRED', 'STORE_UNAVAILABLE'],
    limits: {
      ...OF_A_BODY,
      howOften: 'one at a time for each tag, under its lock',
      howLong: "the stores' timeouts",
    },
    async handle({ coordinator }, { path: { tag }, body }, { request }) {
      const author = authorOf(coordinator, request);
      const parts = { ...coordinator, events: coordinator.metrics, author };
      const { from, to, highestId } = await lowerCounter(parts, tag, BigInt(body.to), body.force);
      coordinator.metrics.trailNoted('tag.lower');
      const lowered = { tag, from: String(from), to: String(to), highestId: String(highestId) };
      coordinator.log.warn(lowered, 'an admin lowered the counter of a tag');
      return lowered;
    },
  }),
];
