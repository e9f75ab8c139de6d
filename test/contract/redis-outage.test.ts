import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NO_MARK } from '@leafcutter/coordinator/domain/allocation/fence';
import type { Range } from '@leafcutter/coordinator/domain/allocation/range';
import type { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { FenceMemory, MemoryFence } from '@leafcutter/coordinator/fakes/memory-fence';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import {
  CALM,
  fenceMove,
  holder,
  LAYOUT_TEXT,
  newTag,
  overlaps,
  raiseOne,
  SAMPLE_DEPLOYMENT,
  SEGMENT_RULES,
  SWEPT,
} from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import type { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { RedisLocks } from '@leafcutter/coordinator/stores/redis/locks';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { guard } from './arbiters-contract.ts';
import { freshMysqlStores, freshPrefix, type OpenStore, openLink, untilRestartShows } from './backends.ts';

/** No test here is about the deadline of a request. */
const RULES = { ...SEGMENT_RULES, deadlineMs: PATIENCE_MS };
const ORDERS = { kind: 'tag', tag: 'orders' } as const;

let redis: RedisServer;
let mariadb: MariadbServer;
let handles: [OpenStore, OpenStore];
let link: RedisLink;
let events: RecordedEvents;
let segments: SegmentArbiter;
let changes: boolean[];
let prefix: string;
let keeper: FenceGuard;
let fence: RedisFence;
/** What Redis said when it took no writes. */
let words: string[];

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.dispose());

beforeEach(async () => {
  // A Redis that syncs once a second acknowledges what it has not written yet while the disk is busy.
  const durable = { appendonly: true, args: ['--appendfsync', 'always'] };
  redis = await startRedis(durable);
  ({ handles } = await freshMysqlStores(mariadb));
  await handles[0].store.createTag(newTag('orders'));
  prefix = freshPrefix();
  await begin();
});

/** One coordinator; `commandTimeoutMs` is how soon it gives up on a silent Redis. */
async function begin(commandTimeoutMs?: number): Promise<void> {
  link = await openLink(redis, prefix, commandTimeoutMs);
  changes = [];
  link.onChange((up) => changes.push(up));
  events = new RecordedEvents();
  fence = new RedisFence(link, systemClock, {
    met: (error) => words.push((error as Error).message),
    over: () => undefined,
  });
  const ports = { store: handles[0].store, fence, locks: new RedisLocks(link, systemClock) };
  words = [];
  keeper = guard(ports, events);
  events.onFenceStrange = () => void keeper.check();
  await keeper.sweep();
  segments = arbiter({ ...ports, unfenced: keeper });
}

type Arbiter = ConstructorParameters<typeof SegmentArbiter>[0];

function arbiter(parts: Pick<Arbiter, 'store' | 'fence'> & Partial<Arbiter>): SegmentArbiter {
  return new SegmentArbiter({
    locks: noLocks,
    clock: systemClock,
    random: Math.random,
    rules: RULES,
    events,
    coordinatorId: 'c1',
    ...parts,
  });
}

afterEach(async () => {
  link.close();
  await Promise.all(handles.map(({ store }) => store.close()));
  await redis.dispose();
});

const grant = (): Promise<Range> => segments.grant('orders', holder(1), CALM);

/** Takes back what MySQL had acknowledged, as a failover to a lagging replica does. */
async function forgetInMysql(): Promise<void> {
  await setCounterBack();
  await handles[0].driver.run('DELETE FROM leafcutter_ledger');
}

async function setCounterBack(): Promise<void> {
  await handles[0].driver.run("UPDATE leaf_alloc SET max_id = 1 WHERE biz_tag = 'orders'");
  await handles[0].driver.run("UPDATE leafcutter_tag SET high_water = 0 WHERE tag = 'orders'");
}

async function deploymentId(): Promise<string> {
  return (await handles[0].store.identify(LAYOUT_TEXT)).id;
}

async function untilAway(): Promise<void> {
  expect(await poll(() => !link.up)).toBe(true);
}

describe.each([
  ['killed', () => redis.kill(), () => redis.restart()],
  ['paused', () => redis.pause(), () => redis.resume()],
] as const)('a Redis that is %s', (_how, strike, heal) => {
  beforeEach(async () => {
    link.close();
    await begin(500);
  });

  test('is known to be away within seconds; until then segments are refused, then they go on unfenced and counted', async () => {
    const ranges = [await grant()];
    expect(events.unfencedCounters).toEqual([]);
    await strike();
    await untilAway();
    for (let n = 0; n < 5; n++) ranges.push(await grant());
    expect(changes).toEqual([false]);
    expect(events.unfencedCounters).toEqual(new Array(5).fill('orders'));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('is noticed by itself when it is back, and fences what is allocated from then on', async () => {
    const ranges = [await grant()];
    await strike();
    await untilAway();
    ranges.push(await grant(), await grant());
    await heal();
    expect(await poll(() => link.up && changes.at(-1) === true)).toBe(true);
    const unfenced = events.unfencedCounters.length;
    ranges.push(await grant());
    expect(events.unfencedCounters).toHaveLength(unfenced);
    const mark = await poll(() => new RedisFence(link).read(ORDERS));
    expect(mark?.value).toBe(ranges.at(-1)?.end);
    expect(overlaps(ranges)).toEqual([]);
  });

  test('does not make this coordinator forget what it granted itself', async () => {
    const ranges = [await grant(), await grant()];
    await strike();
    await untilAway();
    await forgetInMysql();
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('a Redis that forgot everything and takes no writes', () => {
  /** As a replica that came back without its data, or a master that lost its replicas. */
  async function wipeAndCloseForWrites(): Promise<void> {
    await link.run(async (client) => {
      await client.flushall();
      await client.config('SET', 'min-replicas-to-write', '1');
    });
  }
  const openForWrites = () => link.run((client) => client.config('SET', 'min-replicas-to-write', '0'));

  test('counts as one that is away: ranges go on unfenced, and fenced once it takes writes', async () => {
    const ranges = [await grant()];
    await wipeAndCloseForWrites();
    const unfenced = await poll(grant);
    if (unfenced !== undefined) ranges.push(unfenced);
    ranges.push(await grant());
    expect(events.unfencedCounters).toEqual(['orders', 'orders']);
    expect(words.at(-1)).toMatch(/NOREPLICAS/);
    await openForWrites();
    // Nobody looks at the identity meanwhile: whoever asks finds out.
    const fenced = await poll(grant);
    expect(events.unfencedCounters).toHaveLength(2);
    ranges.push(fenced as Range);
    expect((await new RedisFence(link).read(ORDERS)).value).toBe(ranges.at(-1)?.end);
    expect(overlaps(ranges)).toEqual([]);
  });

  test('grants nothing after a MySQL that may have forgotten', async () => {
    await grant();
    await wipeAndCloseForWrites();
    expect(await poll(grant)).toBeDefined();
    expect(await untilRestartShows(handles[0].driver)).toBe(true);
    await mariadb.restart();
    await poll(() => handles[0].store.now());
    await forgetInMysql();
    await expect(grant()).rejects.toMatchObject({ reason: 'fence_unswept' });
  });

  test('that another generation took the place of in MySQL is another deployment’s, and refused', async () => {
    await grant();
    await wipeAndCloseForWrites();
    expect(await poll(grant)).toBeDefined();
    const { generation } = await handles[0].store.identify(LAYOUT_TEXT);
    await handles[1].store.changeGeneration(generation, 'of the others');
    await expect(grant()).rejects.toMatchObject({ reason: 'fence_stranger' });
  });

  /** The others go over to another Redis, and MySQL forgets what was granted since then. */
  async function grantsBesideOthers(): Promise<Range[]> {
    const ranges = [await grant()];
    await wipeAndCloseForWrites();
    const { generation, id } = await handles[0].store.identify(LAYOUT_TEXT);
    // Here it is known by now that this Redis takes no writes.
    ranges.push((await poll(grant)) as Range);
    await handles[1].store.changeGeneration(generation, 'of the others');
    const { identity } = SAMPLE_DEPLOYMENT;
    const theirs = new MemoryFence(
      new FenceMemory({ ...identity, deploymentId: id, generation: 'of the others' }),
    );
    const others = arbiter({ store: handles[1].store, fence: theirs });
    const grantToOthers = () => others.grant('orders', holder(2), CALM);
    ranges.push(await grantToOthers());
    await grant().then(
      (range) => ranges.push(range),
      () => undefined,
    );
    await forgetInMysql();
    return [...ranges, await grantToOthers()];
  }

  test('hands out nothing that the Redis of the others never hears of', async () => {
    expect(overlaps(await grantsBesideOthers())).toEqual([]);
  });

  test('NEGATIVE CONTROL: taken for one that is away, although the others have another one, it does', async () => {
    const raise = fence.raise.bind(fence);
    fence.raise = async (...call) => {
      const answers = await raise(...call);
      return answers.map((answer) => (answer.kind === 'stranger' ? { kind: 'away' } : answer));
    };
    expect(overlaps(await grantsBesideOthers())).not.toEqual([]);
  });
});

describe('a Redis that is there all the time, while MySQL forgets', () => {
  test('protects although its connections are reset again and again', async () => {
    const killer = await openLink(redis);
    const ranges = [await grant(), await grant()];
    for (let n = 0; n < 10; n++) {
      await killer.run((client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal'));
      await forgetInMysql();
      // It may be refused until the connection is there again, but it must not go unfenced.
      ranges.push((await poll(grant)) as Range);
    }
    killer.close();
    expect(events.unfencedCounters).toEqual([]);
    expect(overlaps(ranges)).toEqual([]);
  });

  test('protects although it takes no writes', async () => {
    const ranges = [await grant(), await grant()];
    await link.run((client) => client.config('SET', 'maxmemory', '1'));
    await forgetInMysql();
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
    expect(events.unfencedCounters).toEqual(['orders']);
  });

  test('NEGATIVE CONTROL: with a fence that is given up at the first failure, it does not', async () => {
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: redis.port } });
    const cut = await openLink({ url: `redis://127.0.0.1:${proxy.port}` }, prefix);
    class HastyFence extends RedisFence {
      override raise(...[moves]: Parameters<RedisFence['raise']>) {
        return super.raise(moves).catch(() => moves.map(() => ({ kind: 'away' }) as const));
      }

      override read(...[name]: Parameters<RedisFence['read']>) {
        return super.read(name).catch(() => NO_MARK);
      }
    }
    const hasty = arbiter({ store: handles[0].store, fence: new HastyFence(cut), unfenced: SWEPT });
    const ranges = [await hasty.grant('orders', holder(1), CALM)];
    await forgetInMysql();
    await proxy.cut();
    ranges.push(await hasty.grant('orders', holder(1), CALM));
    cut.close();
    expect(overlaps(ranges)).not.toEqual([]);
  });
});

describe('a coordinator that had to refuse its Redis', () => {
  test.each([
    ['has no identity', async () => undefined],
    [
      'has another generation',
      async (stray: RedisLink) =>
        new RedisFence(stray).introduce({
          ...SAMPLE_DEPLOYMENT.identity,
          deploymentId: await deploymentId(),
        }),
    ],
  ])('(it %s) does not take it for away when it goes: it grants nothing', async (_how, prepare) => {
    await grant();
    const other = await startRedis();
    const stray = await openLink(other);
    await prepare(stray);
    const ports = { store: handles[1].store, fence: new RedisFence(stray), locks: noLocks };
    const told = new RecordedEvents();
    const keeper = guard(ports, told);
    await keeper.check();
    expect(told.refusals).toEqual(['other_redis']);
    await other.dispose();
    expect(await poll(() => !stray.up)).toBe(true);
    await keeper.check();
    expect(keeper.state).toBe('refused');
    const refused = new SegmentArbiter({
      ...ports,
      clock: systemClock,
      random: Math.random,
      rules: RULES,
      events: told,
      coordinatorId: 'c2',
    });
    await expect(refused.grant('orders', holder(2), CALM)).rejects.toMatchObject({
      reason: 'fence_stranger',
    });
    expect(told.unfencedCounters).toEqual([]);
    stray.close();
  });
});

describe('a Redis that came back', () => {
  test('empty counts as a fence at 0, and rises with the next segment', async () => {
    const first = await grant();
    await link.run(async (client) => void (await client.flushall()));
    const second = await grant();
    expect(second.start).toBe(first.end);
    expect((await new RedisFence(link).read(ORDERS)).value).toBe(second.end);
  });

  test('never carries out late what was asked of it while it was away', async () => {
    const fence = new RedisFence(link);
    await grant();
    const generation = (await fence.identity())?.generation;
    await redis.kill();
    for (let n = 0; n < 3; n++)
      await raiseOne(fence, ORDERS, fenceMove(101n, 10_000n, { generation })).catch(() => undefined);
    await redis.restart();
    expect(
      await poll(() =>
        fence.read(ORDERS).then(
          () => true,
          () => false,
        ),
      ),
    ).toBe(true);
    expect((await fence.read(ORDERS)).value).toBe(101n);
  });
});

describe('a MySQL that forgot counter and ledger', () => {
  async function forgotten(redisForgetsToo: boolean): Promise<Range[]> {
    const ranges = [await grant(), await grant()];
    await forgetInMysql();
    if (redisForgetsToo) await link.run(async (client) => void (await client.flushall()));
    ranges.push(await grant());
    return ranges;
  }

  test('hands nothing out again, because the fence remembers', async () => {
    expect(overlaps(await forgotten(false))).toEqual([]);
    expect(events.ahead).toEqual([{ counter: 'orders', by: 200n }]);
  });

  test('NEGATIVE CONTROL: if Redis was wiped, too, it does', async () => {
    expect(overlaps(await forgotten(true))).not.toEqual([]);
  });
});

test('a counter that was set back by hand is lifted by the ledger alone', async () => {
  const ranges = [await grant(), await grant()];
  await setCounterBack();
  await link.run(async (client) => void (await client.flushall()));
  ranges.push(await grant());
  expect(overlaps(ranges)).toEqual([]);
});
