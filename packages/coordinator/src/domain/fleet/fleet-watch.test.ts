import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { holder } from '../../fakes/samples.ts';
import { buffer, view, watching } from '../../fakes/watching.ts';
import { MemoryBoard } from '../../stores/memory/board.ts';
import type { AgentRecord } from './roster.ts';

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
    expect(watch.fleet?.counts).toMatchObject({ agents: 2, alive: 2, silent: 0 });
    await pass(6, 2);
    expect(watch.fleet?.counts).toMatchObject({ agents: 2, alive: 1, silent: 1 });
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

  test('calls nobody silent while Redis, which carries the reports, is away, and counts nobody', async () => {
    const { watch, pass, redis } = watching();
    watch.subscribe(() => undefined, { tag: 'orders' });
    await pass(2, 1);
    redis(false);
    await pass(30);
    expect(watch.fleet).toMatchObject({
      ratePerSecond: null,
      counts: { agents: 1, alive: 0, silent: 0, unknown: 1 },
      agents: [{ state: 'unknown' }],
      tags: [{ tag: 'orders', agents: null, ratePerSecond: null, runwaySeconds: null }],
    });
    expect(watch.tag('orders')).toMatchObject({ ratePerSecond: null, holders: [{ state: 'unknown' }] });
    expect(watch.fleet?.problems.map(({ key }) => key)).toEqual(['redis']);
  });

  test('does not take a silent agent for well while nobody can know, nor one for silent that had no time to report', async () => {
    const { watch, pass, redis, stores, roster } = watching();
    watch.subscribe(() => undefined);
    await pass(3, 1, 2);
    await pass(6, 2);
    redis(false);
    stores.store = 'down';
    await pass(40);
    const silent = `silent ${holder(1).instanceId}`;
    const problem = () => watch.fleet?.problems.find(({ key }) => key === silent);
    expect(problem()).toMatchObject({ untilMs: null, unknownSinceMs: expect.any(Number) });
    expect(watch.fleet?.counts).toEqual({ tags: null, agents: 2, alive: 0, silent: 0, unknown: 2 });
    redis(true);
    stores.store = 'up';
    await pass(3);
    expect(watch.fleet?.counts).toMatchObject({ alive: 0, silent: 0, unknown: 2 });
    expect(problem()).toMatchObject({ untilMs: null, unknownSinceMs: expect.any(Number) });
    await pass(20, 2);
    expect(watch.fleet?.counts).toMatchObject({ alive: 1, silent: 1, unknown: 0 });
    expect(problem()).toMatchObject({ untilMs: null, unknownSinceMs: null });
    await roster.remove(holder(1).instanceId);
    await pass(2, 2);
    expect(problem()).toMatchObject({ untilMs: expect.any(Number), unknownSinceMs: expect.any(Number) });
  });

  test('says that reports cannot be read, though Redis answers otherwise', async () => {
    const { watch, pass, redis, stores } = watching();
    watch.subscribe(() => undefined);
    await pass(2, 1);
    redis(false);
    stores.redis = 'up';
    await pass(2);
    expect(watch.fleet?.health).toMatchObject({
      level: 'warning',
      sentence: expect.stringContaining('Agents’ reports cannot be read now'),
    });
  });

  test('forgets an agent’s process that another one followed, and misses the last one', async () => {
    const { clock, watch, report, pass } = watching();
    watch.subscribe(() => undefined);
    await pass(3, 1);
    const { agentId } = holder(1);
    const followed = () => report(2, { agentId, snowflake: null });
    for (let second = 0; second < 6; second++) {
      await followed();
      await clock.advance(1_000);
    }
    expect(watch.fleet?.agents).toMatchObject([{ instanceId: holder(2).instanceId, state: 'alive' }]);
    expect(watch.fleet?.problems).toEqual([]);
    expect(await watch.statesOf([holder(1), { ...holder(3), agentId }, holder(3)])).toEqual([
      'followed',
      'followed',
      'silent',
    ]);
    await pass(6);
    expect(watch.fleet?.agents).toMatchObject([{ instanceId: holder(2).instanceId, state: 'silent' }]);
  });

  test('tells of a tag that agents are refused, on whichever coordinator, until they no longer are', async () => {
    const { clock, board, watch, pass } = watching();
    const other = watching(clock, board, 'c2');
    other.watch.start();
    watch.subscribe(() => undefined);
    await pass(2, 1);
    other.watch.refused('orders', 'agent-9', new LeafcutterError('STORE_UNAVAILABLE', 'Away.'));
    other.watch.refused('orders', 'agent-9', new LeafcutterError('LAYOUT_MISMATCH', 'No key.'));
    await pass(40, 1);
    expect(watch.fleet?.health).toMatchObject({
      level: 'critical',
      sentence: expect.stringMatching(
        /^Agent agent-9 was refused IDs of orders \d+ s ago \(LAYOUT_MISMATCH\)/,
      ),
    });
    expect(watch.fleet?.tags).toMatchObject([{ tag: 'orders', lastError: 'LAYOUT_MISMATCH' }]);
    await pass(120, 1);
    expect(watch.fleet?.health.level).toBe('ok');
  });

  test('lists the coordinators, those that fell silent, and none that left', async () => {
    const { clock, board, watch, pass } = watching();
    const [second, third] = [watching(clock, board, 'c2'), watching(clock, board, 'c3')];
    second.watch.start();
    third.watch.start();
    watch.subscribe(() => undefined);
    await pass(6);
    const listed = () => watch.fleet?.coordinators?.map((row) => `${row.coordinatorId} ${row.state}`);
    expect(listed()).toEqual(['c1 alive', 'c2 alive', 'c3 alive']);
    third.watch.stop();
    board.announce = async ({ coordinatorId }) => {
      if (coordinatorId === 'c1') await MemoryBoard.prototype.leave.call(board, 'c1');
    };
    await pass(60);
    expect(listed()).toEqual(['c2 silent']);
  });

  test('sums up a template’s days, once', async () => {
    const { clock, watch, tags, report } = watching();
    const shape = 'D{yyyyMMdd}-{base36:6}';
    tags.push(view('day-{yyyyMMdd}', { shape }), view('day-{20261126}', { shape: 'D20261126-{base36:6}' }));
    await report(1, { tags: [buffer('day-{20261126}'), buffer('day-{20261127}', { runwaySeconds: 9 })] });
    watch.subscribe(() => undefined, { tag: 'day-{yyyyMMdd}' });
    await clock.advance(0);
    const template = watch.fleet?.tags.find(({ tag }) => tag === 'day-{yyyyMMdd}');
    expect(template).toMatchObject({ days: 2, agents: 1, ratePerSecond: 6, runwaySeconds: 9 });
    expect(watch.fleet?.tags.find(({ tag }) => tag === 'orders')?.days).toBeNull();
    expect(watch.fleet?.ratePerSecond).toBe(6);
    expect(watch.tag('day-{yyyyMMdd}').holders.map(({ buffer: { tag } }) => tag)).toEqual([
      'day-{20261126}',
      'day-{20261127}',
    ]);
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
      { key: 'lost writes', sentence: expect.stringContaining('1 counter, most recently of tag orders') },
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
      sentence:
        'MySQL does not answer. Agents go on from memory. The first to run out is orders on agent agent-1: it had IDs for 30 s when it reported just now.',
    });
    expect(watch.tag('orders').view).toBeNull();
    stores.store = 'up';
    await pass(2, 1);
    expect(watch.fleet?.health.level).toBe('ok');
    expect(watch.tag('orders').view).toMatchObject({ tag: 'orders' });
  });

  test('forecasts by agents that are alive, and says whose report it is and how old', async () => {
    const { watch, pass, report, redis, stores } = watching();
    watch.subscribe(() => undefined);
    await report(3, { tags: [buffer('orders', { runwaySeconds: 1 })] });
    await pass(10, 1);
    stores.store = 'down';
    redis(false);
    await pass(30);
    expect(watch.fleet?.health.sentence).toContain(
      'The first to run out is orders on agent agent-1: it had IDs for 30 s when it reported 31 s ago.',
    );
    expect(watch.fleet?.tags).toMatchObject([{ tag: 'orders', state: 'unknown', idsLeft: null }]);
  });

  test('judges agents by when the roster was read, however long the store then took', async () => {
    const { watch, pass, redis, stores, lag } = watching();
    watch.subscribe(() => undefined);
    await pass(2, 1);
    stores.store = 'down';
    lag.ms = 9_000;
    await pass(12, 1);
    expect(watch.fleet?.agents).toMatchObject([{ state: 'alive' }]);
    expect(watch.fleet?.problems.map(({ key }) => key)).toEqual(['store']);
    redis(false);
    await pass(12);
    expect(watch.fleet?.health.sentence).toContain('The first to run out is orders on agent agent-1');
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
      sentence: 'MySQL refuses statements that allocations need (table is full). Agents go on from memory.',
    });
  });

  test('tells of a MySQL that answers each statement and is too slow for a grant', async () => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    stores.dependencies = [
      { name: 'store', state: 'slow', ok: false, sinceMs: 0, reason: 'deadline', words: '7 took 2100 ms' },
    ];
    await pass(2, 1);
    expect(watch.fleet?.health).toMatchObject({
      level: 'critical',
      sentence: expect.stringContaining('MySQL is too slow to grant in time (7 took 2100 ms).'),
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

  test.each([
    ['files', 'used_up', 'critical', 'EMFILE', 'has reached its limit of open files (EMFILE)'],
    ['memory', 'scarce', 'warning', '250 of 256 MiB', 'nearly out of memory (250 of 256 MiB)'],
  ])('tells that the system gives it no more %s', async (name, state, level, words, told) => {
    const { watch, pass, stores } = watching();
    watch.subscribe(() => undefined);
    stores.dependencies = [{ name, state, ok: false, sinceMs: 0, reason: null, words }];
    await pass(2, 1);
    expect(watch.fleet?.health).toMatchObject({ level, sentence: expect.stringContaining(told) });
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
      'orders cannot be refilled; its IDs last 30 s more.',
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
      ['warning', 'a has only 101 IDs left.'],
    ]);
    expect(watch.fleet?.tags.map(({ idsLeft }) => idsLeft)).toEqual(['101', '0']);
  });
});

