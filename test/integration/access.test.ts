import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { report } from '@leafcutter/shared/fakes/samples';
import { Redis } from 'ioredis';
import { GREETER, GrpcClient, ID_SERVICE } from '../support/grpc-client.ts';
import { KeepAlive } from '../support/keep-alive.ts';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service, type ServiceOptions } from '../support/service.ts';

const started: Service[] = [];
let folder: string;
let coordinator: Service;
let agent: Service;
let ports: { resp: number; grpc: number; goLeaf: number };

beforeAll(async () => {
  folder = await scratchDir('access');
  writeFileSync(join(folder, 'scoped'), 'orders-* users some\n@snowflake time\n');
  coordinator = await start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(folder, 'data'), '--auto-create-tags'],
    env: { LEAFCUTTER_AGENT_TOKENS: 'wide', LEAFCUTTER_SCOPED_AGENT_TOKENS: 'orders-* narrow' },
  });
  await startAgent('agent');
  // Requests served from memory and requests that wait are answered by different code.
  for (const tag of ['orders-eu', 'parcels']) expect(await http(`/v1/ids/${tag}`, 'first')).toMatch(/^200/);
});

afterAll(async () => {
  for (const service of started.reverse()) await service.stop();
});

/** From now on this is the agent that is asked. */
async function startAgent(name: string, ...flags: string[]): Promise<void> {
  ports = { resp: await freePort(), grpc: await freePort(), goLeaf: await freePort() };
  agent = await start({
    kind: 'agent',
    name,
    flags: [
      ...['--coordinators', coordinator.url, '--snowflake-enabled', '--tinyid-enabled'],
      ...['--resp-listen', `127.0.0.1:${ports.resp}`, '--grpc-listen', `127.0.0.1:${ports.grpc}`],
      ...['--go-leaf-grpc-listen', `127.0.0.1:${ports.goLeaf}`, ...flags],
    ],
    env: {
      LEAFCUTTER_TOKENS: 'first',
      LEAFCUTTER_SCOPED_TOKENS_FILE: join(folder, 'scoped'),
      LEAFCUTTER_COORDINATOR_TOKEN: 'wide',
    },
  });
}

/** It is stopped at the end, even if a test fails: the run would wait for it. */
async function start(options: ServiceOptions): Promise<Service> {
  const service = await Service.start(options);
  started.push(service);
  return service;
}

async function http(path: string, token: string, method = 'GET'): Promise<string> {
  const response = await fetch(agent.url + path, { method, headers: { authorization: `Bearer ${token}` } });
  return `${response.status} ${await response.text()}`;
}

/** On a connection of its own, so that it is answered straight from the socket if possible. */
async function plain(path: string, token: string): Promise<string> {
  const connection = await KeepAlive.open(agent.url, { authorization: `Bearer ${token}` });
  const { status, body } = await connection.get(path);
  connection.close();
  return `${status} ${body}`;
}

/** The common result of several calls, whose guards must treat them alike. @throws Error if they differ */
function together(granted: readonly boolean[]): string {
  if (new Set(granted).size > 1) throw new Error(`some were granted, some refused: ${granted}`);
  return granted[0] ? '12' : '-1';
}

/**
 * Through each door that takes a token: the result of one request for `tag`, or for a snowflake ID if it is
 * undefined.
 */
