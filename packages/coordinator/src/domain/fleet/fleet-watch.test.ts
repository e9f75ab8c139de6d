import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { bufferView } from '@leafcutter/shared/fakes/samples';
import type { StoreStates } from '@leafcutter/shared/fleet-views';
import type { BufferView, TagView } from '@leafcutter/shared/wire';
import { holder } from '../../fakes/samples.ts';
import { MemoryRoster } from '../../stores/memory/roster.ts';
import { FleetWatch } from './fleet-watch.ts';
import type { AgentRecord } from './roster.ts';

const buffer = (tag: string, own: Partial<BufferView> = {}) =>
  bufferView(tag, {
    current: { start: '1', end: '101', used: 10, size: 100 },
    prefetchAt: 10,
    remaining: 90,
    ratePerSecond: 3,
    runwaySeconds: 30,
    ...own,
  });

const view = (tag: string, own: Partial<TagView> = {}): TagView => ({
  tag,
  state: 'active',
  nextId: '101',
  step: 100,
  maxStep: 1_000,
  targetDurationS: 600,
  highestId: '9223372036854775806',
  description: null,
  shape: null,
  defaults: [],
  ...own,
});

function watching() {
  const clock = new FakeClock();
  const roster = new MemoryRoster(clock, 1_000_000);
  const tags: TagView[] = [view('orders')];
  const stores: { -readonly [K in keyof StoreStates]: StoreStates[K] } = {
    redis: 'up',
    store: 'up',
    mayGoUnfenced: true,
    lostWrites: null,
    lateJobs: [],
    dependencies: [],
  };
  const failures: unknown[] = [];
  const watch = new FleetWatch({
    failed: (error) => failures.push(error),
    roster,
    clock,
    ids: { coordinatorId: 'c1', deploymentId: 'd1' },
    tags: {
      async list() {
        if (stores.store === 'down') throw new LeafcutterError('STORE_UNAVAILABLE', 'Away.');
        return { tags, next: null };
      },
    },
    stores: (isUp) => ({ ...stores, store: isUp ? 'up' : 'down' }),
  });
  const report = (n: number, own: Partial<AgentRecord> = {}) =>
    roster.report({
      ...holder(n),
      version: '1',
      timeMs: clock.now(),
      clock: { offsetMs: 1, skewed: false },
      tags: [buffer('orders')],
      snowflake: null,
      tagCount: 1,
      nextReportMs: 1_000,
      seenAtMs: clock.now(),
      ...own,
    });
  /** Lets time pass with the given agents reporting each second. */
  const pass = async (seconds: number, ...agents: number[]) => {
    for (let second = 0; second < seconds; second++) {
      for (const n of agents) await report(n);
      await clock.advance(1_000);
    }
  };
  return { clock, roster, watch, tags, stores, report, pass, failures };
}

