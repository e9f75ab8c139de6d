import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { GREETER, GrpcClient, ID_SERVICE } from '../support/grpc-client.ts';
import { KeepAlive } from '../support/keep-alive.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

jest.setTimeout(60_000);

const SOON_MS = 20_000;
const RELOADS = 'leafcutter_agent_reloads_total';

let folder: string;
let coordinator: Service;
let agent: Service;
let ports: { resp: number; grpc: number; goLeaf: number };
const files = { tokens: '', scoped: '', coordinator: '', agents: '' };

/** As Kubernetes does: the new file takes the place of the old one in one step. */
function swap(file: string, content: string): void {
  writeFileSync(`${file}.next`, content);
  renameSync(`${file}.next`, file);
}

beforeAll(async () => {
  folder = await scratchDir('access');
  for (const name of Object.keys(files) as (keyof typeof files)[]) files[name] = join(folder, name);
  swap(files.tokens, 'first\n');
  swap(files.scoped, 'orders-* users some\n@snowflake time\n');
  swap(files.coordinator, 'agent-1');
  swap(files.agents, 'agent-1');
  coordinator = await Service.start({
    ...{ kind: 'coordinator', name: 'coordinator' },
    flags: ['--data-dir', join(folder, 'data'), '--auto-create-tags', '--reload-interval-s', '0'],
    env: { LEAFCUTTER_AGENT_TOKENS_FILE: files.agents, LEAFCUTTER_SCOPED_AGENT_TOKENS: 'orders-* narrow' },
  });
  ports = { resp: await freePort(), grpc: await freePort(), goLeaf: await freePort() };
  agent = await Service.start({
    ...{ kind: 'agent', name: 'agent' },
    flags: [
      ...['--coordinators', coordinator.url, '--snowflake-enabled', '--tinyid-enabled'],
      ...['--resp-listen', `127.0.0.1:${ports.resp}`, '--grpc-listen', `127.0.0.1:${ports.grpc}`],
      ...['--go-leaf-grpc-listen', `127.0.0.1:${ports.goLeaf}`, '--reload-interval-s', '1'],
    ],
    env: {
      LEAFCUTTER_TOKENS_FILE: files.tokens,
      LEAFCUTTER_SCOPED_TOKENS_FILE: files.scoped,
      LEAFCUTTER_COORDINATOR_TOKEN_FILE: files.coordinator,
    },
  });
});

afterAll(async () => {
  await agent?.stop();
  await coordinator?.stop();
});

async function http(path: string, token: string): Promise<string> {
  const response = await fetch(agent.url + path, { headers: { authorization: `Bearer ${token}` } });
  return `${response.status} ${await response.text()}`;
}

/** Through each door that takes a token: what came of one request for `tag`, or for a snowflake ID where it is undefined. */
const DOORS: Record<string, (tag: string | undefined, token: string) => Promise<string>> = {
  'plain HTTP': (tag, token) => http(tag === undefined ? '/v1/snowflake' : `/v1/ids/${tag}`, token),
  'HTTP batches': (tag, token) =>
    http(tag === undefined ? '/v1/snowflake?count=2' : `/v1/ids/${tag}?count=2&format=ranges`, token),
  Leaf: (tag, token) => http(tag === undefined ? '/api/snowflake/get/x' : `/api/segment/get/${tag}`, token),
  'go-leaf': (tag, token) =>
    http(tag === undefined ? '/alloc-snowflake?machineid=1' : `/alloc-segment?biz_tag=${tag}`, token),
  Redis: async (tag, token) => {
    const client = new Redis({
      port: ports.resp,
      host: '127.0.0.1',
      password: token,
      maxRetriesPerRequest: 0,
    });
    client.on('error', () => undefined);
    try {
      return String(await (tag === undefined ? client.call('LC.SNOWFLAKE') : client.incr(tag)));
    } catch (error) {
      return String(error);
    } finally {
      client.disconnect();
    }
  },
  gRPC: async (tag, token) => {
    using client = new GrpcClient(ID_SERVICE, ports.grpc);
    const method = tag === undefined ? 'NextSnowflake' : 'NextId';
    const { error, value } = await client.call(method, tag === undefined ? {} : { tag }, { token });
    return error === null ? String(value?.id) : `${error.code} ${error.details}`;
  },
  "go-leaf's gRPC": async (tag, token) => {
    using client = new GrpcClient(GREETER, ports.goLeaf);
    const method = tag === undefined ? 'Snowflake' : 'Segment';
    const { error, value } = await client.call(
      method,
      tag === undefined ? { machineId: 1 } : { biz_tag: tag },
      { token },
    );
    return error === null ? String(value?.Id) : `${error.code} ${error.details}`;
  },
};
/** Digits of an ID, behind the status where there is one; go-leaf says -1 where it refuses. */
const isGranted = (said: string) =>
  !said.includes('-1') &&
  /(^|\D)[0-9]{1,19}(\D|$)/.test(said.replace(/^(200|[0-9]{1,2}) /, '')) &&
  !/token|Error|NOAUTH/i.test(said);

