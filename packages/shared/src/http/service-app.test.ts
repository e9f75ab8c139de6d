import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { LeafcutterError } from '../errors.ts';
import { endpointsOf } from './endpoints/endpoint.ts';
import { LIVEZ } from './endpoints/ops-endpoints.ts';
import { textLike } from './endpoints/parameter.ts';
import { ServiceApp } from './service-app.ts';

const endpoint = endpointsOf<object, 'token'>();
const limits = { howOften: '', howLarge: '', makes: '', howLong: '' };
const told = { summary: 'A test.', limits };
const media = { 'text/plain': z.string() };

const ENDPOINTS = [
  endpoint({
    at: 'GET /v1/ids/{tag}',
    ...told,
    path: { tag: textLike(z.string()) },
    media,
    handle(_door, { path: { tag } }, { response }) {
      handled += 1;
      response.type('text').send(tag);
    },
  }),
  endpoint({
    at: 'POST /v1/ids/{tag}',
    ...told,
    path: { tag: textLike(z.string()) },
    media,
    handle(_door, _asked, { request, response }) {
      handled += 1;
      response.json({ body: request.body ?? null });
    },
  }),
  endpoint({
    at: 'GET /crash',
    ...told,
    handle() {
      throw new Error('secret detail at /srv/leafcutter/secret.ts:1');
    },
  }),
  endpoint({
    at: 'GET /late-crash',
    ...told,
    media,
    handle(_door, _asked, { response }) {
      response.write('begun');
      throw new Error('too late');
    },
  }),
  endpoint({
    at: 'GET /reject',
    ...told,
    handle: () => Promise.reject(new LeafcutterError('RATE_LIMITED', 'Wait.', { retryAfterMs: 4_500 })),
  }),
  endpoint({ at: 'GET /guarded', ...told, access: 'token', handle: () => undefined }),
];

function refuseAll(): never {
  throw new LeafcutterError('UNAUTHORIZED', 'Send a token.');
}

let server: Server;
let url = '';
let handled = 0;
const seen: string[] = [];

beforeAll(async () => {
  const app = new ServiceApp({ bodyLimitBytes: 1_024, onError: (error) => seen.push(error.code) });
  app.serve(ENDPOINTS, {}, { token: refuseAll });
  app.serve([LIVEZ], { scrape: () => Promise.reject(new Error('not asked')) }, {});
  app.route(
    '/other-words',
    { GET: () => Promise.reject(new LeafcutterError('TAG_UNKNOWN', 'No such tag.')) },
    { refuse: (error, _request, response) => void response.status(500).send(`-${error.code}`) },
  );
  server = createServer(app.seal());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  handled = 0;
  seen.length = 0;
});

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(url + path, init);
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const problem = text !== '' && type.startsWith('application/problem+json') ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, problem };
}

