import { LeafcutterError as Failure, type LeafcutterError } from '@leafcutter/shared/errors';
import { anyMethod } from '@leafcutter/shared/http/any-method';
import type { ServiceApp } from '@leafcutter/shared/http/service-app';
import express, { type Request, type Response } from 'express';
import type { ExactId } from '../../domain/segments/segment-buffer.ts';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import type { Guards } from '../http/guards.ts';
import { whileConnected } from '../while-connected.ts';
import { GO_LEAF_TYPE, goLeafBody, goLeafFailure, isMachineId } from './answers.ts';

/** go-leaf's answer if no tag is named. */
const NEED_TAG = 'need biz_tag param';

/** go-leaf's addresses: its JSON as plain text, failures with 500 and `errno` −1. (Source: go-leaf, `httpServer`.) */
export function addGoLeafRoutes(app: ServiceApp, agent: Agent, guards: Guards): void {
  const ids = new Dispenser(agent, 'go-leaf');
  const refuse = (error: LeafcutterError, { method, path }: Request, res: Response) => {
    ids.refused(error, { method, path });
    send(res, 500, goLeafFailure(error));
  };
  // Before the guard, which has to know the tag.
  const form = express.urlencoded({ extended: false, limit: agent.config.bodyLimitBytes, inflate: false });
  app.express.use(['/alloc-segment', '/alloc-snowflake'], form);
  app.route(
    '/alloc-segment',
    anyMethod(async (req, res) => {
      const tag = one(req, 'biz_tag');
      if (tag === '') throw new Failure('BAD_REQUEST', NEED_TAG, { reason: 'biz_tag' });
      succeed(res, ids.oneExactNow(tag) ?? (await ids.one(guards.who(req), tag, whileConnected(res))));
    }),
    { guard: guards.tag((req) => one(req, 'biz_tag')), refuse },
  );
  app.route(
    '/alloc-snowflake',
    anyMethod(async (req, res) => {
      checkMachineId(one(req, 'machineid'));
      succeed(res, await ids.snowflake(guards.who(req), whileConnected(res)));
    }),
    { guard: guards.snowflake, refuse },
  );
}

/**
 * The machine id is checked but not used: a caller cannot be trusted to choose one, so the agent's own lease counts.
 */
function checkMachineId(text: string): void {
  if (!isMachineId(text)) {
    throw new Failure('BAD_REQUEST', 'need machineid param, 0 to 1023', { reason: 'machineid' });
  }
}

/** A parameter as Go's `FormValue` gives it: the first value, a form's before the query's; empty where there is none. */
function one(req: Request, name: string): string {
  const form: unknown = req.is('urlencoded') ? req.body : undefined;
  const inForm =
    typeof form === 'object' && form !== null ? (form as Record<string, unknown>)[name] : undefined;
  const value = inForm ?? req.query[name] ?? '';
  return String(Array.isArray(value) ? (value[0] ?? '') : value);
}

function succeed(res: Response, id: ExactId): void {
  send(res, 200, goLeafBody(0, 'success', id));
}

function send(res: Response, status: number, body: string): void {
  res.status(status).setHeader('Content-Type', GO_LEAF_TYPE);
  res.end(body);
}
