import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Problem } from '@leafcutter/shared/problem';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const APPLICATION = { authorization: 'Bearer application' };
const ADMIN = { authorization: 'Bearer admin', 'content-type': 'application/json' };
let coordinator: Service;
let agent: Service;
let folder: string;

beforeAll(async () => {
  folder = await scratchDir('http-manners');
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(folder, 'data')],
    env: { LEAFCUTTER_ADMIN_TOKENS: 'admin', LEAFCUTTER_AGENT_TOKENS: 'agent' },
  });
  agent = await Service.start({
    kind: 'agent',
    name: 'agent',
    flags: ['--coordinators', coordinator.url, '--snowflake-enabled', '--report-interval-ms', '100'],
    env: { LEAFCUTTER_COORDINATOR_TOKEN: 'agent', LEAFCUTTER_TOKENS: 'application,other' },
  });
  await createTag('orders', { step: 100_000 });
});

afterAll(async () => {
  await agent.stop();
  await coordinator.stop();
});

async function createTag(tag: string, fields: object = {}): Promise<void> {
  const body = JSON.stringify({ tag, ...fields });
  const response = await fetch(`${coordinator.url}/v1/tags`, { method: 'POST', headers: ADMIN, body });
  expect(response.status).toBe(201);
}

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(agent.url + path, { ...init, headers: { ...APPLICATION, ...init.headers } });
}

async function textOf(path: string, init?: RequestInit): Promise<string> {
  const response = await ask(path, init);
  const body = await response.text();
  expect({ path, status: response.status, body }).toMatchObject({ status: 200 });
  return body;
}

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const text = await response.text();
  expect(text).not.toMatch(/node_modules|\.ts:|\bat \w+ \(/);
  const problem = JSON.parse(text) as Problem;
  expect(problem.status).toBe(response.status);
  expect(problem.type).toBe(`urn:leafcutter:error:${problem.code}`);
  expect(response.headers.has('retry-after')).toBe(problem.retryable);
  return problem;
}

/** Sends bytes that `fetch` would not, and resolves to all that comes back. */
function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(agent.url).port), '127.0.0.1', () => socket.end(request));
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += String(chunk);
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
  });
}