/** Sends bytes that `fetch` would refuse to, and gives the status line. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.end(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('end', () => resolve(answer.split('\r\n')[0] ?? ''));
    socket.on('error', reject);
  });
}

const post = (body: string, type = 'application/json') => ({
  method: 'POST',
  headers: { 'content-type': type },
  body,
});

test('a request that a page of another site sends is refused before its handler runs', async () => {
  const { status, problem } = await ask('/v1/ids/orders', {
    headers: { origin: 'http://elsewhere.example' },
  });
  expect(status).toBe(403);
  expect(problem).toMatchObject({ code: 'FORBIDDEN', reason: 'cross_site' });
  expect(handled).toBe(0);
});

describe('a method', () => {
  test('that is listed reaches its handler', async () => {
    expect(await ask('/v1/ids/orders')).toMatchObject({ status: 200, text: 'orders' });
    expect((await ask('/v1/ids/orders', post('{"a":1}'))).text).toBe('{"body":{"a":1}}');
    expect(handled).toBe(2);
  });

  test.each(['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    '%s is 405 with Allow, and no handler runs',
    async (method) => {
      const { status, headers } = await ask('/v1/ids/orders', { method });
      expect(status).toBe(405);
      expect(headers.get('allow')).toBe('GET, POST');
      expect(handled).toBe(0);
      expect(seen).toEqual(['METHOD_NOT_ALLOWED']);
    },
  );

  test('what only looks answers HEAD as it does GET, without a body, and OPTIONS with Allow', async () => {
    const got = await ask('/livez');
    expect(got).toMatchObject({ status: 200, text: '{"status":"live"}' });
    const head = await ask('/livez', { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(got.headers.get('content-length'));
    const options = await ask('/livez', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const posted = await ask('/livez', { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('negative control: a plain Express route runs GET’s handler for HEAD', async () => {
    const { default: express } = await import('express');
    let ran = 0;
    const plain = express().get('/id', (_request, response) => {
      ran += 1;
      response.send('1');
    });
    const other = createServer(plain);
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    await fetch(`http://127.0.0.1:${(other.address() as AddressInfo).port}/id`, { method: 'HEAD' });
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
    expect(ran).toBe(1);
  });

  test.each<Record<string, string>>([
    { 'if-none-match': '*' },
    { 'if-modified-since': 'Mon, 23 Nov 2026 00:00:00 GMT' },
  ])('asked for conditionally (%p) is answered in full: the ID is taken already', async (headers) => {
    const response = await fetch(`${url}/v1/ids/orders`, { headers });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('orders');
  });

  test('named like something objects inherit finds no handler', async () => {
    expect(await raw('constructor /v1/ids/orders HTTP/1.1\r\nHost: x\r\n\r\n')).not.toContain('200');
    expect(handled).toBe(0);
  });
});

describe('an address', () => {
  test.each(['/nothing', '/V1/ids/orders', '/v1/ids/orders/', '/v1/ids/', '/v1/ids/a/b', '/'])(
    '%s is 404: paths match exactly',
    async (path) => {
      const { status, problem } = await ask(path);
      expect([status, problem.code]).toEqual([404, 'NOT_FOUND']);
      expect(handled).toBe(0);
    },
  );

  test.each(['/v1/ids/%', '/v1/ids/%E0%A4%A', '/v1/ids/%zz'])('%s has a broken escape: 400', async (path) => {
    const { status, problem } = await ask(path);
    expect([status, problem.code, problem.reason]).toEqual([400, 'BAD_REQUEST', 'path']);
    expect(seen).toEqual(['BAD_REQUEST']);
  });

  test('may hold escaped slashes and letters of any script', async () => {
    expect((await ask('/v1/ids/a%2Fb%20%C3%BC')).text).toBe('a/b ü');
  });

  test('of any length is not repeated in full', async () => {
    const { text } = await ask(`/${'x'.repeat(5_000)}`);
    expect(text.length).toBeLessThan(600);
  });
});

describe('a body', () => {
  test.each(['{', '{"a":}', 'nonsense', '"text"', '5'])('%p is 400', async (body) => {
    const { status, problem } = await ask('/v1/ids/orders', post(body));
    expect([status, problem.code, problem.reason]).toEqual([400, 'BAD_REQUEST', 'body']);
    expect(handled).toBe(0);
  });

  test('that says it is too large is 413, whatever its type, and the connection ends', async () => {
    for (const type of ['application/json', 'text/plain']) {
      const { status, problem, headers } = await ask('/v1/ids/orders', post('x'.repeat(1_025), type));
      expect([status, problem.code, headers.get('connection')]).toEqual([413, 'PAYLOAD_TOO_LARGE', 'close']);
    }
    expect(handled).toBe(0);
  });

  test('that does not say how large it is, and is too large, is 413', async () => {
    const chunk = `400\r\n${'1'.repeat(1_024)}\r\n`;
    const head = 'POST /v1/ids/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    expect(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`)).toContain('413');
    expect(handled).toBe(0);
  });

  test('up to the limit is read', async () => {
    const { status } = await ask('/v1/ids/orders', post(JSON.stringify({ a: 'x'.repeat(1_000) })));
    expect(status).toBe(200);
  });

  test('that is compressed is refused, so that a small one cannot become large', async () => {
    const init = post('{}');
    const { status } = await ask('/v1/ids/orders', {
      ...init,
      headers: { ...init.headers, 'content-encoding': 'gzip' },
    });
    expect(status).toBe(400);
    expect(handled).toBe(0);
  });
});

describe('a failure', () => {
  test('that nobody expected is 500 without a word of it', async () => {
    const { status, text, problem } = await ask('/crash');
    expect([status, problem.code]).toEqual([500, 'INTERNAL']);
    expect(text).not.toMatch(/secret|\.ts|stack|at /);
  });

  test('of a promise is answered with its code and when to ask again', async () => {
    const { status, problem, headers } = await ask('/reject');
    expect([status, problem.code, headers.get('retry-after')]).toEqual([429, 'RATE_LIMITED', '5']);
  });

  test('after the answer has begun ends the connection', async () => {
    await expect(ask('/late-crash')).rejects.toThrow();
    expect(seen).toEqual(['INTERNAL']);
  });

  test('is said in the words of a route that has its own', async () => {
    expect(await ask('/other-words')).toMatchObject({ status: 500, text: '-TAG_UNKNOWN' });
    expect((await ask('/other-words', { method: 'PUT' })).problem.code).toBe('METHOD_NOT_ALLOWED');
    expect(seen).toEqual(['METHOD_NOT_ALLOWED']);
  });

  test('of the guard keeps the handler from running, and says how to come in', async () => {
    const { status, headers } = await ask('/guarded');
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  test.each(['/nothing', '/crash', '/reject', '/guarded', '/v1/ids/%', '/v1/ids/orders'])(
    'or success at %s has no stack, is not cached, and does not tell what serves it',
    async (path) => {
      const { text, headers } = await ask(path);
      expect(text).not.toMatch(/node_modules|\n\s+at |Error:/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('etag')).toBeNull();
    },
  );
});

describe('the document', () => {
  const documentOf = async (options: { title?: string }) => {
    const app = new ServiceApp({ bodyLimitBytes: 1_024, onError: () => undefined, ...options });
    app.serve(ENDPOINTS, {}, { token: refuseAll });
    app.route('/api/segment/get/:key', { GET: () => undefined }, { refuse: () => undefined });
    const other = createServer(app.seal());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/openapi.json`);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
    return { status: response.status, document: await response.json() };
  };

  test('tells every endpoint, and no address of another system', async () => {
    const { document } = await documentOf({ title: 'test' });
    const { paths } = document as { paths: Record<string, object> };
    expect(Object.keys(paths).sort()).toEqual([
      ...['/crash', '/guarded', '/late-crash', '/reject', '/v1/ids/{tag}'],
    ]);
    expect(Object.keys(paths['/v1/ids/{tag}'] ?? {})).toEqual(['get', 'post']);
  });

  test('is not there for a service without a title', async () => {
    expect((await documentOf({})).status).toBe(404);
  });
});