const DOORS: Record<string, (tag: string | undefined, token: string) => Promise<string>> = {
  'plain HTTP': (tag, token) => plain(tag === undefined ? '/v1/snowflake' : `/v1/ids/${tag}`, token),
  'plain Leaf': (tag, token) =>
    plain(tag === undefined ? '/api/snowflake/get/x' : `/api/segment/get/${tag}`, token),
  'plain go-leaf': (tag, token) =>
    plain(tag === undefined ? '/alloc-snowflake?machineid=1' : `/alloc-segment?biz_tag=${tag}`, token),
  'HTTP, written otherwise': (tag, token) =>
    http(tag === undefined ? '/v1/snowflake' : `/v1/ids/${tag.replace('r', '%72')}`, token, 'POST'),
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
  'Redis batches': async (tag, token) => {
    const client = new Redis({
      port: ports.resp,
      host: '127.0.0.1',
      password: token,
      maxRetriesPerRequest: 0,
    });
    client.on('error', () => undefined);
    const calls: [string, ...string[]][] =
      tag === undefined
        ? [['LC.SNOWFLAKE', '2']]
        : [
            ['LC.NEXT', tag, '2'],
            ['LC.NEXT', tag],
            ['INCRBY', tag, '2'],
          ];
    // In one pipeline: what refuses one must refuse the others.
    const granted = await Promise.all(
      calls.map((call) =>
        client.call(...call).then(
          () => true,
          () => false,
        ),
      ),
    );
    client.disconnect();
    return together(granted);
  },
  gRPC: async (tag, token) => {
    using client = new GrpcClient(ID_SERVICE, ports.grpc);
    const method = tag === undefined ? 'NextSnowflake' : 'NextId';
    const { error, value } = await client.call(method, tag === undefined ? {} : { tag }, { token });
    return error === null ? String(value?.id) : `${error.code} ${error.details}`;
  },
  'gRPC batches': async (tag, token) => {
    using client = new GrpcClient(ID_SERVICE, ports.grpc);
    const of = { count: 2, ...(tag === undefined ? {} : { tag }) };
    const answers = await Promise.all(
      (tag === undefined ? ['NextSnowflakes'] : ['NextIds', 'NextRanges', 'ReserveBlock']).map((method) =>
        client.call(method, of, { token }),
      ),
    );
    return together(answers.map(({ error }) => error === null));
  },
  'gRPC streams': async (tag, token) => {
    using client = new GrpcClient(ID_SERVICE, ports.grpc);
    const stream = client.draw(token);
    const said = await GrpcClient.ask(stream, {
      count: 1,
      ...(tag === undefined ? { snowflake: true } : { tag }),
    }).catch(String);
    stream.on('error', () => undefined).cancel();
    return said;
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
/** Digits of an ID, after the status if there is one; go-leaf says -1 if it refuses. */
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
      ownTag: true,
      otherTag: false,
      noSnowflake: false,
      snowflake: true,
      noTag: false,
      all: true,
      allSnowflake: true,
      wrong: false,
    });
  });
});

test('what an agent shows, live or not, is what the token opens', async () => {
  for (const path of ['/v1/status', '/cache']) {
    const [all, some, time] = await Promise.all(['first', 'some', 'time'].map((token) => http(path, token)));
    expect([path, all]).toEqual([path, expect.stringMatching(/^200 .*orders-eu.*parcels/s)]);
    expect([path, some]).toEqual([path, expect.stringMatching(/^200 .*orders-eu/s)]);
    expect([path, some]).not.toEqual([path, expect.stringContaining('parcels')]);
    expect([path, time]).not.toEqual([path, expect.stringMatching(/orders-eu|parcels/)]);
  }
  const leaving = new AbortController();
  const response = await fetch(`${agent.url}/v1/events`, {
    headers: { authorization: 'Bearer some' },
    signal: leaving.signal,
  });
  let events = '';
  for await (const chunk of response.body ?? []) {
    events += new TextDecoder().decode(chunk as Uint8Array);
    if (events.split('\n\n').length > 2) break;
  }
  leaving.abort();
  expect(events).toContain('"orders-eu"');
  expect(events).toContain('"snowflake":null');
  expect(events).not.toContain('parcels');
});

test('a token reads back the IDs of what it opens, and of nothing else', async () => {
  const decoded = (tag: string, token: string) => http(`/v1/decode/1?tag=${tag}`, token);
  expect(await decoded('orders-eu', 'some')).toMatch(/^200 .*"number":"1"/);
  expect(await decoded('parcels', 'some')).toMatch(/^403 /);
  expect(await decoded('orders-eu&tag=parcels', 'some')).toMatch(/^40[03] /);
  expect(await decoded('parcels', 'first')).toMatch(/^200 /);
  expect(await decoded('orders-eu', 'guess')).toMatch(/^401 /);
});

test('tinyid’s clients draw what their token opens', async () => {
  const ask = (tag: string, token: string) =>
    http(`/tinyid/id/nextIdSimple?bizType=${tag}&token=${token}`, 'first');
  expect(await ask('orders-eu', 'some')).toMatch(/^200 [0-9]+$/);
  expect(await ask('parcels', 'some')).toBe('200 ');
  expect(await ask('parcels', 'first')).toMatch(/^200 [0-9]+$/);
});

