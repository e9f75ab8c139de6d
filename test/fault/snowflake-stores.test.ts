import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds, findOverlaps, findUngranted } from '@leafcutter/cli/verify/checks';
import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { Redis } from 'ioredis';
import { type Connection, createConnection } from 'mysql2/promise';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections } from '../support/draw.ts';
import { readLedger } from '../support/history.ts';
import { Load } from '../support/load.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { startRedis } from '../support/redis-server.ts';
import type { Service } from '../support/service.ts';

const AGENTS = 2;
const ROUNDS = 15;
/** No multiple of a step: set back by whole segments, the ledger's primary key would refuse what the fence must. */
const SET_BACK_IDS = 1_337;
const SET_BACK_MS = 300_000;
const JOBS = 'leafcutter_coordinator_jobs_total';
const FENCE_AHEAD = 'leafcutter_coordinator_fence_ahead_total';
const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };
const windowOf = (id: bigint) => decode(layout, id);

/** Both stores, a cluster on them that holds every machine id there is, and an operator's hands on each. */
interface Bench extends AsyncDisposable {
  readonly mysqlUrl: string;
  readonly cluster: Cluster;
  readonly redis: Redis;
  readonly mysql: Connection;
}

/** FLUSHALL knows no prefixes, so each bench has a Redis of its own. */
async function startBench(coordinators: number): Promise<Bench> {
  // What was started is ended where a later one does not start.
  await using stack = new AsyncDisposableStack();
  const redisServer = stack.use(await startRedis());
  const mariadb = stack.use(await startMariadb());
  const redis = new Redis(redisServer.url);
  stack.defer(() => redis.disconnect());
  const mysql = await createConnection(mariadb.url);
  stack.defer(() => mysql.end());
  const cluster = stack.use(
    await Cluster.start({
      mysqlUrl: mariadb.url,
      redisUrl: redisServer.url,
      coordinators,
      agents: AGENTS,
      coordinatorFlags: [
        ...['--no-segment-adaptive-step', '--jobs-audit-interval-s', '1'],
        ...['--snowflake-machine-id-range', `1-${AGENTS}`],
        ...['--snowflake-window-initial-ms', '10000', '--snowflake-window-max-ms', '10000'],
        ...['--snowflake-heartbeat-ms', '300', '--snowflake-lease-ttl-ms', '5000'],
      ],
      // Sequences start at 0, so that two generators on one machine id cannot miss each other by luck.
      agentFlags: ['--snowflake-enabled', '--snowflake-sequence-start-max', '0'],
    }),
  );
  const started = stack.move();
  const dispose = () => started.disposeAsync();
  return { mysqlUrl: mariadb.url, cluster, redis, mysql, [Symbol.asyncDispose]: dispose };
}

const stack = new AsyncDisposableStack();
let healthy: Bench;
let forgetful: Bench;

beforeAll(async () => {
  [healthy, forgetful] = await Promise.all([
    startBench(2).then((bench) => stack.use(bench)),
    startBench(1).then((bench) => stack.use(bench)),
  ]);
}, 60_000);

afterAll(async () => {
  await closeConnections();
  await stack.disposeAsync();
}, 60_000);

/** Every agent draws segments of a small step, so that refills are many, and snowflakes. */
async function loadOn({ cluster }: Bench, tag: string): Promise<Load> {
  await cluster.createTag(tag, { step: 40, start: '1000000' });
  const load = new Load();
  for (const agent of cluster.agents) {
    load.draw(agent, { source: tag, callers: 2, count: 5, paceMs: 5 });
    load.draw(agent, { source: 'snowflake', callers: 2, paceMs: 5 });
  }
  return load;
}

async function setCeilingsBack({ mysql }: Bench): Promise<void> {
  await mysql.query('UPDATE leafcutter_machine SET ceiling_ms = ceiling_ms - ?', [SET_BACK_MS]);
}

async function setTagBack({ mysql }: Bench, tag: string): Promise<void> {
  await mysql.query('UPDATE leaf_alloc SET max_id = max_id - ? WHERE biz_tag = ?', [SET_BACK_IDS, tag]);
  await mysql.query('UPDATE leafcutter_tag SET high_water = 0 WHERE tag = ?', [tag]);
}

/** Both memories of the counters lose the same: while their rows are locked, no allocation gets in between. */
async function forget({ mysql, redis }: Bench, setBack: () => Promise<void>): Promise<void> {
  await mysql.query('START TRANSACTION');
  await setBack();
  await redis.flushall();
  await mysql.query('COMMIT');
}