describe.each(Object.keys(DOORS))('by the door of %s', (door) => {
  const ask = (tag: string | undefined, token: string) => DOORS[door]?.(tag, token) ?? '';

  test('a token draws what it opens, and nothing else', async () => {
    const answers = {
      ownTag: isGranted(await ask('orders-eu', 'some')),
      otherTag: isGranted(await ask('parcels', 'some')),
      noSnowflake: isGranted(await ask(undefined, 'some')),
      snowflake: isGranted(await ask(undefined, 'time')),
      noTag: isGranted(await ask('orders-eu', 'time')),
      all: isGranted(await ask('parcels', 'first')),
      allSnowflake: isGranted(await ask(undefined, 'first')),
      wrong: isGranted(await ask('orders-eu', 'guess')),
    };
    expect(answers).toEqual({
      ...{ ownTag: true, otherTag: false, noSnowflake: false, snowflake: true, noTag: false },
      ...{ all: true, allSnowflake: true, wrong: false },
    });
  });
});

test('tinyid’s clients draw what their token opens', async () => {
  const ask = (tag: string, token: string) =>
    http(`/tinyid/id/nextIdSimple?bizType=${tag}&token=${token}`, 'first');
  expect(await ask('orders-eu', 'some')).toMatch(/^200 [0-9]+$/);
  expect(await ask('parcels', 'some')).toBe('200 ');
  expect(await ask('parcels', 'first')).toMatch(/^200 [0-9]+$/);
});

