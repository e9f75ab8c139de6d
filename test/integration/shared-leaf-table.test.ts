import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Cluster } from '../support/cluster.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { startProcess } from '../support/process.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import type { Service } from '../support/service.ts';

const PROGRAM = fileURLToPath(new URL('../support/leaf-program.ts', import.meta.url));

let mariadb: MariadbServer;
let redis: RedisServer;

beforeAll(async () => {
  [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
});
afterAll(async () => {
  await mariadb?.dispose();
  await redis?.stop();
});

/** IDs `[start, end)` that one source issued. */
interface Issued {
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** The IDs that a Leaf and two agents behind two coordinators issue from one row at the same time. */
async function side(given: {
  keyPrefix: string;
  lives: number;
  perLife: number;
  perAgent: number;
  careless: boolean;
}): Promise<{ issued: Issued[]; fenceAhead: number }> {
  const { keyPrefix, lives, perLife, perAgent, careless } = given;
  const mysqlUrl = await mariadb.createDatabase();
  await using cluster = await Cluster.start({
    mysqlUrl,
    redisUrl: redis.url,
    keyPrefix,
    coordinators: 2,
    agents: 2,
  });
  await cluster.createTag('order', { step: 500, maxStep: 1_000 });
  await using leaf = startProcess({
    command: process.execPath,
    args: [PROGRAM, mysqlUrl, 'order', String(lives), String(perLife), ...(careless ? ['careless'] : [])],
    name: 'leaf',
  });
  await leaf.waitForLine(/^life 1$/);
  const drawn = Promise.all(cluster.agents.map((agent) => draw(agent, perAgent)));
  const line = await leaf.waitForLine(/^issued /);
  const ofLeaf = (JSON.parse(line.slice('issued '.length)) as [number, number][]).map(([start, end]) => ({
    source: 'leaf',
    start,
    end,
  }));
  const issued = [...ofLeaf, ...(await drawn).flat()].sort((a, b) => a.start - b.start);
  const ahead = await Promise.all(cluster.coordinators.map(fenceAhead));
  return { issued, fenceAhead: ahead.reduce((sum, value) => sum + value, 0) };
}

async function draw(agent: Pick<Service, 'url'>, count: number, tag = 'order'): Promise<Issued[]> {
  const issued: Issued[] = [];
  for (let got = 0; got < count; got += 1_000) {
    const response = await fetch(`${agent.url}/v1/ids/${tag}?count=1000&format=ranges`);
    const { ranges } = (await response.json()) as { ranges: { start: string; end: string }[] };
    for (const { start, end } of ranges) {
      issued.push({ source: agent.url, start: Number(start), end: Number(end) });
    }
  }
  return issued;
}

async function fenceAhead(coordinator: Service): Promise<number> {
  const text = await (await fetch(`${coordinator.url}/metrics`)).text();
  expect(text).toContain('# TYPE leafcutter_coordinator_fence_ahead_total counter');
  const counts = text.matchAll(/^leafcutter_coordinator_fence_ahead_total(?:\{.*\})? (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** How many IDs were issued more than once; the ranges are sorted by their start. */
function duplicates(issued: readonly Issued[]): number {
  let highest = 0;
  let repeated = 0;
  for (const { start, end } of issued) {
    repeated += Math.max(0, Math.min(end, highest) - start);
    highest = Math.max(highest, end);
  }
  return repeated;
}

/** For how long a full run draws, with dotted keys and their stems among the tags. */
const FULL_MS = 60_000;
/** A minute takes a minute, and the short runs find what a lock would let through. */
const inFull = process.env.LEAFCUTTER_FULL === '1' ? test : test.skip;

/** What a Leaf and agents issue from `acct`, to which Leaf cuts `acct.v2`, and agents alone from the tag `acct.v2`. */
async function dotted(): Promise<Record<'acct' | 'acct.v2', Issued[]>> {
  const mysqlUrl = await mariadb.createDatabase();
  await using cluster = await Cluster.start({
    mysqlUrl,
    redisUrl: redis.url,
    keyPrefix: 'dotted:',
    coordinators: 2,
    agents: 2,
    agentFlags: ['--leaf-dotted-keys', 'cut'],
  });
  const tags = { acct: [], 'acct.v2': [] } as Record<'acct' | 'acct.v2', Issued[]>;
  for (const tag of Object.keys(tags)) await cluster.createTag(tag, { step: 500, maxStep: 1_000 });
  const until = performance.now() + FULL_MS;
  const leafs = async () => {
    while (performance.now() < until) {
      const args = [PROGRAM, mysqlUrl, 'acct', '3', '10000'];
      await using leaf = startProcess({ command: process.execPath, args, name: 'leaf' });
      const line = await leaf.waitForLine(/^issued /);
      for (const [start, end] of JSON.parse(line.slice('issued '.length)) as [number, number][])
        tags.acct.push({ source: 'leaf', start, end });
    }
  };
  const agents = async ({ url }: Service) => {
    while (performance.now() < until) {
      // Leaf's door cuts the key, all others take it whole.
      const id = Number(await (await fetch(`${url}/api/segment/get/acct.v2`)).text());
      tags.acct.push({ source: url, start: id, end: id + 1 });
      for (const tag of ['acct', 'acct.v2'] as const) tags[tag].push(...(await draw({ url }, 1_000, tag)));
    }
  };
  await Promise.all([leafs(), ...cluster.agents.map(agents)]);
  for (const issued of Object.values(tags)) issued.sort((a, b) => a.start - b.start);
  return tags;
}

describe('a Leaf beside two coordinators on one row of leaf_alloc', () => {
  test('hundreds of thousands of IDs in all, none of them twice', async () => {
    const { issued, fenceAhead: ahead } = await side({
      keyPrefix: 'beside:',
      lives: 10,
      perLife: 10_000,
      perAgent: 50_000,
      careless: false,
    });
    const sizes: Record<string, number> = {};
    for (const { source, start, end } of issued) sizes[source] = (sizes[source] ?? 0) + end - start;
    const all = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    const turns = issued.filter(({ source }, index) => source !== issued[index - 1]?.source).length;
    process.stdout.write(
      `shared leaf_alloc: ${all} IDs (${JSON.stringify(Object.values(sizes))}), ${turns} changes of hands\n`,
    );
    expect(all).toBeGreaterThanOrEqual(200_000);
    expect(Object.values(sizes).every((size) => size >= 50_000)).toBe(true);
    // Neither was done before the other began.
    expect(turns).toBeGreaterThan(20);
    expect(duplicates(issued)).toBe(0);
    // A counter that somebody else moved forward is no MySQL that lost writes.
    expect(ahead).toBe(0);
  });

  test('control: a program that ignores the row’s lock is found out', async () => {
    const { issued } = await side({
      keyPrefix: 'careless:',
      lives: 5,
      perLife: 10_000,
      perAgent: 40_000,
      careless: true,
    });
    expect(duplicates(issued)).toBeGreaterThan(0);
  });

  inFull('a minute of it with dotted keys and their stems: none of them twice', async () => {
    const tags = await dotted();
    for (const [tag, issued] of Object.entries(tags)) {
      const all = issued.reduce((sum, { start, end }) => sum + end - start, 0);
      const sources = new Set(issued.map(({ source }) => source)).size;
      process.stdout.write(
        `dotted keys, ${tag}: ${all} IDs of ${sources} sources, ${duplicates(issued)} twice\n`,
      );
      expect([tag, duplicates(issued)]).toEqual([tag, 0]);
      expect(sources).toBe(tag === 'acct' ? 3 : 2);
      expect(issued.every(({ start }) => start >= 1)).toBe(true);
    }
    // Control: a Leaf that served the tag `acct.v2` from its own row, beside what Leaf's clients had for that key.
    const hadForKey = [...tags.acct, ...tags['acct.v2']].sort((a, b) => a.start - b.start);
    expect(duplicates(hadForKey)).toBeGreaterThan(0);
  });
});
