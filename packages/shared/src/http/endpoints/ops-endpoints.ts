import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { type AskedRequest, endpointsOf } from './endpoint.ts';

/** What the handler of `METRICS` is given. */
export interface ScrapedDoor {
  /** The text that Prometheus scrapes. */
  readonly scrape: () => Promise<{ readonly body: string; readonly contentType: string }>;
}

const endpoint = endpointsOf<ScrapedDoor, never, AskedRequest, ServerResponse>();

export const OF_HEALTH = {
  howOften: 'not bounded',
  howLarge: 'a few bytes',
  makes: 'none',
  howLong:
    'one question to MySQL for all who ask meanwhile; `mysql.statementTimeoutMs` and a quarter of a second',
};

export const LIVEZ = endpoint({
  at: 'GET /livez',
  probed: true,
  summary: 'The process answers.',
  answer: z.strictObject({ status: z.literal('live') }),
  limits: OF_HEALTH,
  handle: () => ({ status: 'live' as const }),
});

export const METRICS = endpoint({
  at: 'GET /metrics',
  probed: true,
  summary: 'Metrics for Prometheus.',
  media: { 'text/plain': z.string() },
  limits: {
    howOften: 'not bounded',
    howLarge: '200 tags by name (`MAX_TAGS_SHOWN`), the others together',
    makes: 'none',
    howLong: "the same question, and the machine ids: the stores' timeouts, a page of 1,000 at a time",
  },
  async handle({ scrape }, _asked, { response }) {
    const { body, contentType } = await scrape();
    response.setHeader('Content-Type', contentType);
    response.end(body);
  },
});
