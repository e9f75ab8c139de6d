import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { GrpcClient, ID_SERVICE } from '../support/grpc-client.ts';
import { KeepAlive } from '../support/keep-alive.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service, type ServiceOptions } from '../support/service.ts';

const RELOADS = 'leafcutter_agent_reloads_total';

const started: Service[] = [];
let folder: string;
let coordinator: Service;
let agent: Service;
let respPort: number;
let grpcPort: number;
const files = { tokens: '', tinyid: '', coordinator: '', agents: '' };

/** As Kubernetes does: the new file takes the place of the old one in one step. */
function swap(file: string, content: string): void {
  writeFileSync(`${file}.next`, content);
  renameSync(`${file}.next`, file);
}

beforeAll(async () => {
  folder = await scratchDir('token-rotation');
  for (const name of Object.keys(files) as (keyof typeof files)[]) files[name] = join(folder, name);
  swap(files.tokens, 'first\n');
  swap(files.tinyid, 'parcels=mine\n');
  swap(files.coordinator, 'agent-1');
  swap(files.agents, 'agent-1\n');
  coordinator = await start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(folder, 'data'), '--auto-create-tags', '--reload-interval-s', '0'],
    env: { LEAFCUTTER_AGENT_TOKENS_FILE: files.agents },
  });
  respPort = await freePort();
  grpcPort = await freePort();
  agent = await start({
    kind: 'agent',
    name: 'agent',
    flags: [
      ...['--coordinators', coordinator.url, '--resp-listen', `127.0.0.1:${respPort}`],
      ...['--grpc-listen', `127.0.0.1:${grpcPort}`, '--reload-interval-s', '1'],
      // Long enough for a machine that stands still; one test waits for its end.
      ...['--wait-ms', '6000'],
    ],
    env: {
      LEAFCUTTER_TOKENS_FILE: files.tokens,
      LEAFCUTTER_TINYID_TOKENS_FILE: files.tinyid,
      LEAFCUTTER_COORDINATOR_TOKEN_FILE: files.coordinator,
    },
  });
});

afterAll(async () => {
  for (const service of started.reverse()) await service.stop();
});

/** It is stopped at the end, even if a test fails: the run would wait for it. */
async function start(options: ServiceOptions): Promise<Service> {
  const service = await Service.start(options);
  started.push(service);
  return service;
}

async function http(path: string, token: string): Promise<string> {
  const response = await fetch(agent.url + path, { headers: { authorization: `Bearer ${token}` } });
  return `${response.status} ${await response.text()}`;
}

/** What tinyid's client of the tag parcels hears. */
const tinyid = (token: string) => http(`/tinyid/id/nextIdSimple?bizType=parcels&token=${token}`, 'second');

/** Makes `token` the only one that callers have. */
async function callersHave(token: string): Promise<void> {
  swap(files.tokens, `${token}\n`);
  expect(await poll(async () => (await http('/v1/ids/orders-eu', token)).startsWith('200'))).toBe(true);
}

