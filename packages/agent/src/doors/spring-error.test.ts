import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Address } from '@leafcutter/shared/config/address';
import { type Listening, listen } from '@leafcutter/shared/http/listen';
import { ServiceApp } from '@leafcutter/shared/http/service-app';
import { ANYWHERE, doorAgent } from '../fakes/door-agent.ts';
import { guardsOf } from './http/guards.ts';
import { addLeafRoutes } from './leaf/routes.ts';
import { addTinyidRoutes } from './tinyid/routes.ts';
import { TagTokens } from './tinyid/tag-tokens.ts';

const TYPE = 'application/json;charset=UTF-8';

let door: Listening;
let nowMs: number;

beforeAll(async () => {
  const { agent } = doorAgent();
  nowMs = agent.now();
  Object.assign(agent, { tinyidTokens: new TagTokens([]) });
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

const ACCEPTS = ['*/*', 'application/json', 'text/plain, application/json, */*'];

/** What a program of Spring Boot 1.5.18 with these addresses answered; only the times were others. */
const errorOf = (status: number, error: string, more: string, path: string) =>
  `{"timestamp":${nowMs},"status":${status},"error":"${error}",${more},"path":"${path}"}`;

describe('what Leaf and tinyid have nothing for is told byte for byte as they tell it', () => {
  test.each([
    ['GET', '/api/'],
    ['GET', '/api/segment/get/'],
    ['GET', '/api/segment/get'],
    ['GET', '/api/x%20y'],
    ['POST', '/api/segment/put/a?b=c'],
    ['DELETE', '/api/snowflake/get/a/b'],
    ['GET', '/api/segment/get/%2e%2e/x'],
    ['GET', '/tinyid/'],
    ['GET', '/tinyid/id/'],
    ['POST', '/tinyid/id/nextID?bizType=a'],
    ['PUT', '/tinyid/id/nextId/1'],
  ])('%s %s: 404', async (method, path) => {
    const body = errorOf(404, 'Not Found', '"message":"No message available"', path.split('?')[0] ?? '');
    for (const accept of ACCEPTS) expect((await ask(method, path, accept)).answer).toEqual([404, TYPE, body]);
  });

  const MISMATCH = 'org.springframework.web.method.annotation.MethodArgumentTypeMismatchException';
  const CONVERT = "Failed to convert value of type 'java.lang.String' to required type 'java.lang.Integer'";
  const NESTED = 'nested exception is java.lang.NumberFormatException: For input string:';

  test.each([
    ['abc', 'abc'],
    ['1.5', '1.5'],
    ['2147483648', '2147483648'],
    ['99999999999', '99999999999'],
    ['%22x', '\\"x'],
  ])('batchSize=%s: 400', async (sent, told) => {
    const message = `${CONVERT}; ${NESTED} \\"${told}\\"`;
    const more = `"exception":"${MISMATCH}","message":"${message}"`;
    for (const path of ['/tinyid/id/nextId', '/tinyid/id/nextIdSimple']) {
      const { answer } = await ask('GET', `${path}?bizType=a&batchSize=${sent}`, '*/*');
      expect(answer).toEqual([400, TYPE, errorOf(400, 'Bad Request', more, path)]);
    }
  });

  test('/decodeSnowflakeId without an ID: 400', async () => {
    const missing = 'org.springframework.web.bind.MissingServletRequestParameterException';
    const more = `"exception":"${missing}","message":"Required String parameter 'snowflakeId' is not present"`;
    const { answer } = await ask('POST', '/decodeSnowflakeId', '*/*');
    expect(answer).toEqual([400, TYPE, errorOf(400, 'Bad Request', more, '/decodeSnowflakeId')]);
  });

  test.each([
    '/api/segment/get/a',
    '/api/snowflake/get/a',
    '/decodeSnowflakeId?snowflakeId=1',
    '/tinyid/id/nextId?bizType=a',
    '/tinyid/id/nextIdSimple?bizType=a',
    '/tinyid/id/nextSegmentId?bizType=a',
    '/tinyid/id/nextSegmentIdSimple?bizType=a',
  ])('TRACE, and what asks for nothing either, at %s: 405 without a body', async (path) => {
    const allow = 'GET, POST, PUT, PATCH, DELETE, OPTIONS';
    for (const method of ['TRACE', 'HEAD', 'PROPFIND'])
      expect(await ask(method, path, '*/*')).toEqual({ answer: [405, undefined, ''], allow });
  });

  test('what lies beside their addresses is told as our own', async () => {
    for (const path of ['/apis', '/tinyids', '/v1/none']) {
      const { answer } = await ask('GET', path, '*/*');
      expect(answer.slice(0, 2)).toEqual([404, 'application/problem+json; charset=utf-8']);
    }
  });
});
