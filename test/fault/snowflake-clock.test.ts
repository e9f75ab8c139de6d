import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds, findUngranted } from '@leafcutter/cli/verify/checks';
import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections } from '../support/draw.ts';
import { type FakeTime, fakeTime } from '../support/faketime.ts';
import { readLedger } from '../support/history.ts';
import { Load } from '../support/load.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { runningMs } from '../support/running-time.ts';
import type { Service } from '../support/service.ts';

/** More than a reading of the time gains when the machine stands still, less than the steps of the clocks below. */
const SKEW = ['--snowflake-max-clock-skew-ms', '10000'];
const HEARTBEATS = ['--snowflake-heartbeat-ms', '300', '--snowflake-lease-ttl-ms', '5000', ...SKEW];
const ROLLBACKS = 'leafcutter_agent_clock_rollbacks_total';
const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };
const windowOf = (id: bigint) => decode(layout, id);

const stack = new AsyncDisposableStack();
let redis: RedisServer;
let mariadb: MariadbServer;

beforeAll(async () => {
  [redis, mariadb] = await Promise.all([startRedis(), startMariadb()]);
  stack.use(redis);
  stack.use(mariadb);
});

afterAll(async () => {
  await closeConnections();
  await stack.disposeAsync();
});

/** A coordinator, an agent with the true time, and one whose clock `clock` moves. */
async function twoAgents(label: string, coordinatorFlags: readonly string[]) {
  const mysqlUrl = await mariadb.createDatabase();
  const clock: FakeTime = stack.use(await fakeTime());
  const cluster = stack.use(
    await Cluster.start({
      pace: 'product',
      mysqlUrl,
      redisUrl: redis.url,
      keyPrefix: `${label}:`,
      coordinators: 1,
      agents: 0,
      coordinatorFlags,
      // Nobody here may be refused because the machine stood still, and nobody may wait for a clock that is a minute
      // behind.
      agentFlags: ['--snowflake-enabled', '--report-interval-ms', '300', '--wait-ms', '10000', ...SKEW],
    }),
  );
  await cluster.createTag('orders', { step: 200 });
  const [steady, moved] = await Promise.all([cluster.addAgent(), cluster.addAgent({ env: clock.env })]);
  return { mysqlUrl, clock, steady, moved };
}

