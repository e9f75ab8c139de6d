import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds, findOverlaps, findUngranted } from '@leafcutter/cli/verify/checks';
import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { Cluster } from '../support/cluster.ts';
import { startMariadbContainer, startRedisContainer } from '../support/containers.ts';
import { callsOf, closeConnections, draw, type Lane, newTally } from '../support/draw.ts';
import { readLedger } from '../support/history.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { startRedis } from '../support/redis-server.ts';

/** How many IDs are drawn at least: a million in a full run, for which two busy cores take minutes. */
const TOTAL_IDS = process.env.LEAFCUTTER_FULL === '1' ? 1_000_000 : 200_000;
/** How many of them by requests for one. */
const SINGLE_IDS = TOTAL_IDS / 5;
const SINGLE_CALLERS_PER_AGENT = 8;
const BATCH = 500;
const SOURCES = ['orders', 'invoices', 'events', 'snowflake'] as const;
const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };

/** Containers are what this suite is about; only this variable, said aloud, runs it on native processes. */
const native = process.env.LEAFCUTTER_TEST_NATIVE === '1';
const stack = new AsyncDisposableStack();
let stores: { mysqlUrl: string; redisUrl: string; where: string };

beforeAll(async () => {
  if (native) {
    const redis = stack.use(await startRedis());
    const mariadb = stack.use(await startMariadb());
    stores = {
      mysqlUrl: await mariadb.createDatabase(),
      redisUrl: redis.url,
      where: 'NOT RUN ON CONTAINERS',
    };
    return;
  }
  const [redis, mariadb] = await Promise.all([startRedisContainer(), startMariadbContainer()]);
  stack.defer(() => redis.stop());
  stack.defer(() => mariadb.stop());
  const images = redis.substituted || mariadb.substituted ? 'made from this machine’s binaries' : 'official';
  stores = { mysqlUrl: mariadb.url, redisUrl: redis.url, where: `containers (images ${images})` };
});

afterAll(async () => {
  await closeConnections();
  await stack.disposeAsync();
});

test('IDs from 8 agents and 2 coordinators are unique through SIGKILL of one of each', async () => {
  const cluster = stack.use(
    await Cluster.start({ ...stores, coordinators: 2, agents: 8, agentFlags: ['--snowflake-enabled'] }),
  );
  for (const source of SOURCES) if (source !== 'snowflake') await cluster.createTag(source, { step: 2_000 });

  const lanes: Lane[] = [];
  const tally = newTally();
  const singlesWanted = () => tally.singles < SINGLE_IDS;
  const idsWanted = () => tally.ids < TOTAL_IDS || singlesWanted();
  const begun = performance.now();
  const callers = cluster.agents.flatMap((agent, index) => [
    ...Array.from({ length: SINGLE_CALLERS_PER_AGENT }, (_, caller) =>
      draw(
        { agent, source: SOURCES[caller % SOURCES.length] ?? 'orders', count: 1, more: idsWanted },
        lanes,
        tally,
      ),
    ),
    draw(
      {
        agent,
        source: SOURCES[index % SOURCES.length] ?? 'orders',
        count: BATCH,
        more: idsWanted,
        paceMs: 100,
      },
      lanes,
      tally,
    ),
  ]);

  const [victim] = cluster.agents;
  const [coordinator] = cluster.coordinators;
  const killed = (async () => {
    while (tally.ids < TOTAL_IDS / 3) await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([victim?.process.kill(), coordinator?.process.kill()]);
    await Promise.all([victim?.restart(), coordinator?.restart()]);
  })();
  await Promise.all([...callers, killed]);
  const seconds = (performance.now() - begun) / 1000;

  const instances = new Set(lanes.map((lane) => lane.instanceId));
  const ledger = await readLedger(stores.mysqlUrl);
  process.stdout.write(
    `uniqueness on ${stores.where}: ${tally.ids} IDs in ${tally.requests} requests (${tally.singles} for one ID), ` +
      `${instances.size} instances, ${ledger.length} ledger ranges, refused ${JSON.stringify([...tally.refused])}, ${seconds.toFixed(1)} s\n`,
  );
  expect(tally.ids).toBeGreaterThanOrEqual(TOTAL_IDS);
  expect(tally.singles).toBeGreaterThanOrEqual(SINGLE_IDS);
  // Eight agents, and the ninth instance is the killed one's second life.
  expect(instances.size).toBe(9);
  expect(findDuplicates(callsOf(lanes))).toEqual([]);
  expect(findFallingIds(callsOf(lanes))).toEqual([]);
  expect(findOverlaps(ledger)).toEqual([]);
  expect(findUngranted(callsOf(lanes), ledger, (id) => decode(layout, id))).toEqual([]);
});
