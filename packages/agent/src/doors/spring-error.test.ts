import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Address } from '@leafcutter/shared/config/address';
import { type Listening, listen } from '@leafcutter/shared/http/listen';
import { ServiceApp } from '@leafcutter/shared/http/service-app';
import { ANYWHERE, doorAgent } from '../fakes/door-agent.ts';
import { guardsOf } from './http/guards.ts';
import { addLeafRoutes } from './leaf/routes.ts';
import { addTinyidRoutes } from './tinyid/routes.ts';

const TYPE = 'application/json;charset=UTF-8';

let door: Listening;
let nowMs: number;

beforeAll(async () => {
  const { agent } = doorAgent();
  nowMs = agent.now();
  Object.assign(agent.config, { leaf: { enabled: true, dottedKeys: 'cut' } });
  const app = new ServiceApp({ bodyLimitBytes: 1_024, onError: () => undefined });
  addLeafRoutes(app, agent, guardsOf(agent));
  addTinyidRoutes(app, agent);
  door = await listen(ANYWHERE, app.seal(), 'listen');
});

afterAll(() => door.close(0));

/** Status, type and body; and what is allowed, if that is told. */
function ask(method: string, path: string, accept: string) {
  const { port } = door.address as Address;
  return new Promise<{ answer: unknown[]; allow: string | undefined }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers: { accept } }, async (got) => {
      const body = Buffer.concat(await got.toArray()).toString();
      resolve({ answer: [got.statusCode, got.headers['content-type'], body], allow: got.headers.allow });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const ACCEPTS = ['*/*', 'application/json', 'text/plain'];

describe('what Leaf and tinyid have nothing for is told byte for byte as they tell it', () => {
  test.each([
    ['GET', '/api/'],
    ['GET', '/api/segment/get/'],
    ['GET', '/api/segment/get'],
    ['POST', '/api/segment/put/a?b=c'],
    ['DELETE', '/api/snowflake/get/a/b'],
    ['GET', '/api/segment/get/%2e%2e/x'],
    ['GET', '/tinyid'],
    ['GET', '/tinyid/id/'],
    ['POST', '/tinyid/id/nextID?bizType=a'],
    ['PUT', '/tinyid/id/nextId/1'],
  ])('%s %s: 404', async (method, path) => {
    const named = path.split('?')[0];
    const body = `{"timestamp":${nowMs},"status":404,"error":"Not Found","message":"No message available","path":"${named}"}`;
    for (const accept of ACCEPTS)
      expect((await ask(method, path, accept)).answer).toEqual([404, TYPE, body]);
  });

  test.each([
    '/api/segment/get/a',
    '/api/snowflake/get/a',
    '/decodeSnowflakeId?snowflakeId=1',
    '/tinyid/id/nextId?bizType=a',
    '/tinyid/id/nextIdSimple?bizType=a',
    '/tinyid/id/nextSegmentId?bizType=a',
    '/tinyid/id/nextSegmentIdSimple?bizType=a',
  ])('a method that asks for nothing at %s: 405, in the same form', async (path) => {
    const named = path.split('?')[0];
    const body = `{"timestamp":${nowMs},"status":405,"error":"Method Not Allowed","message":"Method Not Allowed","path":"${named}"}`;
    const allow = 'GET, POST, PUT, PATCH, DELETE, OPTIONS';
    for (const accept of ACCEPTS) {
      expect(await ask('TRACE', path, accept)).toEqual({ answer: [405, TYPE, body], allow });
      expect(await ask('HEAD', path, accept)).toEqual({ answer: [405, TYPE, ''], allow });
    }
  });

  test('what lies beside their addresses is told as our own', async () => {
    for (const path of ['/apis', '/tinyids', '/v1/none']) {
      const { answer } = await ask('GET', path, '*/*');
      expect(answer.slice(0, 2)).toEqual([404, 'application/problem+json; charset=utf-8']);
    }
  });
});
