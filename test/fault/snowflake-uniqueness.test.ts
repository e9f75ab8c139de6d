import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds, findOverlaps, findUngranted } from '@leafcutter/cli/verify/checks';
import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections } from '../support/draw.ts';
import { readLedger } from '../support/history.ts';
import { Load } from '../support/load.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { startRedis } from '../support/redis-server.ts';

const AGENTS = 8;
const DRAWING_MS = 5_000;
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

test('8 agents drawing at once issue unique, rising IDs, each inside a window of its own', async () => {
  const cluster = stack.use(
    await Cluster.start({
      pace: 'product',
      ...stores,
      coordinators: 2,
      agents: AGENTS,
      // Short windows, so that every agent has several and IDs cross from one into the next.
      coordinatorFlags: [
        ...['--snowflake-window-initial-ms', '3000', '--snowflake-window-max-ms', '3000'],
        ...['--snowflake-heartbeat-ms', '500', '--snowflake-lease-ttl-ms', '5000'],
      ],
      agentFlags: ['--snowflake-enabled'],
    }),
  );
  const load = new Load();
  for (const agent of cluster.agents) {
    load.draw(agent, { source: 'snowflake', callers: 4 });
    load.draw(agent, { source: 'snowflake', count: 100, paceMs: 20 });
  }
  // At least this long, and until there is enough to look at.
  await pause(DRAWING_MS);
  const windowsNow = async () => (await readLedger(stores.mysqlUrl)).filter(({ kind }) => kind === 'm');
  await poll(async () => (await windowsNow()).length > 2 * AGENTS && load.tally.ids > 10_000);
  await load.stop();
  const ledger = await readLedger(stores.mysqlUrl);
  const windows = ledger.filter(({ kind }) => kind === 'm');
  const machineIds = new Set(
    load.lanes.flatMap(({ ids }) => ids.slice(-1).map((id) => decode(layout, id).machineId)),
  );
  process.stdout.write(
    `snowflake uniqueness: ${AGENTS} agents, ${DRAWING_MS} ms: ${load} (${load.tally.singles} for one ID); ` +
      `${machineIds.size} machine ids, ${windows.length} windows\n`,
  );
  expect(new Set(load.lanes.map(({ instanceId }) => instanceId)).size).toBe(AGENTS);
  expect(machineIds.size).toBeGreaterThanOrEqual(AGENTS);
  expect(windows.length).toBeGreaterThan(2 * AGENTS);
  expect(load.tally.ids).toBeGreaterThan(10_000);
  expect(findDuplicates(callsOf(load.lanes))).toEqual([]);
  expect(findFallingIds(callsOf(load.lanes))).toEqual([]);
  expect(findOverlaps(ledger)).toEqual([]);
  expect(findUngranted(callsOf(load.lanes), ledger, (id) => decode(layout, id))).toEqual([]);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