test('a running agent: 1 s back goes unnoticed, 60 s back is refused until caught up, 60 s ahead stays in the window', async () => {
  const { mysqlUrl, clock, steady, moved } = await twoAgents('running', HEARTBEATS);
  const segments = new Load().draw(moved, { source: 'orders', callers: 1, paceMs: 2 });
  const others = new Load().draw(steady, { source: 'snowflake', callers: 2, paceMs: 1 });
  const loads = [segments, others];
  const during = async (ms: number) => {
    const load = new Load().draw(moved, { source: 'snowflake', callers: 2, paceMs: 1 });
    loads.push(load);
    await answeredFor(load, ms);
    await load.stop();
    return load;
  };
  await during(300);

  const rollbacksBefore = await metric(ROLLBACKS, moved);
  const small = new Load().draw(moved, { source: 'snowflake', callers: 2, paceMs: 1 });
  loads.push(small);
  await answeredFor(small, 300);
  // If the machine stands still for longer than the step, that hides the step, and it is made again.
  const isCounted = async () => {
    clock.set(-1);
    await answeredFor(small, 1_200);
    if ((await metric(ROLLBACKS, moved)) > rollbacksBefore) return true;
    clock.set(0);
    return false;
  };
  await poll(isCounted);
  await small.stop();
  const rollbacks = (await metric(ROLLBACKS, moved)) - rollbacksBefore;
  const readyOneBack = (await ready(moved, 'snowflake')).ok;
  clock.set(0);
  await during(100);

  clock.set(-60);
  const backwards = await ask(moved);
  const skewedBack = await untilSkewed(moved);
  const segmentReady = (await ready(moved, 'segment')).ok;
  const segmentsBefore = segments.tally.ids;
  const back = await during(500);
  await poll(() => segments.tally.ids > segmentsBefore);
  const segmentsMeanwhile = segments.tally.ids - segmentsBefore;
  clock.set(0);
  await untilReady(moved);
  const resumed = await during(300);

  clock.set(60);
  const ahead = await during(500);
  const skewedAhead = await untilSkewed(moved);
  const furthest = Math.max(...ahead.lanes.flatMap(({ ids }) => ids).map((id) => windowOf(id).timestampMs));
  const aheadMs = furthest - Date.now();
  clock.set(0);
  const after = await ask(moved);
  await untilReady(moved);
  // Instead of waiting a minute for the clock to catch up with the IDs, the clock is moved there.
  clock.set(60);
  const caughtUp = await during(300);
  clock.set(0);
  await Promise.all([segments.stop(), others.stop()]);

  const lanes = loads.flatMap((load) => load.lanes);
  process.stdout.write(
    `clock of a running agent: 1 s back: ${small}, ${rollbacks} rollbacks counted; 60 s back: ${back}, Retry-After ` +
      `${backwards.retryAfter}, segments ${segmentsMeanwhile} IDs meanwhile; true again: ${resumed}; 60 s ahead: ` +
      `${ahead}, up to ${aheadMs} ms ahead; true again: ${after.code}, Retry-After ${after.retryAfter}; caught up: ${caughtUp}\n`,
  );
  expect([...small.tally.refused]).toEqual([]);
  expect(rollbacks).toBeGreaterThanOrEqual(1);
  expect(readyOneBack).toBe(true);

  expect(backwards).toMatchObject({ status: 503, code: 'CLOCK_BACKWARDS' });
  expect(backwards.retryAfter).toBeGreaterThan(30);
  expect(backwards.retryAfter).toBeLessThanOrEqual(60);
  expect(skewedBack).toBe('clock_skewed');
  expect(segmentReady).toBe(true);
  expect([...back.tally.refused.keys()]).toEqual(['CLOCK_BACKWARDS']);
  expect(back.tally.ids).toBe(0);
  expect(segmentsMeanwhile).toBeGreaterThan(0);
  expect([...segments.tally.refused]).toEqual([]);
  expect([...resumed.tally.refused]).toEqual([]);

  expect(skewedAhead).toBe('clock_skewed');
  expect(aheadMs).toBeGreaterThan(30_000);
  expect(after).toMatchObject({ status: 503, code: 'CLOCK_BACKWARDS' });
  expect(caughtUp.tally.ids).toBeGreaterThan(0);

  expect([...others.tally.refused]).toEqual([]);
  expect(findDuplicates(callsOf(lanes))).toEqual([]);
  expect(findFallingIds(callsOf(lanes))).toEqual([]);
  expect(findUngranted(callsOf(lanes), await readLedger(mysqlUrl), windowOf)).toEqual([]);
});

