import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter, type RunningProcess } from '../support/process.ts';
import { startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

/** A coordinator that nobody waits for; its Redis is nowhere. */
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
  expect(coordinator.lines.at(-1)).toMatch(/MySQL cannot be reached/);
});

test('a coordinator gives up in time on a MySQL that takes connections and says nothing', async () => {
  await using mariadb = await startMariadb();
  await mariadb.pause();
  await using coordinator = await coordinatorOn(mariadb.url, '--start-timeout-s', '0');
  expect((await coordinator.exited).code).toBe(1);
  expect(coordinator.lines.at(-1)).toMatch(/MySQL cannot be reached/);
});

test('a coordinator that waits for MySQL ends at once when it is asked to stop', async () => {
  await using coordinator = await coordinatorOn(await mysqlNowhere(), '--start-timeout-s', '3600');
  await coordinator.waitForLine(/waiting for MySQL/);
  expect(await coordinator.stop()).toEqual({ code: 0, signal: null });
});

test.each(['stop', 'pause'] as const)(
  'a coordinator that starts while Redis is away (%s) serves unfenced, says so, and goes over to it',
  async (how) => {
    await using mariadb = await startMariadb();
    await using redis = await startRedis();
    await redis[how]();
    const coordinator = await Service.start({
      ...{ kind: 'coordinator', name: 'unfenced' },
      flags: ['--auto-create-tags', '--redis-command-timeout-ms', '500'],
      env: { LEAFCUTTER_MYSQL_URL: mariadb.url, LEAFCUTTER_REDIS_URL: redis.url },
    });
    const agent = await Service.start(
      { kind: 'agent', name: 'served', flags: ['--coordinators', coordinator.url] },
      'live',
    );
    try {
      expect(coordinator.process.tail()).toMatch(/redis is away at start/);
      const state = async () => (await coordinator.json<{ redis: string }>('/readyz')).redis;
      expect(await poll(async () => (await state()) === 'down')).toBe(true);
      const draws = async () => (await fetch(`${agent.url}/v1/ids/orders`)).ok;
      expect(await poll(draws)).toBe(true);
      const metrics = await (await fetch(`${coordinator.url}/metrics`)).text();
      expect(metrics).toMatch(/^leafcutter_coordinator_unfenced_allocations_total\{kind="tag"\} [1-9]/m);
      await (how === 'stop' ? redis.restart() : redis.resume());
      expect(await poll(async () => (await state()) === 'up')).toBe(true);
    } finally {
      await agent.stop();
      await coordinator.stop();
    }
  },
);

test('an agent that starts before its coordinator is live, refuses, and becomes ready by itself', async () => {
  const port = await freePort();
  const agent = await Service.start(
    {
      ...{ kind: 'agent', name: 'early' },
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
