import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { executeSql } from '../support/mariadb-client.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter, type RunningProcess } from '../support/process.ts';
import { startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

/** A coordinator that nobody waits for; its Redis does not exist. */
async function coordinatorOn(mysql: string, ...flags: string[]): Promise<RunningProcess> {
  return leafcutter(['coordinator', '--listen', `127.0.0.1:${await freePort()}`, ...flags], {
    LEAFCUTTER_MYSQL_URL: mysql,
    LEAFCUTTER_REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
  });
}

async function mysqlNowhere(): Promise<string> {
  return `mysql://root@127.0.0.1:${await freePort()}/leafcutter`;
}

test('a coordinator whose MySQL stays away gives up in time, and says why', async () => {
  await using coordinator = await coordinatorOn(await mysqlNowhere(), '--start-timeout-s', '1');
  expect((await coordinator.exited).code).toBe(1);
  expect(coordinator.tail()).toMatch(/waiting for MySQL/);
  expect(coordinator.tail()).toMatch(/MySQL cannot be reached/);
});

test('a coordinator that a MySQL refuses says why in a sentence, and once', async () => {
  await using mariadb = await startMariadb();
  for (const sql of [
    "CREATE USER reader@'127.0.0.1'",
    "GRANT SELECT, INSERT, UPDATE ON *.* TO reader@'127.0.0.1'",
    'CREATE DATABASE myisam',
    'CREATE TABLE myisam.leaf_alloc (biz_tag varchar(128) PRIMARY KEY, max_id bigint, step int) ENGINE=MyISAM',
  ])
    await executeSql(mariadb.port, sql);
  const refusals: readonly (readonly [url: string, says: RegExp])[] = [
    [mariadb.url.replace('root@', 'root:wrong@'), /MySQL does not let this user in.*Access denied/],
    [
      mariadb.url.replace('root@', 'reader@'),
      /MySQL does not allow this user to do that.*CREATE command denied/,
    ],
    [mariadb.url.replace('/leafcutter', '/myisam'), /leaf_alloc is kept by MyISAM.*ENGINE = InnoDB/],
    [mariadb.url.replace('/leafcutter', '/nowhere'), /ER_BAD_DB_ERROR.*Unknown database/],
  ];
  await Promise.all(
    refusals.map(async ([url, says]) => {
      await using coordinator = await coordinatorOn(url, '--start-timeout-s', '2');
      expect((await coordinator.exited).code).toBe(1);
      expect(coordinator.tail()).toMatch(says);
      expect(coordinator.tail()).not.toMatch(/\.ts:\d+|"stack"/);
      expect(coordinator.lines.length).toBeLessThanOrEqual(3);
    }),
  );
});

test('a coordinator gives up in time on a MySQL that takes connections and says nothing', async () => {
  await using mariadb = await startMariadb();
  await mariadb.pause();
  await using coordinator = await coordinatorOn(mariadb.url, '--start-timeout-s', '0');
  expect((await coordinator.exited).code).toBe(1);
  expect(coordinator.tail()).toMatch(/MySQL cannot be reached/);
});

test('a coordinator that waits for MySQL lives, is not ready and says why, and ends at once when asked to', async () => {
  const opsPort = await freePort();
  await using coordinator = await coordinatorOn(
    await mysqlNowhere(),
    ...['--start-timeout-s', '31536000', '--ops-listen', `127.0.0.1:${opsPort}`],
  );
  await coordinator.waitForLine(/waiting for MySQL/);
  const ask = (path: string) => fetch(`http://127.0.0.1:${opsPort}${path}`);
  expect((await ask('/livez')).status).toBe(200);
  const ready = await ask('/readyz');
  expect([ready.status, await ready.json()]).toEqual([
    503,
    expect.objectContaining({
      status: 'not_ready',
      dependencies: [expect.objectContaining({ name: 'store', state: 'down', reason: 'unreachable' })],
    }),
  ]);
  expect((await ask('/metrics')).status).toBe(503);
  expect(await coordinator.stop()).toEqual({ code: 0, signal: null });
});

interface Readiness {
  readonly redis: string;
  readonly dependencies: readonly { readonly name: string; readonly state: string }[];
}

/** A coordinator on a new database whose Redis is away, and an agent of it. */
async function startWithoutRedis(how: 'stop' | 'pause', ...flags: string[]) {
  const stack = new AsyncDisposableStack();
  try {
    const mariadb = stack.use(await startMariadb());
    const redis = stack.use(await startRedis());
    await redis[how]();
    const coordinator = await Service.start({
      kind: 'coordinator',
      name: 'early',
      flags: ['--auto-create-tags', '--redis-command-timeout-ms', '500', ...flags],
      env: { LEAFCUTTER_MYSQL_URL: mariadb.url, LEAFCUTTER_REDIS_URL: redis.url },
    });
    stack.defer(() => coordinator.stop());
    const agent = await Service.start(
      { kind: 'agent', name: 'served', flags: ['--coordinators', coordinator.url, '--wait-ms', '200'] },
      'live',
    );
    stack.defer(() => agent.stop());
    const redisIs = (state: 'up' | 'down') =>
      poll(async () => {
        const { redis, dependencies } = await coordinator.json<Readiness>('/readyz');
        return redis === state && dependencies.some((one) => one.name === 'redis' && one.state === state);
      });
    const counter = async (name: string) => {
      const text = await (await fetch(`${coordinator.url}/metrics`)).text();
      return Number(
        text.match(new RegExp(`^leafcutter_coordinator_${name}\\{kind="tag"[^}]*\\} (.+)$`, 'm'))?.[1],
      );
    };
    const draws = async () => (await fetch(`${agent.url}/v1/ids/orders`)).ok;
    return { coordinator, redis, redisIs, counter, draws, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Only a command's deadline tells a Redis that stands still from one that is gone, so the full run has both. */
const AWAY = process.env.LEAFCUTTER_FULL === '1' ? (['stop', 'pause'] as const) : (['pause'] as const);

describe.each(AWAY)('a coordinator that starts while Redis is away (%s)', (how) => {
  test('refuses ranges, because its MySQL may have forgotten some, until Redis is there', async () => {
    await using early = await startWithoutRedis(how);
    expect(early.coordinator.process.tail()).toMatch(/redis: down/);
    expect(await early.redisIs('down')).toBe(true);
    expect(await early.draws()).toBe(false);
    expect(await poll(() => early.counter('unfenced_refusals_total'))).toBeGreaterThan(0);
    expect(await early.counter('unfenced_allocations_total')).toBe(0);
    await (how === 'stop' ? early.redis.restart() : early.redis.resume());
    expect(await early.redisIs('up')).toBe(true);
    expect(await poll(early.draws)).toBe(true);
  });

  test('serves unfenced when it is allowed to, counts that, and goes over to Redis', async () => {
    await using early = await startWithoutRedis(how, '--redis-allow-unswept-allocations');
    expect(await early.redisIs('down')).toBe(true);
    expect(await poll(early.draws)).toBe(true);
    expect(await early.counter('unfenced_allocations_total')).toBeGreaterThan(0);
    await (how === 'stop' ? early.redis.restart() : early.redis.resume());
    expect(await early.redisIs('up')).toBe(true);
  });
});

test('an agent that starts before its coordinator is live, refuses, and becomes ready by itself', async () => {
  const port = await freePort();
  const agent = await Service.start(
    {
      kind: 'agent',
      name: 'early',
      flags: ['--coordinators', `http://127.0.0.1:${port}`, '--wait-ms', '200'],
    },
    'live',
  );
  const ask = async (path: string) => (await fetch(agent.url + path)).status;
  expect([await ask('/livez'), await ask('/readyz'), await ask('/v1/ids/orders')]).toEqual([200, 503, 503]);
  const data = join(await scratchDir('start'), 'data');
  await using _coordinator = leafcutter([
    ...['coordinator', '--listen', `127.0.0.1:${port}`, '--data-dir', data, '--auto-create-tags'],
  ]);
  await agent.waitUntil('ready');
  expect(await poll(async () => (await ask('/v1/ids/orders')) === 200)).toBe(true);
  await agent.stop();
});