/** Has the coordinator accept these tokens of agents; returns when `token` is accepted or refused as it should be. */
async function coordinatorTakes(tokens: readonly string[], token: string, refused = false): Promise<void> {
  swap(files.agents, `${tokens.join('\n')}\n`);
  coordinator.process.signal('SIGHUP');
  const isRefused = async () => {
    const answer = await fetch(`${coordinator.url}/v1/tags/parcels/segments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    return answer.status === 401;
  };
  expect(await poll(async () => (await isRefused()) === refused)).toBe(true);
}

/** A stream of events: how many pieces of it came, and whether the service ended it. */
async function listen({ url }: Service, path: string, token: string) {
  const leaving = new AbortController();
  const state = { heard: 0, ended: false, close: () => leaving.abort() };
  const response = await fetch(url + path, {
    headers: { authorization: `Bearer ${token}` },
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  const read = async () => {
    for await (const _piece of response.body ?? []) state.heard += 1;
    state.ended = true;
  };
  read().catch(() => undefined);
  return state;
}

describe('tokens that change in their file', () => {
  test('count without a restart, also on connections that are open: the new one opens, the old one does not', async () => {
    await callersHave('first');
    const connection = await KeepAlive.open(agent.url, { authorization: 'Bearer first' });
    const redis = new Redis({
      port: respPort,
      host: '127.0.0.1',
      password: 'first',
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    redis.on('error', () => undefined);
    expect((await connection.get('/v1/ids/orders-eu')).status).toBe(200);
    expect(await redis.incr('orders-eu')).toBeGreaterThan(0);
    const events = await listen(agent, '/v1/events', 'first');
    using grpc = new GrpcClient(ID_SERVICE, grpcPort);
    const stream = grpc.draw('first').on('error', () => undefined);
    const draw = () => GrpcClient.ask(stream, { tag: 'orders-eu', count: 1 });
    expect(await draw()).toMatch(/^[0-9]+$/);
    swap(files.tokens, 'first\nsecond\n');
    expect(
      await poll(async () => (await http('/v1/ids/orders-eu', 'second')).startsWith('200')),
    ).toBeTruthy();
    expect((await connection.get('/v1/ids/orders-eu')).status).toBe(200);
    expect(await metric('leafcutter_agent_tokens', agent)).toBe(2);
    const staying = await listen(agent, '/v1/events', 'second');
    expect(await tinyid('mine')).toMatch(/^200 [0-9]+$/);
    swap(files.tokens, 'second\n');
    swap(files.tinyid, 'parcels=yours\n');
    expect(await poll(async () => (await connection.get('/v1/ids/orders-eu')).status === 401)).toBeTruthy();
    // Each time, because most doors remember what they found out about a token.
    for (let times = 0; times < 3; times++) {
      expect((await connection.get('/v1/ids/orders-eu')).status).toBe(401);
      await expect(redis.incr('orders-eu')).rejects.toThrow('NOAUTH');
      expect(await draw()).toBe('UNAUTHORIZED');
    }
    stream.cancel();
    expect(await poll(async () => (await tinyid('yours')).length > 4)).toBe(true);
    expect(await tinyid('mine')).toBe('200 ');
    expect(await poll(() => events.ended)).toBe(true);
    const { heard } = staying;
    expect(await poll(() => staying.heard > heard)).toBe(true);
    expect(staying.ended).toBe(false);
    staying.close();
    connection.close();
    redis.disconnect();
  });

  test('are kept when the file is empty, missing or nonsense, and that is told once', async () => {
    await callersHave('second');
    const failed = () => metric(`${RELOADS}{result="failed"}`, agent);
    for (const spoil of [
      () => swap(files.tokens, '\n'),
      () => renameSync(files.tokens, `${files.tokens}.away`),
    ]) {
      const before = await failed();
      spoil();
      expect(await poll(async () => (await failed()) > before + 1)).toBeTruthy();
      expect(await http('/v1/ids/orders-eu', 'second')).toMatch(/^200/);
      expect(await http('/v1/ids/orders-eu', 'anything')).toMatch(/^401/);
      expect((await fetch(`${agent.url}/v1/ids/orders-eu`)).status).toBe(401);
    }
    const told = agent.process.lines.filter((line) => line.includes('the changed configuration is wrong'));
    expect(told).toHaveLength(2);
    swap(files.tokens, 'second\n');
  });

  test('between agent and coordinator: both sides, one after the other, and refills go on', async () => {
    await callersHave('second');
    await coordinatorTakes(['agent-1'], 'agent-1');
    swap(files.coordinator, 'agent-1');
    expect(await poll(async () => (await http('/v1/ids/drawn-before', 'second')).startsWith('200'))).toBe(
      true,
    );
    const reloads = () => metric('leafcutter_coordinator_reloads_total{result="ok"}', coordinator);
    const reloadsBefore = await reloads();
    await coordinatorTakes(['agent-1', 'agent-2'], 'agent-2');
    const before = await metric(`${RELOADS}{result="ok"}`, agent);
    swap(files.coordinator, 'agent-2');
    expect(await poll(async () => (await metric(`${RELOADS}{result="ok"}`, agent)) > before)).toBeTruthy();
    await coordinatorTakes(['agent-2'], 'agent-1', true);
    expect(await reloads()).toBe(reloadsBefore + 2);
    expect(await http('/v1/ids/never-drawn-before', 'second')).toMatch(/^200 1$/);
  });

  test('the wrong way round: the agent is refused meanwhile, says so as its own trouble, and goes on by itself', async () => {
    await callersHave('second');
    await coordinatorTakes(['agent-3'], 'agent-3');
    expect(await http('/v1/ids/drawn-too-early', 'second')).toMatch(/^503 .*"reason":"agent_token"/);
    swap(files.coordinator, 'agent-3');
    const isServed = async () => (await http('/v1/ids/drawn-too-early', 'second')).startsWith('200');
    expect(await poll(isServed)).toBe(true);
  });

  test('end the coordinator’s event streams, too', async () => {
    const file = join(folder, 'admins');
    swap(file, 'boss\nleaves\n');
    const watched = await start({
      kind: 'coordinator',
      name: 'watched',
      flags: ['--data-dir', join(folder, 'watched'), '--reload-interval-s', '0'],
      env: { LEAFCUTTER_ADMIN_TOKENS_FILE: file },
    });
    const [staying, leaving] = [
      await listen(watched, '/v1/events', 'boss'),
      await listen(watched, '/v1/events', 'leaves'),
    ];
    expect(await poll(() => staying.heard > 0 && leaving.heard > 0)).toBe(true);
    swap(file, 'boss\n');
    watched.process.signal('SIGHUP');
    expect(await poll(() => leaving.ended)).toBe(true);
    expect(await metric('leafcutter_coordinator_tokens{kind="admin"}', watched)).toBe(1);
    const { heard } = staying;
    expect(await poll(() => staying.heard > heard)).toBe(true);
    expect(staying.ended).toBe(false);
    staying.close();
  });

  test('are never said: not in the log, the metrics or the status', async () => {
    await callersHave('second');
    const said = [
      ...[...agent.process.lines, ...coordinator.process.lines],
      ...[await (await fetch(`${agent.url}/metrics`)).text(), await http('/v1/status', 'second')],
    ].join('\n');
    for (const token of ['first', 'second', 'agent-1', 'agent-2', 'agent-3'])
      expect(new RegExp(`(?<![\\w-])${token}(?![\\w-])`).test(said)).toBe(false);
  });
});

test('the supervisor of workers passes SIGHUP on', async () => {
  const file = join(folder, 'worker-tokens');
  swap(file, 'old');
  const port = await freePort();
  const workers = await start({
    kind: 'agent',
    name: 'workers',
    flags: [
      '--coordinators',
      coordinator.url,
      '--workers',
      '2',
      '--reload-interval-s',
      '0',
      '--ops-listen',
      `127.0.0.1:${port}`,
    ],
    env: { LEAFCUTTER_TOKENS_FILE: file, LEAFCUTTER_COORDINATOR_TOKEN_FILE: files.coordinator },
  });
  const status = async (token: string) => {
    const asked = Array.from({ length: 8 }, () =>
      fetch(`${workers.url}/v1/status`, {
        keepalive: false,
        headers: { authorization: `Bearer ${token}`, connection: 'close' },
      }),
    );
    return [...new Set((await Promise.all(asked)).map((answer) => answer.status))];
  };
  expect(await status('old')).toEqual([200]);
  swap(file, 'new');
  workers.process.signal('SIGHUP');
  expect(await poll(async () => String(await status('new')) === '200')).toBeTruthy();
  // Each worker reads its files in its own time.
  expect(await poll(async () => String(await status('old')) === '401')).toBe(true);
});
