import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  findDuplicates,
  findFallingIds,
  findOverlaps,
  findUngranted,
  type LedgerRange,
} from '@leafcutter/cli/verify/checks';
import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections, type Lane } from '../support/draw.ts';
import { readLedger } from '../support/history.ts';
import { Load } from '../support/load.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import type { Service } from '../support/service.ts';

const WINDOW_MS = 2_000;
const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };
const windowOf = (id: bigint) => decode(layout, id);
const unguarded = fileURLToPath(new URL('../support/unguarded-window.ts', import.meta.url));

const stack = new AsyncDisposableStack();
let redis: RedisServer;
let mariadb: MariadbServer;
let guarded: Outcome;
let withoutCheck: Outcome;

beforeAll(async () => {
  [redis, mariadb] = await Promise.all([startRedis(), startMariadb()]);
  stack.use(redis);
  stack.use(mariadb);
  // Side by side, since both wait most of the time.
  [guarded, withoutCheck] = await Promise.all([
    pauseTheHolder('guarded', {}),
    pauseTheHolder('unguarded', { NODE_OPTIONS: `--import=${unguarded}` }),
  ]);
}, 120_000);

afterAll(async () => {
  await closeConnections();
  await stack.disposeAsync();
}, 60_000);

interface SnowflakeStatus {
  readonly instanceId: string;
  readonly snowflake: {
    readonly machineId: number | null;
    readonly window: { from: number; to: number } | null;
  };
}

/** What came of the request that waited in the paused process' socket. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Outcome {
  readonly paused: SnowflakeStatus;
  readonly heir: SnowflakeStatus;
  readonly pausedMs: number;
  readonly first: Answer;
  /** Of the paused process, once it was resumed, while the other one held its machine id. */
  readonly pausedLoad: Load;
  readonly heirLoad: Load;
  readonly lanes: readonly Lane[];
  readonly ledger: readonly LedgerRange[];
  /** Until the paused process issued again after the other one had left. */
  readonly recoveredMs: number;
}

/**
 * Two agents, one machine id. The one that holds it is stopped (SIGSTOP) until the other one has taken it, and then
 * goes on (SIGCONT) with requests waiting in its sockets, while the other one issues. Then the other one leaves.
 */
async function pauseTheHolder(label: string, env: Readonly<Record<string, string>>): Promise<Outcome> {
  const mysqlUrl = await mariadb.createDatabase();
  await using cluster = await Cluster.start({
    mysqlUrl,
    redisUrl: redis.url,
    keyPrefix: `${label}:`,
    coordinators: 1,
    agents: 0,
    coordinatorFlags: [
      ...['--snowflake-machine-id-range', '5-5'],
      ...['--snowflake-window-initial-ms', `${WINDOW_MS}`, '--snowflake-window-max-ms', `${WINDOW_MS}`],
      ...['--snowflake-heartbeat-ms', '300', '--snowflake-lease-ttl-ms', '900'],
    ],
    // Sequences start at 0, so that two generators on one machine id cannot miss each other by luck.
    agentFlags: ['--snowflake-enabled', '--snowflake-sequence-start-max', '0'],
  });
  const holder = await cluster.addAgent({ env });
  const other = await cluster.addAgent({ until: 'live' });
  const beforeLoad = new Load().draw(holder, { source: 'snowflake', callers: 2 });
  await pause(500);
  await beforeLoad.stop();
  const paused = await statusOf(holder);

  await holder.process.pause();
  const stoppedAt = performance.now();
  // Accepted by the kernel, and read by the process when it goes on.
  const queued = ask(holder);
  await issues(other);
  const heir = await statusOf(other);
  const heirLoad = new Load().draw(other, { source: 'snowflake', callers: 2 });
  await pause(300);

  await holder.process.resume();
  const pausedMs = performance.now() - stoppedAt;
  const first = await queued;
  const firstAt = performance.now();
  const pausedLoad = new Load().draw(holder, { source: 'snowflake', callers: 2, paceMs: 1 });
  await pause(1_000);
  await Promise.all([pausedLoad.stop(), heirLoad.stop()]);

  await other.stop();
  const leftAt = performance.now();
  await issues(holder);
  const recoveredMs = performance.now() - leftAt;
  const afterLoad = new Load().draw(holder, { source: 'snowflake', callers: 2 });
  await pause(300);
  await afterLoad.stop();

  const lanes = [beforeLoad, pausedLoad, heirLoad, afterLoad].flatMap((load) => load.lanes);
  if (first.status === 200) {
    const issued = {
      agent: holder.name,
      instanceId: paused.instanceId,
      source: 'snowflake',
      ids: [BigInt(first.body)],
    };
    const times = { invokedNs: stoppedAt * 1e6, completedNs: firstAt * 1e6 };
    lanes.push({ ...issued, calls: [{ ...issued, ...times }] });
  }
  const ledger = await readLedger(mysqlUrl);
  return { paused, heir, pausedMs, first, pausedLoad, heirLoad, lanes, ledger, recoveredMs };
}

