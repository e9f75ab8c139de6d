import { expect, test } from '@jest/globals';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { report } from '@leafcutter/shared/fakes/samples';
import type { Request, Response } from 'express';
import { coordinatorSettings } from '../settings/settings.ts';
import type { CoordinatorDoor } from './endpoint.ts';
import { COORDINATOR_ENDPOINTS } from './endpoints/all.ts';
import { Paces } from './paces.ts';

test('what is asked for one thing does not keep another waiting', () => {
  const paces = new Paces<string>(new FakeClock(), 1, 'token');
  for (let index = 0; index < 10; index++) paces.check('reports', 'a');
  expect(() => paces.check('reports', 'a')).toThrow();
  for (const kind of ['segments', 'leases', 'reads'] as const) paces.check(kind, 'a');
  paces.change(2);
  for (let index = 0; index < 20; index++) paces.check('reports', 'a');
  expect(() => paces.check('reports', 'a')).toThrow();
});

/** What each address for agents takes from this. */
const BODY = {
  ...report(),
  ratePerSecond: 0,
  waitingIds: 0,
  id: '1',
  agentTimeMs: 0,
  layout: '',
  to: 0,
  extend: false,
};

const FOR_AGENTS = COORDINATOR_ENDPOINTS.flatMap(({ at, access = '', handle }) =>
  ['segments', 'reads', 'leases', 'reports'].includes(access) ? [[at, access, handle] as const] : [],
);

test('addresses for agents are known by their guard', () => {
  expect(FOR_AGENTS.length).toBeGreaterThanOrEqual(6);
});

test.each(FOR_AGENTS)('%s counts among the %s of its agent, before anything else happens', async (...of) => {
  const [, kind, handle] = of;
  const paces = new Paces<string>(new FakeClock(), 1, 'agent');
  for (let index = 0; index < 10; index++) paces.check(kind as 'segments', 'agent-1');
  const config = loadConfig(coordinatorSettings, {
    argv: [],
    env: {},
    cwd: '/',
    service: 'coordinator',
    readFile: () => '',
  }).config;
  const request = { params: { tag: 'orders', machineId: '3' }, query: {}, body: BODY, headers: {} };
  const door = { coordinator: { paces, config } } as unknown as CoordinatorDoor;
  const refusal = handle(door, request as unknown as Request, {} as Response);
  await expect(refusal).rejects.toMatchObject({ code: 'RATE_LIMITED', reason: 'agent' });
});
