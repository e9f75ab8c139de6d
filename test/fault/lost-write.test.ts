import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentedRestore } from './documented-restore.ts';
import { AFTER, DURING, grantUnheard, lastRanges, loseLastWrites } from './lose-last-writes.ts';
import { LostWriteArena, STEP } from './lost-write-arena.ts';

const LOST_WRITES = 'leafcutter_coordinator_lost_writes_total';

/** What happens to Redis; some of it only if there is time. */
const full = process.env.LEAFCUTTER_FULL === '1';
type Strike = readonly [how: string, strike: (at: LostWriteArena) => Promise<void>];
const STRIKES: readonly Strike[] = [
  ['wiped', wipe],
  ['stopped', ({ redis }) => redis.pause()],
];
const FURTHER_STRIKES: readonly Strike[] = [
  ['killed, and comes back empty', replaceByEmpty],
  ['killed, and stays away', ({ redis }) => redis.kill()],
  ['slow for five seconds', slowDown],
];

let arena: LostWriteArena;

beforeAll(async () => {
  arena = await LostWriteArena.start({ agents: 3 });
});
afterAll(() => arena?.[Symbol.asyncDispose]());

describe('the last write of each of 20 counters, lost by a replica that was promoted', () => {
  test('is counted, entered in the ledger and logged with tag and range', async () => {
    const counted = await arena.metric(LOST_WRITES);
    const tags = await loseLastWrites(arena);
    await arena.swept();
    expect(await arena.lostRanges(tags)).toEqual(lastRanges(tags));
    expect(arena.loggedRanges(tags)).toEqual(lastRanges(tags));
    expect((await arena.metric(LOST_WRITES)) - counted).toBe(tags.length);
  });

  test.each([...STRIKES, ...(full ? FURTHER_STRIKES : [])])(
    'does not repeat when Redis is %s after a sweep',
    async (_how, strike) => {
      const tags = await loseLastWrites(arena);
      await arena.swept();
      await strike(arena);
      const without = await arena.draw(AFTER, tags);
      await heal(arena);
      expect(arena.repeats(tags)).toEqual([]);
      expect(without).toEqual([]);
    },
  );

  test('NEGATIVE CONTROL: repeats when Redis is wiped, if the sweep mends no counter', async () => {
    await using unguarded = await LostWriteArena.start({
      agents: 3,
      coordinatorPreloads: [{ file: 'unguarded/mend.ts' }],
    });
    const tags = await loseLastWrites(unguarded);
    await unguarded.swept();
    await wipe(unguarded);
    await unguarded.draw(AFTER, tags);
    expect(unguarded.repeats(tags)).not.toEqual([]);
  });
});

describe('the last write of each of 20 counters, lost by a restore as docs/operations.md tells', () => {
  test('does not repeat when Redis is wiped after the last step', async () => {
    const page = await DocumentedRestore.of(arena);
    const tags = await grantUnheard(arena, () => page.backUp());
    await page.restore();
    await wipe(arena);
    const without = await arena.draw(AFTER, tags);
    expect(arena.repeats(tags)).toEqual([]);
    expect(without).toEqual([]);
  });
});

test('a shaped tag that a restore as docs/operations.md tells forgot is made again with its shape, and goes on above', async () => {
  const page = await DocumentedRestore.of(arena);
  await page.backUp();
  const young = { tag: 'young', step: STEP, shape: 'X{decimal}' };
  expect(await arena.administer('/v1/tags', young)).toEqual({ status: 201 });
  await arena.draw(DURING, [young.tag]);
  await page.restore();
  await arena.swept();
  expect(await arena.administer('/v1/tags', young)).toEqual({ status: 201 });
  await wipe(arena);
  const without = await arena.draw(AFTER, [young.tag]);
  expect(arena.repeats([young.tag])).toEqual([]);
  expect(without).toEqual([]);
});

async function wipe({ redisClient }: LostWriteArena): Promise<void> {
  await redisClient.flushall();
}

async function replaceByEmpty({ redis, redisClient }: LostWriteArena): Promise<void> {
  await redisClient.flushall();
  await redis.kill();
  await redis.restart();
}

async function slowDown({ redisClient }: LostWriteArena): Promise<void> {
  await redisClient.call('CLIENT', 'PAUSE', '5000', 'ALL');
}

/** Redis runs, and every coordinator knows. */
async function heal(at: LostWriteArena): Promise<void> {
  await at.redis.resume();
  if (!at.redis.running) await at.redis.restart();
  await at.redisIs('there');
}