test('a process stopped past its window refuses its first request while another one issues on its machine id', () => {
  const { paused, heir, pausedMs, first, pausedLoad, heirLoad, lanes, ledger, recoveredMs } = guarded;
  const problem = JSON.parse(first.body) as { code: string; reason?: string };
  process.stdout.write(
    `pause: stopped ${Math.round(pausedMs)} ms over a window of ${WINDOW_MS} ms; first request ${first.status} ` +
      `${problem.code} ${problem.reason}; then ${pausedLoad}; the other one ${heirLoad}; recovered ${(recoveredMs / 1_000).toFixed(1)} s after it left\n`,
  );
  expect(first.status).toBe(503);
  expect(['LEASE_LOST', 'MACHINE_IDS_EXHAUSTED']).toContain(problem.code);
  expect(paused.snowflake.machineId).toBe(5);
  expect(heir.snowflake.machineId).toBe(5);
  expect(heir.snowflake.window?.from).toBeGreaterThanOrEqual(paused.snowflake.window?.to ?? Infinity);
  expect(pausedLoad.tally.ids).toBe(0);
  expect(heirLoad.tally.ids).toBeGreaterThan(0);
  expect([...heirLoad.tally.refused]).toEqual([]);
  expect(recoveredMs).toBeLessThan(20_000);
  expect(findDuplicates(callsOf(lanes))).toEqual([]);
  expect(findFallingIds(callsOf(lanes))).toEqual([]);
  expect(findOverlaps(ledger)).toEqual([]);
  expect(findUngranted(callsOf(lanes), ledger, windowOf)).toEqual([]);
});

test('negative control: without the check of the window, the same process issues duplicates', () => {
  const { paused, heir, first, pausedLoad, lanes, ledger } = withoutCheck;
  const duplicates = findDuplicates(callsOf(lanes));
  const ungranted = findUngranted(callsOf(lanes), ledger, windowOf);
  process.stdout.write(
    `pause without the check: first request ${first.status}; then ${pausedLoad}; ${duplicates.length} duplicates ` +
      `seen (at most 20 are told), IDs outside of own windows in ${ungranted.length} calls (at most 20 are told)\n`,
  );
  expect(first.status).toBe(200);
  const { machineId, timestampMs } = windowOf(BigInt(first.body));
  expect(machineId).toBe(heir.snowflake.machineId);
  expect(timestampMs).toBeGreaterThan(paused.snowflake.window?.to ?? Infinity);
  expect(pausedLoad.tally.ids).toBeGreaterThan(0);
  expect(duplicates).not.toEqual([]);
  expect(ungranted).not.toEqual([]);
  // The stores did nothing wrong: the windows are disjoint in both cases.
  expect(findOverlaps(ledger)).toEqual([]);
});

function statusOf(agent: Service): Promise<SnowflakeStatus> {
  return agent.json('/v1/status');
}

async function ask(agent: Service): Promise<Answer> {
  const response = await fetch(`${agent.url}/v1/snowflake`);
  return { status: response.status, body: await response.text() };
}

async function issues(agent: Service): Promise<void> {
  const issued = await poll(async () => (await ask(agent)).status === 200, 30_000, 20);
  if (issued === undefined) throw new Error(`${agent.name} issues nothing:\n${agent.process.tail(20)}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