describe('tokens that change in their file', () => {
  test('count without a restart, also on connections that are open: the new one opens, the old one does not', async () => {
    const connection = await KeepAlive.open(agent.url, { authorization: 'Bearer first' });
    const redis = new Redis({
      port: ports.resp,
      host: '127.0.0.1',
      password: 'first',
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    redis.on('error', () => undefined);
    expect((await connection.get('/v1/ids/orders-eu')).status).toBe(200);
    expect(await redis.incr('orders-eu')).toBeGreaterThan(0);
    swap(files.tokens, 'first\nsecond\n');
    expect(
      await poll(async () => (await http('/v1/ids/orders-eu', 'second')).startsWith('200'), SOON_MS),
    ).toBeTruthy();
    expect((await connection.get('/v1/ids/orders-eu')).status).toBe(200);
    swap(files.tokens, 'second\n');
    expect(
      await poll(async () => (await connection.get('/v1/ids/orders-eu')).status === 401, SOON_MS),
    ).toBeTruthy();
    await expect(redis.incr('orders-eu')).rejects.toThrow('NOAUTH');
    connection.close();
    redis.disconnect();
  });

  test('are kept when the file is empty, missing or nonsense, and that is told once', async () => {
    const failed = () => metric(`${RELOADS}{result="failed"}`, agent);
    for (const spoil of [
      () => swap(files.tokens, '\n'),
      () => renameSync(files.tokens, `${files.tokens}.away`),
    ]) {
      const before = await failed();
      spoil();
      expect(await poll(async () => (await failed()) > before + 1, SOON_MS)).toBeTruthy();
      expect(await http('/v1/ids/orders-eu', 'second')).toMatch(/^200/);
      expect(await http('/v1/ids/orders-eu', 'anything')).toMatch(/^401/);
      expect((await fetch(`${agent.url}/v1/ids/orders-eu`)).status).toBe(401);
    }
    const told = agent.process.lines.filter((line) => line.includes('the changed configuration is wrong'));
    expect(told).toHaveLength(2);
    swap(files.tokens, 'second\n');
  });

  test('between agent and coordinator: both sides, one after the other, and refills go on', async () => {
    swap(files.agents, 'agent-1\nagent-2\n');
    coordinator.process.signal('SIGHUP');
    const reloaded = () => metric('leafcutter_coordinator_reloads_total{result="ok"}', coordinator);
    expect(await poll(async () => (await reloaded()) === 1, SOON_MS)).toBeTruthy();
    const before = await metric(`${RELOADS}{result="ok"}`, agent);
    swap(files.coordinator, 'agent-2');
    expect(
      await poll(async () => (await metric(`${RELOADS}{result="ok"}`, agent)) > before, SOON_MS),
    ).toBeTruthy();
    swap(files.agents, 'agent-2\n');
    coordinator.process.signal('SIGHUP');
    expect(await poll(async () => (await reloaded()) === 2, SOON_MS)).toBeTruthy();
    expect(await http('/v1/ids/never-drawn-before', 'second')).toMatch(/^200 1$/);
    const old = await fetch(`${coordinator.url}/v1/tags/parcels/segments`, {
      ...{ method: 'POST', headers: { authorization: 'Bearer agent-1', 'content-type': 'application/json' } },
      body: '{}',
    });
    expect(old.status).toBe(401);
  });

  test('are never said: not in the log, the metrics or the status', async () => {
    const said = [
      ...[...agent.process.lines, ...coordinator.process.lines],
      ...[await (await fetch(`${agent.url}/metrics`)).text(), await http('/v1/status', 'second')],
    ].join('\n');
    for (const token of ['first', 'second', 'some', 'agent-1', 'agent-2', 'narrow'])
      expect(new RegExp(`(?<![\\w-])${token}(?![\\w-])`).test(said.replaceAll('"some', ''))).toBe(false);
  });
});

describe('an agent whose token opens some tags', () => {
  const segment = {
    agentId: 'a',
    instanceId: '11111111-1111-4111-8111-111111111111',
    ratePerSecond: 0,
    waitingIds: 1,
  };
  const ask = async (path: string, body: object) => {
    const response = await fetch(coordinator.url + path, {
      ...{ method: 'POST', headers: { authorization: 'Bearer narrow', 'content-type': 'application/json' } },
      body: JSON.stringify(body),
    });
    return `${response.status} ${((await response.json()) as { reason?: string }).reason ?? ''}`.trim();
  };

  test('gets segments of these, and no lease', async () => {
    expect(await ask('/v1/tags/orders-eu/segments', segment)).toBe('200');
    expect(await ask('/v1/tags/parcels/segments', segment)).toBe('403 tag_scope');
    expect(await ask('/v1/leases', {})).toBe('403 tag_scope');
  });
});

test('an agent that asks too fast is told when to come again, and others are not', async () => {
  const paced = await Service.start({
    ...{ kind: 'coordinator', name: 'paced' },
    flags: ['--data-dir', join(folder, 'paced'), '--auto-create-tags', '--agent-requests-per-s', '1'],
  });
  const ask = (agentId: string) =>
    fetch(`${paced.url}/v1/tags/orders/segments`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({
        agentId,
        instanceId: '11111111-1111-4111-8111-111111111111',
        ratePerSecond: 0,
        waitingIds: 1,
      }),
    });
  const answers = await Promise.all(Array.from({ length: 14 }, () => ask('greedy')));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(1);
  expect(refused.length).toBeLessThan(5);
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await ask('modest')).status).toBe(200);
  await paced.stop();
});

test('the supervisor of workers passes SIGHUP on', async () => {
  const file = join(folder, 'worker-tokens');
  swap(file, 'old');
  const port = await freePort();
  const workers = await Service.start({
    ...{ kind: 'agent', name: 'workers' },
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
  expect(await poll(async () => String(await status('new')) === '200', SOON_MS)).toBeTruthy();
  expect(await status('old')).toEqual([401]);
  await workers.stop();
});
