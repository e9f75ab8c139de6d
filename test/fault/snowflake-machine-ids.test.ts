import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds, findOverlaps, findUngranted } from '@leafcutter/cli/verify/checks';
import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections } from '../support/draw.ts';
import { readLedger } from '../support/history.ts';
import { Load } from '../support/load.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { startRedis } from '../support/redis-server.ts';
import { runningMs } from '../support/running-time.ts';

/** Long enough that a holder that stands still for two seconds extends its window in time. */
const WINDOW_MS = 10_000;
const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };

const stack = new AsyncDisposableStack();
let stores: { mysqlUrl: string; redisUrl: string };

beforeAll(async () => {
  const redis = stack.use(await startRedis());
  const mariadb = stack.use(await startMariadb());
  stores = { mysqlUrl: mariadb.url, redisUrl: redis.url };
});

afterAll(async () => {
  await closeConnections();
  await stack.disposeAsync();
});

test('one agent more than machine ids says so, serves segments, and takes the id of an agent that left', async () => {
  const cluster = stack.use(
    await Cluster.start({
      pace: 'product',
      ...stores,
      coordinators: 1,
      agents: 2,
      coordinatorFlags: [
        ...['--snowflake-machine-id-range', '7-8'],
        ...['--snowflake-window-initial-ms', `${WINDOW_MS}`, '--snowflake-window-max-ms', `${WINDOW_MS}`],
        ...['--snowflake-heartbeat-ms', '300', '--snowflake-lease-ttl-ms', '6000'],
      ],
      agentFlags: ['--snowflake-enabled', '--wait-ms', '10000'],
    }),
  );
  await cluster.createTag('orders', { step: 200 });
  const [leaving, staying] = cluster.agents;
  if (leaving === undefined || staying === undefined) throw new Error('no agents');
  const extra = await cluster.addAgent({ until: 'live' });

  // What an operator sees, before and after the first answer of a coordinator.
  const lastError = await poll(
    async () =>
      (await extra.json<{ snowflake: { lastError: string | null } }>('/v1/status')).snowflake.lastError,
  );
  const response = await fetch(`${extra.url}/v1/snowflake`);
  const problem = (await response.json()) as { code: string; detail: string; retryable: boolean };
  const unready = await fetch(`${extra.url}/readyz?mode=snowflake`);
  const failures = await metric('leafcutter_agent_lease_failures_total', extra);

  const segments = new Load().draw(extra, { source: 'orders', callers: 2, paceMs: 1 });
  const waiting = new Load().draw(extra, { source: 'snowflake', callers: 1, paceMs: 5 });
  const others = new Load();
  const left = new Load().draw(leaving, { source: 'snowflake', callers: 2, paceMs: 1 });
  others.draw(staying, { source: 'snowflake', callers: 2, paceMs: 1 });
  expect(await poll(() => left.tally.ids > 0 && others.tally.ids > 0 && segments.tally.ids > 0)).toBe(true);
  await pause(1_000);
  const waitedIds = waiting.tally.ids;
  await left.stop();
  await leaving.stop();
  const leftAt = runningMs();
  const taken = await poll(() => waiting.tally.ids > 0);
  const takenMs = runningMs() - leftAt;
  await pause(300);
  await Promise.all([segments.stop(), waiting.stop(), others.stop()]);

  const lanes = [segments, waiting, others, left].flatMap((load) => load.lanes);
  const machineIdsOf = (load: Load) =>
    new Set(load.lanes.flatMap(({ ids }) => ids).map((id) => decode(layout, id).machineId));
  process.stdout.write(
    `machine ids: 3 agents for 2 of them; the extra one: ${waiting} ("${problem.detail}"), segments ${segments}; ` +
      `the others ${others}; the id was taken ${(takenMs / 1_000).toFixed(1)} s after its holder left (target ${WINDOW_MS / 1_000} s, its window)\n`,
  );
  expect(lastError).toBe('MACHINE_IDS_EXHAUSTED');
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(problem).toMatchObject({ code: 'MACHINE_IDS_EXHAUSTED', retryable: true });
  expect(problem.detail).toContain('machineIdRange');
  expect(unready.status).toBe(503);
  expect(failures).toBeGreaterThan(0);
  expect(waitedIds).toBe(0);
  expect([...waiting.tally.refused.keys()]).toEqual(['MACHINE_IDS_EXHAUSTED']);
  expect(segments.tally.ids).toBeGreaterThan(0);
  expect([...segments.tally.refused]).toEqual([]);
  expect([...others.tally.refused]).toEqual([]);

  expect(taken).toBe(true);
  expect([...machineIdsOf(waiting)]).toEqual([...machineIdsOf(left)]);
  const ledger = await readLedger(stores.mysqlUrl);
  expect(findDuplicates(callsOf(lanes))).toEqual([]);
  expect(findFallingIds(callsOf(lanes))).toEqual([]);
  expect(findOverlaps(ledger)).toEqual([]);
  expect(findUngranted(callsOf(lanes), ledger, (id) => decode(layout, id))).toEqual([]);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
