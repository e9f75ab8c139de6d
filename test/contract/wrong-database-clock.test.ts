import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import type { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { DatedTags } from '@leafcutter/coordinator/domain/tags/dated-tags';
import { CALM, holder, newTag, overlaps } from '@leafcutter/coordinator/fakes/samples';
import { coordinatorJobs } from '@leafcutter/coordinator/jobs/jobs';
import { CoordinatorMetrics } from '@leafcutter/coordinator/metrics/metrics';
import { type CoordinatorConfig, coordinatorSettings } from '@leafcutter/coordinator/settings';
import { MemoryJobJournal } from '@leafcutter/coordinator/stores/memory/job-journal';
import { MemoryLeaseRegistry } from '@leafcutter/coordinator/stores/memory/lease-registry';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { MemoryRoster } from '@leafcutter/coordinator/stores/memory/roster';
import type { Clock } from '@leafcutter/shared/clock';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { datedName } from '@leafcutter/shared/dated';
import { createLogger } from '@leafcutter/shared/logger';
import { systemClock } from '@leafcutter/shared/system-clock';
import { executeSql } from '../support/mariadb-client.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { coordinator } from './arbiters-contract.ts';
import { freshMysqlStores, openMysqlStore } from './backends.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TEMPLATE = 'order-{yyyyMMdd}';
const SKEW_MS = 2_000;
/** Days of the template that are there, the last of them today. */
const DAYS = 10;
const RETIRED_AFTER = 3;
const ASK = { ...CALM, understands: ['shapes'] };

/** How far the database's clock is off, one value after the other, milliseconds. */
const WRONG: readonly (readonly [string, readonly number[]])[] = [
  ['an hour ahead', [HOUR_MS]],
  ['an hour behind', [-HOUR_MS]],
  ['400 days ahead', [400 * DAY_MS]],
  ['400 days behind', [-400 * DAY_MS]],
  ['stepping back and forth', [400, -400, 1, -1, 4_000, -4_000].map((days) => days * DAY_MS)],
];

const never = () => Promise.reject(new Error('nobody scrapes this'));
const metrics = new CoordinatorMetrics({
  census: never,
  askStore: never,
  timestampLeftMs: () => 0,
  tokens: () => ({}),
  dependencies: () => [],
  logLinesDropped: () => 0,
});

let mariadb: MariadbServer;
let url: string;
let right: Store;
let nowMs: number;
const toClose: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  mariadb = await startMariadb();
  // init_connect is not run for users with all privileges.
  for (const sql of ['CREATE USER app@`127.0.0.1`', 'GRANT ALL ON `test%`.* TO app@`127.0.0.1`'])
    await executeSql(mariadb.port, sql);
});
afterAll(() => mariadb?.dispose());

beforeEach(async () => {
  const fresh = await freshMysqlStores(mariadb);
  url = fresh.url;
  right = fresh.handles[0].store;
  for (const { store } of fresh.handles) toClose.push(() => store.close());
  nowMs = await right.now();
  await right.createTag(newTag(TEMPLATE, { shape: '{yyyyMMdd}{decimal:6}' }));
  for (let day = 0; day < DAYS; day++) {
    const tag = datedName(TEMPLATE, nowMs - day * DAY_MS);
    const digits = /\d+/.exec(tag)?.[0] ?? '';
    await right.createTag(newTag(tag, { shape: `${digits}{decimal:6}` }));
  }
});
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** The same database, whose clock stands still at another time. */
async function wrongBy(offMs: number): Promise<Store> {
  const atS = (nowMs + offMs) / 1_000;
  await executeSql(mariadb.port, `SET GLOBAL init_connect = 'SET timestamp = ${atS.toFixed(3)}'`);
  const { store } = openMysqlStore(url.replace('root@', 'app@'));
  toClose.push(() => store.close());
  expect((await store.now()) - nowMs).toBe(offMs);
  return store;
}

