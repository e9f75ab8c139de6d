import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Explanation, JobList } from '@leafcutter/shared/inspection';
import { createPool, type Pool } from 'mysql2/promise';
import { Cluster } from '../support/cluster.ts';
import { fakeTime } from '../support/faketime.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Service } from '../support/service.ts';

const JOBS = ['audit', 'forecast', 'prune', 'reap', 'sweep', 'trail'];
/** The audit trail is looked at as often as the ledger. */
const EACH_SECOND = JOBS.filter((job) => job !== 'trail').flatMap((job) => [`--jobs-${job}-interval-s`, '1']);

let mariadb: MariadbServer;
let redis: RedisServer;
let cluster: Cluster;
let mysql: Pool;

beforeAll(async () => {
  [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
  mysql = createPool({ uri: mariadb.url });
  cluster = await Cluster.start({
    mysqlUrl: mariadb.url,
    redisUrl: redis.url,
    coordinators: 2,
    agents: 0,
    coordinatorFlags: EACH_SECOND,
  });
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await mysql?.end();
  await Promise.all([mariadb?.dispose(), redis?.dispose()]);
});

async function ask<T>(index: number, path: string): Promise<T> {
  return (await (await fetch(`${cluster.coordinators[index]?.url}${path}`)).json()) as T;
}

const listed = async (index: number) => (await ask<JobList>(index, '/v1/jobs')).jobs;
const one = async (index: number, name: string) => (await listed(index)).find(({ job }) => job === name);

/** The count of a job's runs with this result, over both coordinators. */
async function runs(task: string, result: 'ok' | 'failed'): Promise<number> {
  const labels = `{task="${task}",result="${result}"}`;
  return metric(`leafcutter_coordinator_jobs_total${labels}`, ...cluster.coordinators);
}

describe('the background jobs of two coordinators', () => {
  test('all run, each turn on one of the two, and both tell how it ended', async () => {
    const allRan = async () => (await listed(0)).every(({ lastRun }) => lastRun?.error === null);
    expect(await poll(allRan)).toBeTruthy();
    const [here, there] = [await listed(0), await listed(1)];
    expect(here.map(({ job }) => job).sort()).toEqual(JOBS);
    expect(there.map(({ job }) => job).sort()).toEqual(JOBS);
    const names = cluster.coordinators.map(({ name }) => name);
    for (const { lastRun } of here) expect(names).toContain(lastRun?.coordinatorId);
    const begun = performance.now();
    const before = await runs('reap', 'ok');
    await poll(async () => (await runs('reap', 'ok')) >= before + 5);
    const ran = (await runs('reap', 'ok')) - before;
    // If it ran on both, there would be two runs in each turn.
    const turns = (performance.now() - begun) / 1_000;
    expect(ran).toBeLessThanOrEqual(Math.ceil(turns) + 1);
  });

  test('prune what is old, of which is still known that it was handed out; and what is drawn lies above', async () => {
    await cluster.createTag('orders', { step: 100, start: '1001' });
    await mysql.query(
      `INSERT INTO leafcutter_ledger
         (kind, name, range_start, range_end, agent_id, instance_id, coordinator_id, granted_at_ms)
       SELECT 't', 'orders', seq * 100 + 1, seq * 100 + 101, 'pod-1', UUID(), 'c1', 1700000000000 FROM seq_0_to_9`,
    );
    const explained = async () => (await ask<Explanation>(1, '/v1/explain/orders/555')).segments[0];
    expect(await poll(async () => (await explained())?.verdict === 'pruned')).toBeTruthy();
    expect(await explained()).toMatchObject({ range: { start: '1', end: '1001', agentId: '(pruned)' } });
    const agent = await cluster.addAgent();
    expect(await (await fetch(`${agent.url}/v1/ids/orders`)).text()).toBe('1001');
  });

  test('are tried again when they fail, and it is told why', async () => {
    await mysql.query('RENAME TABLE leafcutter_ledger TO leafcutter_ledger_away');
    const failed = async () => (await one(1, 'audit'))?.lastRun?.error;
    expect(await poll(failed)).toBe('MySQL cannot do this now (ER_NO_SUCH_TABLE).');
    expect(await runs('audit', 'failed')).toBeGreaterThan(0);
    await mysql.query('RENAME TABLE leafcutter_ledger_away TO leafcutter_ledger');
    expect(await poll(async () => (await one(0, 'audit'))?.lastRun?.error === null)).toBeTruthy();
  });

  test('go on when a coordinator whose clock is an hour ahead has put them off, and is gone', async () => {
    await using clock = await fakeTime();
    clock.set(3_600);
    const ahead = await Service.start({
      kind: 'coordinator',
      name: 'ahead',
      flags: ['--redis-key-prefix', 'leafcutter:', ...EACH_SECOND],
      env: { LEAFCUTTER_MYSQL_URL: mariadb.url, LEAFCUTTER_REDIS_URL: redis.url, ...clock.env },
    });
    // Each once: on a busy machine the others notice some before all are put off, and take those back.
    const putOff = new Set<string>();
    const allPutOff = async () => {
      for (const { job, lastRun } of await listed(0)) if (lastRun?.coordinatorId === 'ahead') putOff.add(job);
      return putOff.size === JOBS.length;
    };
    expect(await poll(allPutOff)).toBeTruthy();
    await ahead.process.kill();
    const allRunHere = async () =>
      (await listed(0)).every(({ lastRun }) => lastRun?.coordinatorId.startsWith('coordinator-'));
    expect(await poll(allRunHere)).toBeTruthy();
    const renewed = await metric('leafcutter_coordinator_jobs_rescheduled_total', ...cluster.coordinators);
    expect(renewed).toBeGreaterThan(0);
  });
});
