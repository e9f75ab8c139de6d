import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LeafcutterError } from '../errors.ts';
import { bareApp } from './bare-app.ts';
import { endpointsOf } from './endpoints/endpoint.ts';
import { LIVEZ, METRICS } from './endpoints/ops-endpoints.ts';
import { oneOf } from './endpoints/parameter.ts';
import { ServiceApp } from './service-app.ts';

const limits = { howOften: '', howLarge: '', makes: '', howLong: '' };
const told = { probed: true, summary: 'A test.', media: {}, limits };
const endpoint = endpointsOf<object, never>();
const ENDPOINTS = [
  LIVEZ,
  METRICS,
  endpoint({
    at: 'GET /readyz',
    ...told,
    query: { mode: oneOf('segment', 'snowflake') },
    handle: (_door, { query: { mode } }, { response }) => void response.writeHead(503).end(`${mode}`),
  }),
  endpoint({
    at: 'GET /away',
    ...told,
    handle: () => Promise.reject(new LeafcutterError('STORE_UNAVAILABLE', 'It is away.')),
  }),
  endpoint({
    at: 'GET /crash',
    ...told,
    handle() {
      throw new Error('secret');
    },
  }),
];
const door = { scrape: async () => ({ body: 'up 1\n', contentType: 'text/plain; version=0.0.4' }) };
const heard: string[][] = [[], []];
const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
}

beforeAll(async () => {
  const onError =
    (to: string[] | undefined) => (error: LeafcutterError, asked: { method: string; path: string }) =>
      void to?.push(`${error.code} ${asked.method} ${asked.path}`);
  await serve(
    bareApp(ENDPOINTS as Parameters<typeof bareApp<typeof door>>[0], door, { onError: onError(heard[0]) }),
  );
  const app = new ServiceApp({ bodyLimitBytes: 1_000, onError: onError(heard[1]) });
  app.serve(ENDPOINTS, door, {});
  await serve(app.seal());
});

afterAll(() => {
  for (const server of servers) server.close();
});

/** What a server answers, without the moment. */
async function answerOf(server: Server, method: string, path: string, headers = {}): Promise<object> {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
  const { date: _, ...fields } = Object.fromEntries(response.headers);
  return { status: response.status, fields, body: await response.text() };
}

const ASKED: readonly [method: string, path: string, headers?: Record<string, string>][] = [
  ['GET', '/livez'],
  ['HEAD', '/livez'],
  ['OPTIONS', '/livez'],
  ['POST', '/livez'],
  ['DELETE', '/livez'],
  ['GET', '/livez/'],
  ['GET', '/Livez'],
  ['GET', '/livez?'],
  ['GET', '/livez?a=1'],
  ['GET', '/metrics'],
  ['HEAD', '/metrics'],
  ['GET', '/readyz'],
  ['GET', '/readyz?mode=segment'],
  ['GET', '/readyz?mode=snowflake?x'],
  ['GET', '/readyz?mode=segment&mode=snowflake'],
  ['GET', '/readyz?mode=%zz'],
  ['GET', '/readyz?other=1'],
  ['HEAD', '/readyz?mode=segment'],
  ['GET', '/away'],
  ['HEAD', '/away'],
  ['GET', '/crash'],
  ['GET', '/nothing?x=1'],
  ['GET', '/%'],
  ['GET', '/livez', { 'sec-fetch-site': 'cross-site' }],
  ['POST', '/metrics', { origin: 'http://evil.example' }],
];

test.each([...ASKED])('%s %s is answered as by Express', async (method, path, headers = {}) => {
  const [bare, express] = await Promise.all(servers.map((server) => answerOf(server, method, path, headers)));
  expect(bare).toEqual(express);
});

test('both tell of the same errors', async () => {
  for (const all of heard) all.length = 0;
  for (const [method, path, headers] of ASKED)
    await Promise.all(servers.map((server) => answerOf(server, method, path, headers)));
  expect(heard[0]?.length).toBeGreaterThan(10);
  expect(heard[0]).toEqual(heard[1]);
});