/** One run of each job that forgets or retires something for good. */
async function runJobs(store: Store, clock: Clock = systemClock): Promise<void> {
  const argv = ['--data-dir', '/nowhere', '--jobs-retire-days-after', String(RETIRED_AFTER)];
  const given = { argv, env: {}, cwd: '/', readFile: () => '', service: 'coordinator' } as const;
  const { config } = loadConfig(coordinatorSettings, given);
  const jobs = coordinatorJobs({
    store,
    fence: undefined,
    guard: undefined,
    roster: new MemoryRoster(clock, 1_000),
    journal: new MemoryJobJournal(),
    clock,
    metrics: metrics.jobs,
    log: createLogger('silent', {}, { write: () => undefined }),
    coordinatorId: 'c1',
    config: config as CoordinatorConfig,
  });
  const forGood = jobs.filter(({ name }) => ['days', 'trail', 'prune'].includes(name));
  expect(forGood).toHaveLength(3);
  for (const job of forGood) await job.run();
}

function segmentsOf(store: Store): SegmentArbiter {
  const registry = new MemoryLeaseRegistry(systemClock);
  return coordinator({ store, fence: undefined, registry, locks: noLocks }).segments;
}

/** How many days ago those days were that are retired. */
async function retiredDays(): Promise<number[]> {
  const tags = await right.listTags(undefined, 100);
  const isRetired = (day: number) =>
    tags.some(({ tag, retired }) => retired && tag === datedName(TEMPLATE, nowMs - day * DAY_MS));
  return Array.from({ length: DAYS }, (_, day) => day).filter(isRetired);
}

describe.each(WRONG)('a database clock that is %s', (_how, offsMs) => {
  test('retires no day too early, forgets no trail and no holder, and repeats no ID', async () => {
    const today = datedName(TEMPLATE, nowMs);
    const ranges = [await segmentsOf(right).grant(today, holder(1), ASK)];
    await right.note({
      action: 'tag.create',
      subject: TEMPLATE,
      actor: 'someone',
      origin: 'api',
      coordinatorId: 'c1',
      before: null,
      after: {},
    } as Parameters<Store['note']>[0]);
    for (const offMs of offsMs) {
      const store = await wrongBy(offMs);
      await runJobs(store);
      // Whatever the time is taken for, a counter only rises.
      ranges.push(await segmentsOf(store).grant(today, holder(2), ASK));
      const ofToday = new DatedTags(store, SKEW_MS).prepare(today);
      if (Math.abs(offMs) >= DAY_MS)
        await expect(ofToday).rejects.toMatchObject({ code: 'CLOCK_SKEWED', reason: 'day' });
    }
    expect((await retiredDays()).filter((day) => day <= RETIRED_AFTER)).toEqual([]);
    expect((await right.readTrail({ limit: 10 })).map(({ actor }) => actor)).toContain('someone');
    const agents = (await right.readLedger(undefined, 100)).map(({ agentId }) => agentId);
    expect(agents).not.toContain('(pruned)');

    // When it is right again, today goes on, and what has to be retired is.
    await executeSql(mariadb.port, 'SET GLOBAL init_connect = DEFAULT');
    await new DatedTags(right, SKEW_MS).prepare(today);
    ranges.push(await segmentsOf(right).grant(today, holder(1), ASK));
    await runJobs(right);
    expect(await retiredDays()).toEqual([4, 5, 6, 7, 8, 9]);
    expect(overlaps(ranges)).toEqual([]);
  });
});

test('a coordinator’s clock that is 400 days ahead retires no day too early either', async () => {
  await runJobs(right, { ...systemClock, now: () => systemClock.now() + 400 * DAY_MS });
  expect(await retiredDays()).toEqual([4, 5, 6, 7, 8, 9]);
});

test('nor does one of everything at once', async () => {
  const store = await wrongBy(400 * DAY_MS);
  await runJobs(store, { ...systemClock, now: () => systemClock.now() + 400 * DAY_MS });
  expect((await retiredDays()).filter((day) => day <= RETIRED_AFTER)).toEqual([]);
});
