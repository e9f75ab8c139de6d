import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { LostWriteArena, rangeText, STEP } from './lost-write-arena.ts';

jest.setTimeout(120_000);

const TAGS = 20;
const ATTEMPTS = 5;
const LOST_WRITES = 'leafcutter_coordinator_lost_writes_total';
/** Before what is lost, during it, and after it; agents that know nothing of each other. */
const [BEFORE, DURING, AFTER] = [0, 2, 1];

let arena: LostWriteArena;

beforeAll(async () => {
  arena = await LostWriteArena.start();
});
afterAll(() => arena?.[Symbol.asyncDispose]());

/** Of every second tag the very first range is lost, of the others the second. */
function lostOf(tags: readonly string[]): string[] {
  return tags.map((tag, index) => {
    const start = index % 2 === 0 ? 1 : 1 + STEP;
    return rangeText(tag, start, start + STEP);
  });
}

/**
 * The replica is promoted without the last write of each of 20 counters, which was acknowledged and issued from. No sweep
 * falls between write and loss, so that nothing but the fence knows of it.
 */
async function loseLastWrites(at = arena): Promise<string[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const tags = await at.makeTags(TAGS);
    await at.draw(BEFORE, tags.filter((_, index) => index % 2 === 1));
    await at.swept();
    await at.mysql.cutOff();
    const { mysql: before } = await at.sweeps();
    await at.draw(DURING, tags);
    const { mysql: after } = await at.sweeps();
    if (before === after) {
      await at.mysql.failOver();
      return tags;
    }
    await at.mysql.follow();
  }
  throw new Error('a sweep fell between write and loss each time');
}

describe('the last write of a counter, lost by a replica that was promoted', () => {
  test('is counted, entered in the ledger and logged with tag and range', async () => {
    const counted = await arena.metric(LOST_WRITES);
    const tags = await loseLastWrites();
    await arena.swept();
    expect((await arena.metric(LOST_WRITES)) - counted).toBe(TAGS);
    expect(await arena.lostRanges(tags)).toEqual(lostOf(tags));
    expect(arena.loggedRanges(tags)).toEqual(lostOf(tags));
  });

  test.each([
    ['wiped', () => arena.redisClient.flushall(), async () => undefined],
    ['killed, and comes back empty', () => emptied(), async () => undefined],
    ['killed, and stays away', () => arena.redis.kill(), () => arena.redis.restart()],
    ['stopped', () => arena.redis.pause(), () => arena.redis.resume()],
    ['slow for five seconds', () => arena.redisClient.call('CLIENT', 'PAUSE', '5000', 'ALL'), async () => undefined],
  ] as const)('repeats in none of 20 tags where Redis is %s after a sweep', async (_how, strike, heal) => {
    const tags = await loseLastWrites();
    await arena.swept();
    await strike();
    const without = await arena.draw(AFTER, tags);
    await heal();
    await arena.redisIs('there');
    expect(arena.repeats(tags)).toEqual([]);
    expect(without).toEqual([]);
  });
});

/** Redis ends and starts again without its data. */
async function emptied(): Promise<void> {
  await arena.redisClient.flushall();
  await arena.redis.kill();
  await arena.redis.restart();
}
