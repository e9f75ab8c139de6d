/** One agent token that reports under ever new names. Data that is only shown must not affect what keeps IDs unique. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAT_BUFFERS, report } from '@leafcutter/shared/fakes/samples';
import type { ReportRequest } from '@leafcutter/shared/wire';
import { WIRE_HEADER, WIRE_VERSION } from '@leafcutter/shared/wire-version';
import { Redis } from 'ioredis';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { commandsDuring } from '../support/redis-monitor.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Service } from '../support/service.ts';

const ROSTER_MB = 2;
const REDIS_MB = 16;

let mariadb: MariadbServer;
let redis: RedisServer;
let coordinator: Service;

const startCoordinator = (name: string, ...flags: string[]) =>
  Service.start({
    kind: 'coordinator',
    name,
    flags: ['--roster-max-mb', String(ROSTER_MB), '--auto-create-tags', ...flags],
    env: {
      LEAFCUTTER_MYSQL_URL: mariadb.url,
      LEAFCUTTER_REDIS_URL: redis.url,
      LEAFCUTTER_AGENT_TOKENS: 'token',
    },
  });

beforeAll(async () => {
  const args = ['--maxmemory', `${REDIS_MB}mb`, '--maxmemory-policy', 'noeviction'];
  [mariadb, redis] = await Promise.all([startMariadb(), startRedis({ args })]);
  coordinator = await startCoordinator(
    'coordinator',
    '--jobs-reap-interval-s',
    '1',
    '--jobs-agent-silent-s',
    '2',
  );
});
afterAll(async () => {
  await coordinator?.stop();
  await Promise.all([mariadb?.dispose(), redis?.dispose()]);
});

async function post(path: string, body: object, at = coordinator): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer token' };
  return fetch(at.url + path, {
    method: 'POST',
    headers: { ...headers, [WIRE_HEADER]: String(WIRE_VERSION) },
    body: JSON.stringify(body),
  });
}

/** A report under a name of its own, of an agent that is missed after a second. */
const reported = (own: Partial<ReportRequest> = { tags: [...FAT_BUFFERS] }) =>
  report({ agentId: 'stranger', instanceId: randomUUID(), timeMs: Date.now(), intervalMs: 1_000, ...own });

async function segment(tag: string): Promise<number> {
  const demand = { ratePerSecond: 1, waitingIds: 1, blockIds: 0 };
  const asker = { agentId: 'honest', instanceId: '11111111-1111-4111-8111-111111111111' };
  const { status } = await post(`/v1/tags/${tag}/segments`, { ...asker, ...demand });
  return status;
}

const counted = (name: string) => metric(`leafcutter_coordinator_${name}`, coordinator);

describe('reports under ever new names', () => {
  test('fill their own room and no more; segments stay fenced, and the room is free again soon', async () => {
    const admin = new Redis(redis.url);
    for (let sent = 0; sent < 600; sent += 20) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post('/v1/agents/report', reported())),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    }
    expect(await counted('agent_reports_dropped_total{reason="full"}')).toBeGreaterThan(0);
    expect(Number(await admin.get('leafcutter:{roster}:bytes'))).toBeLessThanOrEqual(ROSTER_MB * 1_000_000);
    for (let n = 0; n < 5; n++) expect(await segment(`orders-${n}`)).toBe(200);
    expect(await counted('unfenced_allocations_total')).toBe(0);
    expect(await poll(async () => (await admin.exists('leafcutter:{roster}:bytes')) === 0)).toBe(true);
    expect((await post('/v1/agents/report', reported())).status).toBe(200);
    expect(await admin.hlen('leafcutter:{roster}:records')).toBe(1);
    admin.disconnect();
  });

  test('are paced by token and by agent, apart from refills', async () => {
    const paced = await startCoordinator(
      'paced',
      '--token-requests-per-s',
      '2',
      '--agent-requests-per-s',
      '1',
    );
    try {
      // Ten seconds' worth may come at once, and one more each second that this machine takes to send them.
      const asked = Array.from({ length: 200 }, (_, n) =>
        post('/v1/agents/report', reported({ agentId: `agent-${n}` }), paced),
      );
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
      const one = Array.from({ length: 200 }, () => post('/v1/leases/3/renew', lease(), paced));
      const renewed = (await Promise.all(one)).map(({ status }) => status);
      expect(new Set(renewed)).toEqual(new Set([503, 429]));
    } finally {
      await paced.stop();
    }
  });
});

const lease = () => ({
  agentId: 'stranger',
  instanceId: randomUUID(),
  agentTimeMs: Date.now(),
  layout: LAYOUT,
  to: Date.now(),
  extend: false,
});
const LAYOUT = '41-10-12-d0@1288834974657';

describe('renewals of leases that nobody granted', () => {
  test('enter nothing: honest agents find every machine id free', async () => {
    const admin = new Redis(redis.url);
    for (let machineId = 0; machineId < 64; machineId++) {
      const { status } = await post(`/v1/leases/${machineId}/renew`, lease());
      expect(status).toBe(503);
    }
    expect(await admin.keys('leafcutter:{lease}:*')).toEqual([]);
    const { agentId, instanceId, agentTimeMs, layout } = lease();
    const granted = await post('/v1/leases', { agentId, instanceId, agentTimeMs, layout });
    expect(granted.status).toBe(201);
    admin.disconnect();
  });
});

test('the roster has a connection of its own, so that a slow one holds up no fence', async () => {
  const seen = await commandsDuring(redis.port, async () => {
    await post('/v1/agents/report', reported({ tags: [] }));
    expect(await segment('orders-1')).toBe(200);
  });
  const clientsOf = (key: string) =>
    new Set(
      seen.flatMap(({ address, command }) => (command.includes(key) && address !== 'lua' ? [address] : [])),
    );
  const [roster, fence] = [clientsOf('{roster}'), clientsOf('{fence}')];
  expect([roster.size > 0, fence.size > 0]).toEqual([true, true]);
  expect([...roster].filter((address) => fence.has(address))).toEqual([]);
});

describe('a Redis that takes no writes', () => {
  test('is said on /readyz and in the metrics, and with --redis-max-unfenced-s 0 nothing is granted', async () => {
    const strict = await startCoordinator('strict', '--redis-max-unfenced-s', '0');
    const admin = new Redis(redis.url);
    const seen = async (at: Service) =>
      ((await (await fetch(`${at.url}/readyz`)).json()) as { redis: string }).redis;
    try {
      await admin.config('SET', 'maxmemory', '1');
      expect(await segment('orders-1')).toBe(200);
      expect(await counted('unfenced_allocations_total')).toBe(1);
      expect(await seen(coordinator)).toBe('read_only');
      const refused = await post(
        '/v1/tags/orders-2/segments',
        { agentId: 'a', instanceId: randomUUID(), ratePerSecond: 1, waitingIds: 1, blockIds: 0 },
        strict,
      );
      expect(await refused.json()).toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'fence_too_long' });
      expect(await metric('leafcutter_coordinator_unfenced_allocations_total', strict)).toBe(0);
      await admin.config('SET', 'maxmemory', '0');
      expect(await poll(async () => (await seen(coordinator)) === 'up')).toBe(true);
    } finally {
      admin.disconnect();
      await strict.stop();
    }
  });
});
