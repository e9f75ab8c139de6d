import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { CALL_HEADER } from '@leafcutter/shared/wire-version';
import { CoordinatorEndpoint } from './endpoint.ts';

/** An endpoint that reaches a server which answers so, and how many connections that server got. */
async function reaching(listener: RequestListener) {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endpoint = new CoordinatorEndpoint(url, {
    token: undefined,
    timeoutMs: 5_000,
    clock: new FakeClock(),
  });
  return {
    endpoint,
    count: () => connections,
    post: () => endpoint.post('/v1/agents/report', () => ({})).then(() => 'served', reasonOf),
    async [Symbol.asyncDispose]() {
      await endpoint.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

const reasonOf = (error: LeafcutterError) => error.reason;
const serve: RequestListener = (_request, response) => void response.end('{}');

test('what answers without end is no coordinator', async () => {
  await using server = await reaching((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  expect(await server.post()).toBe('no_answer');
});

test('an answer that breaks off is none', async () => {
  await using server = await reaching((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{', () => response.destroy());
  });
  expect(await server.post()).toBe('no_answer');
});

describe('an answer that', () => {
  test('names another call is none, and what its connection brings next is not looked at', async () => {
    await using server = await reaching((request, response) => {
      if (server.count() === 1) response.setHeader(CALL_HEADER, randomUUID());
      else response.setHeader(CALL_HEADER, String(request.headers[CALL_HEADER]));
      response.end('{}');
    });
    expect([await server.post(), server.count()]).toEqual(['no_answer', 1]);
    expect([await server.post(), server.count()]).toEqual(['served', 2]);
  });

  test('names no call is taken: a coordinator of an earlier release gives it', async () => {
    const names: unknown[] = [];
    await using server = await reaching((request, response) => {
      names.push(request.headers[CALL_HEADER]);
      response.end('{}');
    });
    expect([await server.post(), await server.post()]).toEqual(['served', 'served']);
    expect(new Set(names).size).toBe(2);
  });
});

test('calls in a row share one connection, and calls at once have 32 at most', async () => {
  await using server = await reaching(serve);
  for (let i = 0; i < 3; i++) expect(await server.post()).toBe('served');
  expect(server.count()).toBe(1);
  const calls = await Promise.all(Array.from({ length: 200 }, server.post));
  expect(new Set(calls)).toEqual(new Set(['served']));
  expect(server.count()).toBe(32);
});

test('calls that wait when it closes are not sent', async () => {
  let arrived = 0;
  const { promise: full, resolve } = Promise.withResolvers<void>();
  await using server = await reaching(() => {
    arrived += 1;
    if (arrived === 32) resolve();
  });
  const calls = Array.from({ length: 40 }, server.post);
  await full;
  await server.endpoint.close();
  expect(new Set(await Promise.all(calls)).has('served')).toBe(false);
  expect(arrived).toBe(32);
});
