import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryDatabase } from '../../fakes/memory-database.ts';
import { FenceMemory, MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { LAYOUT_TEXT, SAMPLE_DEPLOYMENT } from '../../fakes/samples.ts';
import { Generation } from './generation.ts';

let clock: FakeClock;
let database: MemoryDatabase;
let redis: FenceMemory;
let events: RecordedEvents;
let made: number;

beforeEach(() => {
  clock = new FakeClock();
  database = new MemoryDatabase(null);
  redis = emptyRedis();
  events = new RecordedEvents();
  made = 0;
});

function emptyRedis(): FenceMemory {
  const memory = new FenceMemory();
  memory.wipe();
  return memory;
}

/** The parts that one coordinator has. */
function coordinator(
  memory = redis,
  layout = LAYOUT_TEXT,
  store = new MemoryStore(clock, database),
): Generation {
  const newGeneration = () => `g${++made}`;
  return new Generation({ clock, store, fence: new MemoryFence(memory), layout, newGeneration, events });
}

/** Looks every five seconds, long enough to find the other Redis abandoned. Resolves to what the last look tells. */
async function watched(generation: Generation): Promise<unknown> {
  for (let look = 0; look < 3; look++) {
    await expect(generation.agree()).rejects.toMatchObject(refused('other_redis'));
    await clock.advance(5_000);
  }
  return generation.agree();
}

const inMysql = () => database.deployment.get(1)?.generation;
const refused = (reason: string) => ({ code: 'STORE_UNAVAILABLE', reason });

describe('a deployment and its first Redis', () => {
  test('agree on a generation that was never used before', async () => {
    const { deployment, identity } = await coordinator().agree();
    expect(identity).toMatchObject({ generation: 'g1', deploymentId: deployment.id, layout: LAYOUT_TEXT });
    expect(deployment.generation).toBe('g1');
    expect(events.introduced).toEqual(['g1']);
  });

  test('are met by many coordinators at once, and all agree on one', async () => {
    const met = await Promise.all(Array.from({ length: 8 }, () => coordinator().agree()));
    expect(new Set(met.map(({ identity }) => identity.generation)).size).toBe(1);
    expect(inMysql()).toBe(redis.identity?.generation);
    expect(events.introduced).toHaveLength(1);
  });

  test('are found again, and that is noted at most every four seconds', async () => {
    const one = coordinator();
    await one.agree();
    const begun = clock.now();
    await clock.advance(3_999);
    await one.agree();
    expect(database.deployment.get(1)?.confirmedAtMs).toBe(begun);
    await clock.advance(1);
    await one.agree();
    expect(database.deployment.get(1)?.confirmedAtMs).toBe(begun + 4_000);
  });
});

describe('a Redis that forgot everything', () => {
  test('gets a new generation from a coordinator that saw it before, and the others follow', async () => {
    const [one, two] = [coordinator(), coordinator()];
    await one.agree();
    await two.agree();
    redis.wipe();
    expect((await one.agree()).identity.generation).toBe('g2');
    expect((await two.agree()).identity.generation).toBe('g2');
    expect(inMysql()).toBe('g2');
  });

  test('again as soon as MySQL has the new generation, gets yet another one, and nobody waits for 15 seconds', async () => {
    const store = new MemoryStore(clock, database);
    const change = store.changeGeneration.bind(store);
    const one = coordinator(redis, LAYOUT_TEXT, store);
    await one.agree();
    redis.wipe();
    store.changeGeneration = async (from, to) => {
      const changed = await change(from, to);
      if (to === 'g2') redis.wipe();
      return changed;
    };
    expect((await one.agree()).identity.generation).toBe('g3');
    expect(inMysql()).toBe('g3');
  });

  test('that an old file was loaded into is followed: its generation becomes the deployment’s', async () => {
    const one = coordinator();
    await one.agree();
    const old = redis.identity;
    redis.wipe();
    await one.agree();
    redis.identity = old;
    expect((await one.agree()).identity.generation).toBe('g1');
    expect(inMysql()).toBe('g1');
  });

  test('is left alone by a coordinator that never saw it, until nobody found the other one for 15 seconds', async () => {
    await coordinator().agree();
    redis.wipe();
    const newcomer = coordinator();
    await expect(newcomer.agree()).rejects.toMatchObject(refused('other_redis'));
    expect(redis.identity).toBeUndefined();
    expect(await watched(newcomer)).toMatchObject({ identity: { generation: 'g2' } });
  });
});

describe('a coordinator with another Redis than the others', () => {
  test('is refused while they find theirs, and takes over when they are gone; then they are refused', async () => {
    const [one, other] = [coordinator(), coordinator(emptyRedis())];
    await one.agree();
    for (let second = 0; second < 60; second += 5) {
      await clock.advance(5_000);
      await one.agree();
      await expect(other.agree()).rejects.toMatchObject(refused('other_redis'));
    }
    await watched(other);
    await expect(one.agree()).rejects.toMatchObject(refused('other_redis'));
  });

  test('NEGATIVE CONTROL: which note nothing, it takes over', async () => {
    await coordinator().agree();
    expect(await watched(coordinator(emptyRedis()))).toBeDefined();
  });

  test.each([
    ['MySQL was away for a minute', async () => void (await clock.advance(60_000))],
    [
      'MySQL was restored from a backup',
      async () => {
        const row = database.deployment.get(1);
        if (row !== undefined) database.deployment.set(1, { ...row, confirmedAtMs: 1 });
      },
    ],
  ])('is refused too when %s, although the note of the others is old', async (_what, happen) => {
    const [one, other] = [coordinator(), coordinator(emptyRedis())];
    await one.agree();
    await expect(other.agree()).rejects.toMatchObject(refused('other_redis'));
    await happen();
    for (let look = 0; look < 5; look++) {
      await expect(other.agree()).rejects.toMatchObject(refused('other_redis'));
      await one.agree();
      await clock.advance(5_000);
    }
  });
});

describe('a database whose clock was set back', () => {
  test('does not keep the note from being renewed, nor a Redis that is gone from being replaced', async () => {
    const one = coordinator();
    await one.agree();
    clock.jump(-3_600_000);
    await one.agree();
    expect(database.deployment.get(1)?.confirmedAtMs).toBe(clock.now());
    clock.jump(-3_600_000);
    const other = coordinator(emptyRedis());
    await expect(other.agree()).rejects.toMatchObject(refused('other_redis'));
    expect(await watched(other)).toBeDefined();
  });
});

describe('a Redis of another deployment', () => {
  test.each([
    ['deployment', { deploymentId: 'another' }],
    ['snowflake layout', { layout: 'another' }],
    ['key schema', { keySchema: 99 }],
  ])('(%s) is refused, and nothing is written', async (what, own) => {
    await coordinator().agree();
    const strange = { ...SAMPLE_DEPLOYMENT.identity, ...own };
    redis.identity = strange;
    const error = await coordinator()
      .agree()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(refused('wrong_redis'));
    expect(String(error)).toContain(what);
    await clock.advance(60_000);
    await expect(coordinator().agree()).rejects.toMatchObject(refused('wrong_redis'));
    expect(redis.identity).toEqual(strange);
    expect(inMysql()).toBe('g1');
  });
});

test('stores that are exchanged together for those of another deployment are refused, and nothing is written to them', async () => {
  const store = new MemoryStore(clock, database);
  const one = coordinator(redis, LAYOUT_TEXT, store);
  await one.agree();
  const row = database.deployment.get(1);
  if (row === undefined) throw new Error('no row');
  const theirs = { ...row, id: '00000000-0000-4000-8000-00000000d002', generation: 'theirs' };
  database.deployment.set(1, theirs);
  redis.wipe();
  await expect(one.agree()).rejects.toMatchObject(refused('other_database'));
  expect(redis.identity).toBeUndefined();
  database.deployment.set(1, row);
  await one.agree();
});
