import { LeafcutterError as Failure, type LeafcutterError } from '@leafcutter/shared/errors';
import { anyMethod } from '@leafcutter/shared/http/any-method';
import type { ServiceApp } from '@leafcutter/shared/http/service-app';
import type { Request, Response } from 'express';
import type { Agent } from '../../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { whileConnected } from '../while-connected.ts';

/** What go-leaf says where a tag is not named; everything else that fails is `no available id`. */
const NEED_TAG = 'need biz_tag param';

/** go-leaf's addresses: its JSON as plain text, failures with 500 and `errno` −1. (Source: go-leaf, `httpServer`.) */
export function addGoLeafRoutes(app: ServiceApp, agent: Agent, guard: (request: Request) => void): void {
  const ids = new Dispenser(agent, 'go-leaf');
  const refuse = (error: LeafcutterError, { method, path }: Request, res: Response) => {
    ids.refused(error, { method, path });
    const said = error.reason === 'biz_tag' || error.reason === 'machineid' || error.code === 'UNAUTHORIZED';
    send(res, 500, -1, said ? error.message : 'no available id', 0n);
  };
  app.route(
    '/alloc-segment',
    anyMethod(async (req, res) => {
      const tag = one(req.query.biz_tag);
      if (tag === '') throw new Failure('BAD_REQUEST', NEED_TAG, { reason: 'biz_tag' });
      send(res, 200, 0, 'success', ids.oneNow(tag) ?? (await ids.one(tag, whileConnected(res))));
    }),
    { guard, refuse },
  );
  app.route(
    '/alloc-snowflake',
    anyMethod(async (req, res) => {
      checkMachineId(one(req.query.machineid));
      send(res, 200, 0, 'success', await ids.snowflake(whileConnected(res)));
    }),
    { guard, refuse },
  );
}

/** The machine id is checked and not used: a caller cannot be trusted to choose one; the agent's own is leased. */
function checkMachineId(text: string): void {
  if (!/^[0-9]{1,4}$/.test(text) || Number(text) > 1_023) {
    throw new Failure('BAD_REQUEST', 'need machineid param, 0 to 1023', { reason: 'machineid' });
  }
}

/** The first of a parameter's values, as Go's `FormValue` gives it; empty where there is none. */
function one(value: unknown): string {
  return String(Array.isArray(value) ? (value[0] ?? '') : (value ?? ''));
}

/** Written by hand: the ID is a JSON number in full digits, which no JavaScript number may hold. */
function send(res: Response, status: number, errno: number, msg: string, id: bigint): void {
  res.status(status).setHeader('Content-Type', 'text/plain');
  res.end(`{"errno":${errno},"msg":${JSON.stringify(msg)},"id":${id}}`);
}