test('a clock past its short window issues nothing and says why; set back over a restart it gets no lease', async () => {
  const { mysqlUrl, clock, steady, moved } = await twoAgents('restart', [
    ...HEARTBEATS,
    ...['--snowflake-window-initial-ms', '8000', '--snowflake-window-max-ms', '8000'],
  ]);
  const loads: Load[] = [];
  const draw = (agent: Service, paceMs: number) => {
    const load = new Load().draw(agent, { source: 'snowflake', callers: 2, paceMs });
    loads.push(load);
    return load;
  };
  const others = draw(steady, 1);
  const running = draw(moved, 1);
  await answeredFor(running, 300);
  clock.set(60);
  const told = await poll(async () => matching(await ask(moved), 'CLOCK_SKEWED'));
  const skewed = await untilSkewed(moved);
  clock.set(0);
  const setRightAt = runningMs();
  await untilReady(moved);
  const readyMs = runningMs() - setRightAt;
  await pause(200);
  await running.stop();
  const resumed = draw(moved, 1);
  await answeredFor(resumed, 200);
  await resumed.stop();

  await moved.stop();
  clock.set(-600);
  const othersBefore = others.tally.ids;
  await moved.restart('live');
  const refused = await poll(async () => matching(await ask(moved), 'CLOCK_SKEWED'));
  const { snowflake } = await moved.json<{ snowflake: object }>('/v1/status');
  const restarted = draw(moved, 5);
  await answeredFor(restarted, 500);
  await restarted.stop();
  await poll(() => others.tally.ids > othersBefore);
  const othersMeanwhile = others.tally.ids - othersBefore;
  clock.set(0);
  await untilReady(moved);
  const right = draw(moved, 1);
  await answeredFor(right, 300);
  await Promise.all([right.stop(), others.stop()]);

  const lanes = loads.flatMap((load) => load.lanes);
  process.stdout.write(
    `clock past a window of 8 s: ${running}, ready ${Math.round(readyMs)} ms after it was right; restarted 10 min back: ` +
      `${restarted} ("${refused?.detail}"), the other one ${othersMeanwhile} IDs meanwhile; true again: ${right}\n`,
  );
  expect(told).toMatchObject({ status: 503, reason: 'agent' });
  expect(skewed).toBe('clock_skewed');
  expect([...running.tally.refused.keys()].filter((code) => !PAST_WINDOW.has(code))).toEqual([]);
  expect([...resumed.tally.refused]).toEqual([]);
  expect(refused).toMatchObject({ status: 503, reason: 'agent' });
  expect(refused?.detail).toMatch(/agent -(59|60)\d{4} ms/);
  expect(snowflake).toMatchObject({ machineId: null, lastError: 'CLOCK_SKEWED' });
  expect([...restarted.tally.refused.keys()]).toEqual(['CLOCK_SKEWED']);
  expect(restarted.tally.ids).toBe(0);
  expect(othersMeanwhile).toBeGreaterThan(0);
  expect([...others.tally.refused]).toEqual([]);
  expect(right.tally.ids).toBeGreaterThan(0);
  expect(findDuplicates(callsOf(lanes))).toEqual([]);
  expect(findFallingIds(callsOf(lanes))).toEqual([]);
  expect(findUngranted(callsOf(lanes), await readLedger(mysqlUrl), windowOf)).toEqual([]);
});

/** What an agent may answer when its clock is past its window; CLOCK_BACKWARDS if it used the window up to its end. */
const PAST_WINDOW = new Set(['LEASE_LOST', 'CLOCK_SKEWED', 'CLOCK_BACKWARDS']);

interface Refusal {
  readonly status: number;
  readonly retryAfter: number;
  readonly code?: string;
  readonly reason?: string;
  readonly detail?: string;
}

async function ask(agent: Service): Promise<Refusal> {
  const response = await fetch(`${agent.url}/v1/snowflake`, { headers: { accept: 'application/json' } });
  const document = (await response.json()) as Omit<Refusal, 'status' | 'retryAfter'>;
  return {
    ...document,
    status: response.status,
    retryAfter: Number(response.headers.get('retry-after') ?? '0'),
  };
}

function matching(refusal: Refusal, code: string): Refusal | undefined {
  return refusal.code === code ? refusal : undefined;
}

async function ready(agent: Service, mode: string): Promise<{ ok: boolean; reason: string | undefined }> {
  const response = await fetch(`${agent.url}/readyz?mode=${mode}`);
  const { modes } = (await response.json()) as { modes: Record<string, { reason?: string }> };
  return { ok: response.ok, reason: modes[mode]?.reason };
}

/**
 * Until it is not ready for its clock. What it says before that hangs on what ends first: its window, or the heartbeat
 * that measures the clock.
 */
function untilSkewed(agent: Service): Promise<string | undefined> {
  return poll(async () => {
    const { reason } = await ready(agent, 'snowflake');
    return reason === 'clock_skewed' ? reason : undefined;
  });
}

async function untilReady(agent: Service): Promise<void> {
  const up = await poll(async () => (await ready(agent, 'snowflake')).ok);
  if (up !== true) throw new Error(`${agent.name} did not become ready:\n${agent.process.tail(20)}`);
}

/** At least this long, and until there was an answer: on a machine that stands still there may be none in that time. */
async function answeredFor(load: Load, ms: number): Promise<void> {
  const { requests } = load.tally;
  await pause(ms);
  await poll(() => load.tally.requests > requests);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