describe('an agent refuses', () => {
  test.each([
    ['/v1/ids/nobody', 404, 'TAG_UNKNOWN', undefined],
    [`/v1/ids/${'a'.repeat(129)}`, 400, 'BAD_REQUEST', 'tag'],
    ['/v1/ids/a%00b', 400, 'BAD_REQUEST', 'tag'],
    ['/v1/ids/a%0Ab', 400, 'BAD_REQUEST', 'tag'],
    ['/v1/ids/%zz', 400, 'BAD_REQUEST', 'path'],
    ['/v1/ids/%ff', 400, 'BAD_REQUEST', 'path'],
    ['/v1/ids/orders?count=0', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=10001', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=-1', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=1e3', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=abc', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=1.5', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=0x10', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=%EF%BC%91', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=99999999999999999999', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count=1&count=2', 400, 'BAD_REQUEST', 'count'],
    ['/v1/ids/orders?count[]=1', 400, 'BAD_REQUEST', 'count[]'],
    ['/v1/ids/orders?Count=1', 400, 'BAD_REQUEST', 'Count'],
    ['/v1/ids/orders?size=5', 400, 'BAD_REQUEST', 'size'],
    ['/v1/ids/orders?__proto__=5', 400, 'BAD_REQUEST', '__proto__'],
    ['/v1/ids/orders?format=xml', 400, 'BAD_REQUEST', 'format'],
    ['/v1/ids/orders?format=block&count=10001', 400, 'BAD_REQUEST', 'count'],
    ['/v1/snowflake?format=block', 400, 'BAD_REQUEST', 'format'],
    ['/v1/snowflake?format=ranges', 400, 'BAD_REQUEST', 'format'],
    ['/v1/snowflake?count=10001', 400, 'BAD_REQUEST', 'count'],
    ['/v1/snowflake?tag=orders', 400, 'BAD_REQUEST', 'tag'],
    ['/v1/decode/abc', 400, 'BAD_REQUEST', 'id'],
    ['/v1/decode/-1', 400, 'BAD_REQUEST', 'id'],
    ['/v1/decode/9223372036854775808', 400, 'BAD_REQUEST', 'id'],
    ['/v1/decode/99999999999999999999', 400, 'BAD_REQUEST', 'id'],
    ['/readyz?mode=both', 400, 'BAD_REQUEST', 'mode'],
    ['/v1/ids', 404, 'NOT_FOUND', undefined],
    ['/v1/ids/', 404, 'NOT_FOUND', undefined],
    ['/v1/ids/orders/', 404, 'NOT_FOUND', undefined],
    ['/V1/ids/orders', 404, 'NOT_FOUND', undefined],
    ['/v1/tags', 404, 'NOT_FOUND', undefined],
    ['/nothing', 404, 'NOT_FOUND', undefined],
    ['/assets/nothing.js', 404, 'NOT_FOUND', undefined],
    ['/assets/..%2findex.html', 404, 'NOT_FOUND', undefined],
  ])('%s with %p %s', async (path, status, code, reason) => {
    const response = await ask(path);
    expect(response.status).toBe(status);
    const problem = await problemOf(response);
    expect({ code: problem.code, reason: problem.reason }).toEqual({ code, reason });
    expect(problem.retryable).toBe(false);
    if (reason !== undefined && reason !== 'path') expect(problem.detail).toContain(reason);
  });

  test('a body that is too long or broken, however little it matters', async () => {
    const headers = { 'content-type': 'application/json' };
    const long = await ask('/v1/ids/orders', { method: 'POST', body: 'x'.repeat(20_000) });
    expect(await problemOf(long)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    const broken = await ask('/v1/ids/orders', { method: 'POST', headers, body: '{"a":' });
    expect(await problemOf(broken)).toMatchObject({ status: 400, code: 'BAD_REQUEST', reason: 'body' });
  });

  test.each(['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s with 405 and burns no ID', async (method) => {
    const before = BigInt(await textOf('/v1/ids/orders'));
    const response = await ask('/v1/ids/orders', { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST');
    if (method !== 'HEAD') expect(await problemOf(response)).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    expect(BigInt(await textOf('/v1/ids/orders'))).toBe(before + 1n);
  });

  test.each(['/livez', '/readyz', '/metrics'])('HEAD and OPTIONS at %s never', async (path) => {
    const head = await ask(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const options = await ask(path, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  });

  test.each([
    ['no token', {}, 'missing_token'],
    ['a wrong token', { authorization: 'Bearer guess' }, 'wrong_token'],
    ['a token that is only begun', { authorization: 'Bearer applicatio' }, 'wrong_token'],
    ['two tokens in one', { authorization: 'Bearer application,other' }, 'wrong_token'],
    ['another scheme', { authorization: 'Basic application' }, 'missing_token'],
    ['the coordinators’ token', { authorization: 'Bearer agent' }, 'wrong_token'],
  ])('%s with 401', async (_what, headers, reason) => {
    for (const path of ['/v1/ids/orders', '/v1/snowflake', '/v1/decode/1', '/v1/status', '/v1/events']) {
      const response = await fetch(agent.url + path, { headers: headers as Record<string, string> });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problemOf(response)).toMatchObject({ status: 401, code: 'UNAUTHORIZED', reason });
    }
  });

  test('what is no HTTP, and goes on serving', async () => {
    expect(await raw('GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    const line =
      'GET /v1/ids/%E0%A4%A HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer other\r\n\r\n';
    expect(await raw(line)).toMatch(/^HTTP\/1\.1 400 [\s\S]*broken % escape/);
    await textOf('/v1/ids/orders');
  });
});

describe('an agent without a coordinator', () => {
  test('answers 503 with Retry-After, is live, and not ready', async () => {
    const lonely = await Service.start(
      {
        kind: 'agent',
        name: 'lonely',
        flags: [
          '--coordinators',
          `http://127.0.0.1:${await freePort()}`,
          '--wait-ms',
          '300',
          '--snowflake-enabled',
        ],
      },
      'live',
    );
    const refused = await fetch(`${lonely.url}/v1/ids/orders`);
    expect(await problemOf(refused)).toMatchObject({
      status: 503,
      code: 'COORDINATOR_UNAVAILABLE',
      retryable: true,
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const snowflake = await poll(async () => {
      const problem = await problemOf(await fetch(`${lonely.url}/v1/snowflake`));
      return problem.code === 'COORDINATOR_UNAVAILABLE' && problem;
    });
    expect(snowflake).toMatchObject({ status: 503, retryable: true });
    const ready = await fetch(`${lonely.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: 'not_ready',
      modes: {
        segment: { ready: false, reason: 'no_coordinator_yet' },
        snowflake: { ready: false, reason: 'no_window' },
      },
      dependencies: [
        {
          name: 'coordinators',
          state: 'down',
          ok: false,
          sinceMs: expect.any(Number),
          reason: 'COORDINATOR_UNAVAILABLE',
        },
      ],
    });
    await lonely.stop();
  });
});
