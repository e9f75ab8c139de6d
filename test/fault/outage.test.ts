import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds, findOverlaps } from '@leafcutter/cli/verify/checks';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections, draw, type Lane, newTally, type Tally } from '../support/draw.ts';
import { readLedger } from '../support/history.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { runningMs } from '../support/running-time.ts';
import type { Service } from '../support/service.ts';

/**
 * A full run draws two thousand IDs a second. A quick one draws a fifth of that, from segments that are smaller by as
 * much.
 */
const isFull = process.env.LEAFCUTTER_FULL === '1';
const SHARE = isFull ? 1 : 0.2;
const OUTAGE_MS = isFull ? 30_000 : 15_000;
/** Requests per second of each source. */
const LOAD = { long: 1_500 * SHARE, short: 200 * SHARE, snowflake: 300 * SHARE };
const STEPS = { long: 100_000 * SHARE, short: 520 * SHARE };
type Source = keyof typeof LOAD;
/** Callers of each source; each waits for its answer before it asks again. */
const CALLERS: Record<Source, number> = { long: 30, short: 40, snowflake: 15 };
/** The agents' default deadline, plus what a busy machine may add to it. */
const DEADLINE_MS = 2_000;
const SLACK_MS = 1_500;

const stack = new AsyncDisposableStack();
let redis: RedisServer;
let mariadb: MariadbServer;
let mysqlUrl: string;

beforeAll(async () => {
  [redis, mariadb] = await Promise.all([startRedis(), startMariadb()]);
  stack.use(redis);
  stack.use(mariadb);
  mysqlUrl = await mariadb.createDatabase();
});

afterAll(async () => {
  await closeConnections();
  await stack.disposeAsync();
});

interface Runways {
  long: number;
  short: number;
}

async function runways(agent: Service): Promise<Runways> {
  const { tags } = await agent.json<{ tags: { tag: string; runwaySeconds: number | null }[] }>('/v1/status');
  const of = (tag: Source) => tags.find((status) => status.tag === tag)?.runwaySeconds ?? 0;
  return { long: of('long'), short: of('short') };
}

test('both stores down under load: long runways lose nothing, short ones refuse in time, all recovers', async () => {
  const cluster = stack.use(
    await Cluster.start({
      pace: 'product',
      mysqlUrl,
      redisUrl: redis.url,
      coordinators: 2,
      agents: 1,
      agentFlags: ['--snowflake-enabled'],
    }),
  );
  await cluster.createTag('long', { step: STEPS.long });
  await cluster.createTag('short', { step: STEPS.short, maxStep: STEPS.short });
  const [agent] = cluster.agents;
  if (agent === undefined) throw new Error('no agent');

  const lanes: Lane[] = [];
  let tallies = newTallies();
  let stopped = false;
  const callers = (Object.keys(LOAD) as Source[]).flatMap((source) =>
    Array.from({ length: CALLERS[source] }, () => {
      const paceMs = (CALLERS[source] * 1_000) / LOAD[source];
      // The tally is looked up at each answer, so that the outage can be counted by itself.
      const tally = new Proxy({} as Tally, {
        get: (_target, key) => Reflect.get(tallies[source], key),
        set: (_target, key, value) => Reflect.set(tallies[source], key, value),
      });
      return draw({ agent, source, count: 1, more: () => !stopped, paceMs }, lanes, tally);
    }),
  );

  await poll(async () => (await runways(agent)).long >= 45 && (await runways(agent)).short > 0);
  await pause(3_000);
  const before = await runways(agent);

  tallies = newTallies();
  await Promise.all([redis.stop(), mariadb.stop()]);
  await pause(OUTAGE_MS);
  const outage = tallies;
  await Promise.all([redis.restart(), mariadb.restart()]);
  const healedAt = runningMs();
  tallies = newTallies();
  const recovered = await poll(() => tallies.short.singles > 0);
  const recoveryMs = runningMs() - healedAt;
  // After that there are three seconds in which nobody is refused.
  const isCalm = async () => {
    tallies = newTallies();
    await pause(3_000);
    return Object.values(tallies).every(({ ids, refused }) => ids > 0 && refused.size === 0);
  };
  const calm = await poll(isCalm);
  stopped = true;
  await Promise.all(callers);

  process.stdout.write(
    `outage of ${OUTAGE_MS / 1_000} s: runway before ${JSON.stringify(before)} s; ${describe(outage)}; ` +
      `recovered in ${(recoveryMs / 1_000).toFixed(2)} s (target 5 s); afterwards ${describe(tallies)}\n`,
  );
  expect(before.long).toBeGreaterThanOrEqual(45);
  expect(before.short).toBeLessThanOrEqual(6);
  expect([...outage.long.refused]).toEqual([]);
  expect([...outage.snowflake.refused]).toEqual([]);
  expect(outage.long.ids).toBeGreaterThan(1_000);
  expect([...outage.short.refused.keys()]).toEqual(['SEGMENTS_EXHAUSTED']);
  expect(outage.short.slowestMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
  expect(recovered).toBe(true);
  expect(calm).toBe(true);
  expect(findDuplicates(callsOf(lanes))).toEqual([]);
  expect(findFallingIds(callsOf(lanes))).toEqual([]);
  expect(findOverlaps(await readLedger(mysqlUrl))).toEqual([]);
});

function newTallies(): Record<Source, Tally> {
  return { long: newTally(), short: newTally(), snowflake: newTally() };
}

function describe(tallies: Record<Source, Tally>): string {
  return Object.entries(tallies)
    .map(([source, { ids, refused, slowestMs }]) => {
      const refusals = refused.size === 0 ? '0 refused' : `refused ${JSON.stringify([...refused])}`;
      return `${source} ${ids} IDs, ${refusals}, slowest ${Math.round(slowestMs)} ms`;
    })
    .join('; ');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
