/** Every attack at once beside honest callers, on real services and stores. Only in a full run: it takes minutes. */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates } from '@leafcutter/cli/verify/checks';
import { Redis } from 'ioredis';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections } from '../support/draw.ts';
import { residentBytes } from '../support/hostile.ts';
import { Load } from '../support/load.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

const full = process.env.LEAFCUTTER_FULL === '1';
const SECONDS = Number(process.env.LEAFCUTTER_SOAK_S ?? 120);
/** Callers that ask for one ID each 20 ms: 2,000 a second. */
const HONEST = { source: 'honest', callers: 40, paceMs: 20 };
const ATTACK = fileURLToPath(new URL('neighbours/attack.ts', import.meta.url));
const LAYOUT = '41-10-12-d0@1288834974657';
const MAX_REDIS_BYTES = 256e6;
const RESIDENT = 'process_resident_memory_bytes';

let mariadb: MariadbServer;
let redis: RedisServer;
let cluster: Cluster;
let respPort: number;

beforeAll(async () => {
  if (!full) return;
  const args = ['--maxmemory', String(MAX_REDIS_BYTES), '--maxmemory-policy', 'noeviction'];
  [mariadb, redis, respPort] = await Promise.all([startMariadb(), startRedis({ args }), freePort()]);
  cluster = await Cluster.start({
    mysqlUrl: mariadb.url,
    redisUrl: redis.url,
    coordinators: 1,
    agents: 1,
    pace: 'product',
    coordinatorFlags: ['--agent-requests-per-s', '50', '--token-requests-per-s', '500'],
    agentFlags: ['--resp-listen', `127.0.0.1:${respPort}`],
  });
  for (const tag of ['honest', 'batches'])
    await fetch(`${cluster.coordinators[0]?.url}/v1/tags`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tag, step: 100_000 }),
    });
});

afterAll(async () => {
  await closeConnections();
  await cluster?.[Symbol.asyncDispose]();
  await Promise.all([redis?.dispose(), mariadb?.dispose()]);
});

(full ? test : test.skip)(
  'honest callers are served, nothing goes unfenced, and memory stays where it was',
  async () => {
    const [coordinator] = cluster.coordinators;
    const [agent] = cluster.agents;
    if (coordinator === undefined || agent === undefined) throw new Error('no services');
    const alone = new Load().draw(agent, HONEST);
    await sleep(5_000);
    await alone.stop();
    const load = new Load().draw(agent, HONEST);
    const args = [ATTACK, agent.url, String(respPort), coordinator.url, 'none', LAYOUT];
    await using attack = startProcess({ command: process.execPath, args, name: 'attack' });
    const memory: number[][] = [];
    for (let passed = 0; passed < SECONDS; passed += 10) {
      await sleep(10_000);
      const [counted, redisBytes] = await Promise.all([residentBytes(agent.url), usedByRedis()]);
      memory.push(
        [counted, await metric(RESIDENT, coordinator), redisBytes].map((bytes) => Math.round(bytes / 1e6)),
      );
    }
    await attack.stop();
    const healing = performance.now();
    await load.stop();
    const { requests, refused } = load.tally;
    const refusals = [...refused.values()].reduce((sum, n) => sum + n, 0);
    process.stdout.write(
      [
        `alone: ${alone}, slowest ${alone.tally.slowestMs.toFixed(0)} ms`,
        `beside: ${load}, slowest ${load.tally.slowestMs.toFixed(0)} ms, ended ${(performance.now() - healing).toFixed(0)} ms after the attack`,
        `attack: ${attack.tail(1)}`,
        `memory of agent, coordinator, Redis each 10 s, MB: ${memory.map((each) => each.join('/')).join(' ')}`,
        '',
      ].join('\n'),
    );
    expect(findDuplicates(callsOf([...alone.lanes, ...load.lanes]))).toEqual([]);
    expect(refusals / requests).toBeLessThan(0.001);
    expect(await metric('leafcutter_coordinator_unfenced_allocations_total', coordinator)).toBe(0);
    const [, , ofRedis] = memory.at(-1) ?? [];
    expect(ofRedis).toBeLessThan(MAX_REDIS_BYTES / 1e6);
  },
  (SECONDS + 120) * 1_000,
);

async function usedByRedis(): Promise<number> {
  const admin = new Redis(redis.url);
  const info = await admin.info('memory');
  admin.disconnect();
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}