describe('the watch', () => {
  test('outlives a report that makes no sense, and goes on when it is gone', async () => {
    const { watch, roster, pass, failures } = watching();
    watch.subscribe(() => undefined);
    await pass(2, 1);
    const page = roster.page.bind(roster);
    roster.page = async () => ({ agents: [{ ...holder(9) } as AgentRecord], next: null });
    await pass(3, 1);
    expect(failures.length).toBeGreaterThan(0);
    roster.page = page;
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

  test('has a day of rates, finer in the last hour, whichever coordinator is asked and however long it runs', async () => {
    const { clock, board, watch, report } = watching();
    watch.start();
    for (let i = 0; i < 360; i++) {
      await report(1, { nextReportMs: 15_000 });
      await clock.advance(15_000);
    }
    const rates = watch.rates('orders');
    const spans = rates.slice(1).map(({ atMs }, index) => atMs - (rates[index]?.atMs ?? 0));
    expect([spans[0], spans.at(-1), Math.max(...spans) < 600_000]).toEqual([300_000, 15_000, true]);
    expect(spans.filter((ms) => ms === 15_000).length).toBeGreaterThan(230);
    expect(new Set(rates.slice(1).map(({ ratePerSecond }) => ratePerSecond))).toEqual(new Set([3]));
    const late = watching(clock, board, 'c2');
    late.watch.start();
    await clock.advance(0);
    expect(late.watch.rates('orders').slice(0, 200)).toEqual(rates.slice(0, 200));
  });

  test('has no rates of a time when no report could be read', async () => {
    const { watch, pass, redis } = watching();
    watch.subscribe(() => undefined);
    await pass(40, 1);
    redis(false);
    const before = watch.rates('orders').length;
    await pass(60);
    expect(watch.rates('orders')).toHaveLength(before);
    expect(before).toBeGreaterThan(1);
  });
});