describe('the fleet', () => {
  test('is summed up by tag over the agents that are alive', async () => {
    const { clock, watch, report } = watching();
    await report(1);
    await report(2, { tags: [buffer('orders', { runwaySeconds: 7, ratePerSecond: 5 }), buffer('old')] });
    watch.start();
    await clock.advance(0);
    expect(watch.fleet).toMatchObject({
      health: { level: 'ok', sentence: '2 agents and 2 tags, all well.' },
      ratePerSecond: 11,
      tags: [
        { tag: 'orders', state: 'active', agents: 2, ratePerSecond: 8, runwaySeconds: 7 },
        { tag: 'old', state: 'unknown', agents: 1, idsLeft: null },
      ],
    });
  });

  test('tells of an agent that fell silent within seconds, and of its return', async () => {
    const { watch, pass } = watching();
    watch.subscribe(() => undefined);
    await pass(3, 1, 2);
    expect(watch.fleet?.counts).toMatchObject({ agents: 2, silent: 0 });
    await pass(6, 2);
    expect(watch.fleet?.counts).toMatchObject({ agents: 2, silent: 1 });
    expect(watch.fleet?.agents[0]).toMatchObject({ state: 'silent', agentId: holder(1).agentId });
    expect(watch.fleet?.ratePerSecond).toBe(3);
    expect(watch.fleet?.problems).toMatchObject([
      { key: `silent ${holder(1).instanceId}`, level: 'warning', untilMs: null },
    ]);
    await pass(2, 1, 2);
    expect(watch.fleet?.counts.silent).toBe(0);
    expect(watch.fleet?.problems).toMatchObject([{ untilMs: expect.any(Number) }]);
    expect(watch.fleet?.health.level).toBe('ok');
  });

  test('calls nobody silent while Redis, which carries the reports, is away', async () => {
    const { watch, pass, roster, stores } = watching();
    watch.subscribe(() => undefined);
    await pass(2, 1);
    stores.redis = 'down';
    roster.list = () => Promise.reject(new LeafcutterError('STORE_UNAVAILABLE', 'Away.'));
    await pass(30);
    expect(watch.fleet?.agents).toMatchObject([{ state: 'unknown' }]);
    expect(watch.fleet?.problems.map(({ key }) => key)).toEqual(['redis']);
  });

  test('tells that nothing is granted while Redis is away and MySQL may have forgotten', async () => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    Object.assign(stores, { redis: 'down', mayGoUnfenced: false });
    await pass(2, 1);
    expect(watch.fleet?.health).toMatchObject({
      level: 'critical',
      sentence: expect.stringContaining('Nothing is granted until Redis is back'),
    });
  });

  test('tells of writes that MySQL lost', async () => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    stores.lostWrites = { counters: 1, latest: 'tag orders' };
    await pass(2, 1);
    expect(watch.fleet?.problems).toMatchObject([
      { key: 'lost writes', sentence: expect.stringContaining('1 counter, last of tag orders') },
    ]);
  });

  test('tells of a background job that nobody runs', async () => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    stores.lateJobs = [{ job: 'sweep', everyMs: 60_000, silentMs: 180_000 }];
    await pass(2, 1);
    const sentence =
      'The background job sweep has not run for 3 min, on any coordinator; it is due every 60 s.';
    expect(watch.fleet?.problems).toMatchObject([
      { key: 'job sweep', sentence: expect.stringContaining(sentence) },
    ]);
  });

  test('tells of MySQL being away, and how long the IDs last', async () => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    await pass(2, 1);
    stores.store = 'down';
    await pass(6, 1);
    expect(watch.fleet?.health).toEqual({
      level: 'critical',
      sentence: 'MySQL does not answer. Agents go on from memory. The first tag runs out in 30 s.',
    });
    expect(watch.tag('orders').view).toBeNull();
    stores.store = 'up';
    await pass(2, 1);
    expect(watch.fleet?.health.level).toBe('ok');
    expect(watch.tag('orders').view).toMatchObject({ tag: 'orders' });
  });

  test('tells of a MySQL that answers and refuses, in its own words', async () => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    stores.dependencies = [
      { name: 'store', state: 'refusing', ok: false, sinceMs: 0, reason: 'refused', words: 'table is full' },
    ];
    await pass(2, 1);
    expect(watch.fleet?.health).toEqual({
      level: 'critical',
      sentence: 'MySQL refuses what allocations need (table is full). Agents go on from memory.',
    });
  });

  test('tells of a MySQL that serves on fewer connections than are wanted', async () => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    const words = "User 'leaf' has exceeded the 'max_user_connections' resource";
    stores.dependencies = [
      { name: 'store', state: 'crowded', ok: false, sinceMs: 0, reason: 'connections', words },
    ];
    await pass(2, 1);
    expect(watch.fleet?.health).toMatchObject({
      level: 'warning',
      sentence: expect.stringContaining(`fewer connections than mysql.connectionLimit (${words})`),
    });
  });

  test.each<[string, Partial<AgentRecord>, string, string]>([
    [
      'a wrong clock',
      { clock: { offsetMs: -61_000, skewed: true } },
      'critical',
      'is 61 s behind the coordinators’',
    ],
    [
      'a lease that cannot be renewed',
      {
        snowflake: {
          state: 'holding',
          machineId: 3,
          window: { from: 0, to: 9 },
          windowRemainingMs: 80_000,
          lastTimestampMs: 0,
          issued: 0,
          lastError: 'STORE_UNAVAILABLE',
        },
      },
      'warning',
      'cannot renew its lease (STORE_UNAVAILABLE); its window lasts 80 s more',
    ],
    [
      'callers that wait',
      { tags: [buffer('orders', { waiting: 2, lastError: 'STORE_UNAVAILABLE', runwaySeconds: 0 })] },
      'critical',
      '2 callers wait for IDs of orders. Refills fail with STORE_UNAVAILABLE.',
    ],
    [
      'a refill that fails',
      { tags: [buffer('orders', { lastError: 'COORDINATOR_UNAVAILABLE' })] },
      'warning',
      'orders cannot be refilled; it lasts 30 s more.',
    ],
  ])('tells of %s', async (_what, own, level, sentence) => {
    const { watch, clock, report } = watching();
    await report(1, own);
    watch.start();
    await clock.advance(0);
    expect(watch.fleet?.problems).toMatchObject([{ level, sentence: expect.stringContaining(sentence) }]);
  });

  test('tells of a tag that is nearly used up, or is', async () => {
    const { watch, clock, tags } = watching();
    tags.splice(
      0,
      1,
      view('a', { nextId: '500', highestId: '600' }),
      view('b', { nextId: '601', highestId: '600' }),
    );
    watch.start();
    await clock.advance(0);
    expect(watch.fleet?.problems.map(({ level, sentence }) => [level, sentence])).toEqual([
      ['critical', 'b has handed out its highest ID.'],
      ['warning', 'a has only 101 IDs left up to its highest.'],
    ]);
    expect(watch.fleet?.tags.map(({ idsLeft }) => idsLeft)).toEqual(['101', '0']);
  });
});

