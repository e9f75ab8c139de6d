import { LeafcutterError } from '@leafcutter/shared/errors';
import { anyMethod } from '@leafcutter/shared/http/any-method';
import type { ServiceApp } from '@leafcutter/shared/http/service-app';
import { partsOf } from '@leafcutter/shared/layout';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { prefersJson } from '../http/accept.ts';
import { endpoint, OF_STATUS } from '../http/endpoint.ts';
import type { Guards } from '../http/guards.ts';
import { SpringErrors } from '../spring-error.ts';
import { whileConnected } from '../while-connected.ts';
import { LEAF_TYPES, leafFailure } from './answers.ts';
import { CACHE_PAGE_POLICY, cachePage } from './cache-page.ts';
import { tagOfKey } from './tag-of-key.ts';

const SEGMENT = '/api/segment/get';
const SNOWFLAKE = '/api/snowflake/get';

const NO_SNOWFLAKE_ID = {
  status: 400,
  exception: 'org.springframework.web.bind.MissingServletRequestParameterException',
  message: "Required String parameter 'snowflakeId' is not present",
} as const;

/** The lowest number that Leaf reads. */
const LOWEST_LONG = -(2n ** 63n);
const NO_ID = LOWEST_LONG - 1n;

/** Leaf's address whose refusals are ours. */
export const LEAF_ENDPOINTS = [
  endpoint({
    at: 'GET /cache',
    access: 'any',
    summary: 'Every buffer that the token gives access to, as a page for people.',
    media: { 'text/html': z.string() },
    limits: OF_STATUS,
    handle({ agent, guards }, _asked, { request, response }) {
      const page = cachePage(agent, guards.scope(request));
      response.set('Content-Security-Policy', CACHE_PAGE_POLICY).type('html').send(page);
    },
  }),
];

/**
 * Leaf's addresses: bare digits with 200, a message with 500, any method. Its monitor page of the table, `/db`, is
 * missing, because an agent knows no database. (Source: Leaf, `LeafController`, `LeafMonitorController`.)
 */
export function addLeafRoutes(app: ServiceApp, agent: Agent, guards: Guards): void {
  const ids = new Dispenser(agent, 'leaf');
  const refuse = refusal(ids);
  const spring = new SpringErrors(ids, () => agent.now());
  const { refuseMethod } = spring;
  const tagOf = ({ path }: Request) => tagOfKey(path.slice(SEGMENT.length + 1), agent.config.leaf.dottedKeys);
  app.route(
    `${SEGMENT}/:key{/}`,
    anyMethod(async (req, res) => {
      const tag = tagOf(req);
      sendDigits(req, res, ids.oneTextNow(tag) ?? (await ids.one(guards.who(req), tag, whileConnected(res))));
    }),
    { guard: guards.tag(tagOf), refuse, refuseMethod },
  );
  // The key doesn't matter: a snowflake ID belongs to none.
  app.route(
    `${SNOWFLAKE}/:key{/}`,
    anyMethod(async (req, res) =>
      sendDigits(req, res, await ids.snowflake(guards.who(req), whileConnected(res))),
    ),
    { guard: guards.snowflake, refuse, refuseMethod },
  );
  app.route(
    '/decodeSnowflakeId',
    anyMethod((req, res) => {
      if (req.query.snowflakeId !== undefined) decoded(agent, req, res);
      else
        spring.send(NO_SNOWFLAKE_ID, new LeafcutterError('BAD_REQUEST', NO_SNOWFLAKE_ID.message), req, res);
    }),
    { guard: guards.any, refuse, refuseMethod },
  );
  app.express.use('/api', spring.nothingThere);
}

function sendDigits({ headers }: Request, res: Response, id: bigint | string): void {
  res.setHeader('Content-Type', prefersJson(headers.accept) ? LEAF_TYPES.json : LEAF_TYPES.text);
  res.end(String(id));
}

function refusal(ids: Dispenser) {
  return (error: LeafcutterError, { method, path }: Request, res: Response): void => {
    ids.refused(error, { method, path });
    res.status(500).type(LEAF_TYPES.text).send(leafFailure(error));
  };
}

/** Strings throughout, the time in this machine's zone, as Leaf writes them; what is no ID has an `errorMsg` with 200. */
function decoded({ layout }: Agent, { query }: Request, res: Response): void {
  const text = String(query.snowflakeId);
  const id = /^[+-]?[0-9]{1,19}$/.test(text) ? BigInt(text) : NO_ID;
  if (id < LOWEST_LONG || id >> BigInt(bitsOf(layout)) > 0n) {
    res.json({ errorMsg: 'snowflakeId must be a snowflake ID in decimal digits' });
    return;
  }
  // Leaf takes a negative number apart, too: its time lies before the epoch.
  const { timestampMs, machineId, sequence } = partsOf(layout, id);
  res.json({
    timestamp: `${timestampMs}(${localTime(timestampMs)})`,
    sequenceId: String(sequence),
    workerId: String(machineId),
  });
}

function bitsOf({ timestampBits, machineIdBits, sequenceBits }: Agent['layout']): number {
  return timestampBits + machineIdBits + sequenceBits;
}

/** `yyyy-MM-dd HH:mm:ss.SSS` in this machine's zone. */
function localTime(unixMs: number): string {
  const time = new Date(unixMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${day} ${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}