describe('an agent whose token opens some tags', () => {
  const segment = {
    agentId: 'a',
    instanceId: '11111111-1111-4111-8111-111111111111',
    ratePerSecond: 0,
    waitingIds: 1,
  };
  const post = (path: string, body: object) =>
    fetch(coordinator.url + path, {
      method: 'POST',
      headers: { authorization: 'Bearer narrow', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const ask = async (path: string, body: object) => {
    const response = await post(path, body);
    return `${response.status} ${((await response.json()) as { reason?: string }).reason ?? ''}`.trim();
  };

  test('gets segments of these and reads their IDs, and gets no lease', async () => {
    expect(await ask('/v1/tags/orders-eu/segments', segment)).toBe('200');
    expect(await ask('/v1/tags/parcels/segments', segment)).toBe('403 tag_scope');
    expect(await ask('/v1/tags/orders-eu/decode', { ...segment, id: '1' })).toBe('200');
    expect(await ask('/v1/tags/parcels/decode', { ...segment, id: '1' })).toBe('403 tag_scope');
    expect(await ask('/v1/leases', {})).toBe('403 tag_scope');
  });

  test('learns by its reports of no other tag whether there is one', async () => {
    const { agentId, instanceId } = segment;
    const names = ['orders-nobody-made', 'parcels', 'nobody-made'];
    const answer = await post('/v1/agents/report', report({ agentId, instanceId, names }));
    expect(await answer.json()).toMatchObject({ gone: [{ tag: 'orders-nobody-made', code: 'TAG_UNKNOWN' }] });
  });
});

test('an agent that asks too fast is told when to come again, others are not, and lies about its id do not help', async () => {
  const paced = await start({
    kind: 'coordinator',
    name: 'paced',
    flags: [
      '--data-dir',
      join(folder, 'paced'),
      '--auto-create-tags',
      ...['--agent-requests-per-s', '1', '--token-requests-per-s', '5'],
    ],
  });
  const post = (path: string, agentId: string, body: object) =>
    fetch(`${paced.url}/v1/tags/orders/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ agentId, instanceId: '11111111-1111-4111-8111-111111111111', ...body }),
    });
  const ask = (agentId: string) => post('segments', agentId, { ratePerSecond: 0, waitingIds: 1 });
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask('greedy')));
  const refused = answers.filter(({ status }) => status === 429);
  // Ten at once, and one more for each second that it took.
  expect(refused.length).toBeGreaterThan(1);
  expect(refused.length).toBeLessThanOrEqual(30);
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await ask('modest')).status).toBe(200);
  const lies = await Promise.all(Array.from({ length: 300 }, (_, lie) => ask(`agent-${lie}`)));
  const seenThrough = lies.filter(({ status }) => status === 429);
  expect(seenThrough.length).toBeGreaterThan(5);
  expect(await seenThrough[0]?.json()).toMatchObject({ code: 'RATE_LIMITED', reason: 'token' });
  // Reading back is counted separately, so neither can keep the other from being answered.
  const reads = await Promise.all(Array.from({ length: 40 }, () => post('decode', 'greedy', { id: '1' })));
  expect(reads.some(({ status }) => status === 200)).toBe(true);
  expect(reads.some(({ status }) => status === 429)).toBe(true);
});

describe('a token with which more was asked for than `tokenIdsPerS` gives', () => {
  let generous: [typeof agent, typeof ports];

  beforeAll(async () => {
    generous = [agent, ports];
    await startAgent('limited', '--token-ids-per-s', '20');
    // It is paid for in eight minutes, and this file takes less than one. Other tokens have 200 IDs at once.
    expect(await http('/v1/ids/orders-eu?count=10000&format=ranges', 'first')).toMatch(/^200 /);
  });
  afterAll(() => {
    [agent, ports] = generous;
  });

  test.each(Object.keys(DOORS))('draws nothing by the door of %s, and another token does', async (door) => {
    const ask = (tag: string | undefined, token: string) => DOORS[door]?.(tag, token) ?? '';
    expect(isGranted(await ask('orders-eu', 'some'))).toBe(true);
    expect(isGranted(await ask(undefined, 'time'))).toBe(true);
    const said = `${await ask('orders-eu', 'first')} ${await ask(undefined, 'first')}`;
    expect(said).toMatch(/429|RATE_LIMITED|^8 |-1|no available id/);
    expect(said).not.toMatch(/^200 [0-9]/);
  });

  test('is told so in each door’s own form, with the time after which to come again', async () => {
    const refused = await fetch(`${agent.url}/v1/ids/orders-eu`, {
      headers: { authorization: 'Bearer first' },
    });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED', reason: 'token_ids' });
    const again = /try again in [0-9]+ ms/;
    expect(await DOORS.Redis?.('orders-eu', 'first')).toMatch(/RATE_LIMITED .*try again in [0-9]+ ms/);
    expect(await DOORS.Leaf?.('orders-eu', 'first')).toMatch(/^500 RATE_LIMITED: .*try again/);
    expect(await DOORS.gRPC?.('orders-eu', 'first')).toMatch(/^8 .*try again/);
    expect(await http('/tinyid/id/nextId?bizType=orders-eu&token=first', 'first')).toMatch(again);
    expect(await http('/tinyid/id/nextId?bizType=orders-eu&token=some', 'first')).toMatch(
      /^200 .*"code":200/,
    );
  });
});