describe('the watch', () => {
  test('outlives a report that makes no sense, and goes on when it is gone', async () => {
    const { clock, watch, roster, pass, failures } = watching();
    watch.subscribe(() => undefined);
    await pass(2, 1);
    await roster.report({ ...holder(9), seenAtMs: clock.now() } as AgentRecord);
    await pass(3, 1);
    expect(failures.length).toBeGreaterThan(0);
    await roster.remove(holder(9).instanceId);
    const before = watch.fleet?.timeMs ?? 0;
    await pass(2, 1);
    expect(watch.fleet?.timeMs).toBeGreaterThan(before);
    expect(watch.fleet?.counts).toMatchObject({ agents: 1, silent: 0 });
  });

  test('asks agents to report each second while somebody watches, and not after', async () => {
    const { clock, watch } = watching();
    watch.start();
    await clock.advance(0);
    expect(await watch.nextReportMs()).toBe(300_000);
    const leave = watch.subscribe(() => undefined);
    await clock.advance(2_000);
    expect(await watch.nextReportMs()).toBe(1_000);
    leave();
    await clock.advance(11_500);
    expect(await watch.nextReportMs()).toBe(300_000);
  });

  test('looks once a second however many watch, and stops when told', async () => {
    const { clock, watch } = watching();
    let looks = 0;
    for (let i = 0; i < 5; i++) watch.subscribe(() => (looks += i === 0 ? 1 : 0));
    await clock.advance(10_000);
    expect(looks).toBeGreaterThanOrEqual(10);
    expect(looks).toBeLessThanOrEqual(12);
    watch.stop();
    expect(clock.pending).toBe(0);
  });

  test('keeps an hour of rates while nobody watches, and forgets tags that are gone', async () => {
    const { clock, watch, report, tags } = watching();
    watch.start();
    for (let i = 0; i < 300; i++) {
      await report(1, { nextReportMs: 15_000 });
      await clock.advance(15_000);
    }
    expect(watch.rates('orders')).toHaveLength(240);
    expect(watch.rates('orders').at(-1)).toMatchObject({ ratePerSecond: 3 });
    tags.splice(0);
    await clock.advance(60_000);
    expect(watch.rates('orders')).toEqual([]);
  });
});