test('FLUSHALL under load changes nothing: no request is refused, no ID repeats, leases are entered again', async () => {
  const { mysqlUrl, cluster, redis } = healthy;
  const load = await loadOn(healthy, 'flushed');
  await pause(500);
  for (let round = 0; round < ROUNDS; round++) {
    await redis.flushall();
    await pause(150);
  }
  await redis.flushall();
  const flushedAt = performance.now();
  const entered = await poll(
    async () => (await redis.keys('leafcutter:{lease}:*')).length === AGENTS,
    20_000,
  );
  const enteredMs = performance.now() - flushedAt;
  const jobsBefore = await metric(JOBS, ...cluster.coordinators);
  const jobsRun = await poll(
    async () => (await metric(JOBS, ...cluster.coordinators)) >= jobsBefore + 2,
    20_000,
    100,
  );
  const jobsMs = performance.now() - flushedAt;
  await load.stop();

  const states = await Promise.all(cluster.coordinators.map(machineIdStates));
  const ledger = await readLedger(mysqlUrl);
  process.stdout.write(
    `FLUSHALL ${ROUNDS + 1} times under load: ${load}; all leases entered again ${Math.round(enteredMs)} ms, jobs run again ${Math.round(jobsMs)} ms after the last\n`,
  );
  expect(entered).toBe(true);
  expect(jobsRun).toBe(true);
  for (const seen of states) expect(seen).toEqual(Array.from({ length: AGENTS }, () => 'held'));
  expect([...load.tally.refused]).toEqual([]);
  expect(load.tally.ids).toBeGreaterThan(1_000);
  expect(findDuplicates(callsOf(load.lanes))).toEqual([]);
  expect(findFallingIds(callsOf(load.lanes))).toEqual([]);
  expect(findOverlaps(ledger)).toEqual([]);
  expect(findUngranted(callsOf(load.lanes), ledger, windowOf)).toEqual([]);
}, 60_000);

test('counters set back in MySQL under load: the fence starts every range above what it remembers', async () => {
  const { mysqlUrl, cluster } = healthy;
  const load = await loadOn(healthy, 'set-back');
  const aheadBefore = await metric(FENCE_AHEAD, ...cluster.coordinators);
  await pause(500);
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all([setCeilingsBack(healthy), setTagBack(healthy, 'set-back')]);
    await pause(150);
  }
  await pause(500);
  await load.stop();

  const ahead = (await metric(FENCE_AHEAD, ...cluster.coordinators)) - aheadBefore;
  const ledger = await readLedger(mysqlUrl);
  process.stdout.write(
    `counters set back ${ROUNDS} times under load: ${load}; fence ahead ${ahead} times, ${ledger.length} ledger ranges\n`,
  );
  expect(ahead).toBeGreaterThan(ROUNDS);
  expect([...load.tally.refused]).toEqual([]);
  expect(load.tally.ids).toBeGreaterThan(1_000);
  expect(findDuplicates(callsOf(load.lanes))).toEqual([]);
  expect(findFallingIds(callsOf(load.lanes))).toEqual([]);
  expect(findOverlaps(ledger)).toEqual([]);
  expect(findUngranted(callsOf(load.lanes), ledger, windowOf)).toEqual([]);
}, 60_000);

test('negative control: where Redis forgets at the same moment, numbers and time are handed out twice', async () => {
  const { mysqlUrl, cluster } = forgetful;
  const load = await loadOn(forgetful, 'forgotten');
  const stranger = await cluster.addAgent({ until: 'live' });
  const drawn = () => idsOf(load, 'forgotten');
  await poll(() => drawn() > 2 * SET_BACK_IDS, 20_000);

  await forget(forgetful, () => setTagBack(forgetful, 'forgotten'));
  // Agents that drew before refuse what lies below their own highest ID: it takes one that knows nothing.
  load.draw(stranger, { source: 'forgotten', count: 5, paceMs: 5 });
  load.draw(stranger, { source: 'snowflake', callers: 2, paceMs: 1 });
  await pause(500);

  // The heartbeats enter the leases again within 300 ms, so once may not be enough for the stranger to get one.
  const granted = await poll(
    async () => {
      await forget(forgetful, () => setCeilingsBack(forgetful));
      return (await fetch(`${stranger.url}/readyz?mode=snowflake`)).ok;
    },
    20_000,
    100,
  );
  await pause(1_000);
  await load.stop();

  const twice = findDuplicates(callsOf(load.lanes));
  const overlaps = findOverlaps(await readLedger(mysqlUrl));
  const of = (source: string) => twice.filter((violation) => violation.source === source);
  const segments = overlaps.filter((text) => text.startsWith('forgotten: ')).length;
  process.stdout.write(
    `counters set back and Redis wiped: ${load}; repeated (at most 20 are told): ${of('forgotten').length} IDs of the tag, ` +
      `${of('snowflake').length} snowflakes; overlaps in the ledger: ${segments} segments, ${overlaps.length - segments} windows\n`,
  );
  expect(granted).toBe(true);
  expect(segments).toBeGreaterThan(0);
  expect(overlaps.length - segments).toBeGreaterThan(0);
  expect(of('forgotten')).not.toEqual([]);
  expect(of('snowflake')).not.toEqual([]);
}, 60_000);

function idsOf(load: Load, source: string): number {
  return load.lanes.reduce((sum, lane) => sum + (lane.source === source ? lane.ids.length : 0), 0);
}

async function machineIdStates(coordinator: Service): Promise<string[]> {
  const { machineIds } = await coordinator.json<{ machineIds: { state: string }[] }>('/v1/leases');
  return machineIds.map(({ state }) => state);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
