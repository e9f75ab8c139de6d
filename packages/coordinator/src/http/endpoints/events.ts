import { askableTag, oneOf, textLike } from '@leafcutter/shared/http/parameter';
import { z } from 'zod';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';
import { FLEET_EVENTS } from '../event-schemas.ts';

export const EVENT_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/events',
    access: 'viewer',
    summary: 'The fleet, one tag, one agent or the machine ids, live as server-sent events.',
    details: 'What the console shows.',
    variants: {
      '?tag=orders': 'one tag',
      '?agent=agent-1': 'one agent',
      '?view=machine-ids': 'the machine ids',
    },
    query: { tag: askableTag, agent: textLike(z.string()), view: oneOf('fleet', 'machine-ids') },
    events: FLEET_EVENTS,
    errors: ['RATE_LIMITED'],
    limits: {
      ...FOR_VIEWERS,
      howOften: '64 listeners (`MAX_LISTENERS`); one look a second for all',
      howLarge: '1,000 rows (`MAX_ROWS`)',
      howLong: 'until the listener goes; its token is asked with each event',
    },
    handle: ({ events }, { query }, { request, response }) => events.open(query, request, response),
  }),
];
