import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { AFTER, BEFORE, grantUnheard } from './lose-last-writes.ts';
import { type Answer, LostWriteArena } from './lost-write-arena.ts';

/**
 * What a coordinator says when it refuses to go unfenced, how it counts that, and the setting that allows it anyway.
 */
const UNSWEPT = {
  reason: 'fence_unswept',
  refusals: 'leafcutter_coordinator_unfenced_refusals_total',
  allowingFlag: '--redis-allow-unswept-allocations',
} as const;
const UNFENCED = 'leafcutter_coordinator_unfenced_allocations_total';
const REFUSED = { status: 503, code: 'STORE_UNAVAILABLE', reason: UNSWEPT.reason };
const GRANTED = { status: 200 };

let arena: LostWriteArena;

beforeAll(async () => {
  arena = await LostWriteArena.start({ agents: 3 });
});
afterAll(() => arena?.[Symbol.asyncDispose]());

/** Each coordinator's answer to a request for a segment, once it has found MySQL again. */
async function answers(at: LostWriteArena, tag: string): Promise<(Answer | undefined)[]> {
  const told = async (coordinator: number) => {
    const answer = await at.askForSegment(coordinator, tag);
    return answer.status === 200 || answer.reason === UNSWEPT.reason ? answer : undefined;
  };
  return Promise.all(
    at.coordinators.map((_, coordinator) => poll(() => told(coordinator), PATIENCE_MS, 100)),
  );
}

async function takeRedisAway(at: LostWriteArena): Promise<void> {
  await at.redis.pause();
  await at.redisIs('away');
}

async function giveRedisBack(at: LostWriteArena): Promise<void> {
  await at.redis.resume();
  await at.redisIs('there');
}

/** The replica is promoted, without the last writes, while Redis is away. */
async function exchangeMysql(at: LostWriteArena): Promise<string[]> {
  const tags = await grantUnheard(at);
  await takeRedisAway(at);
  await at.mysql.failOver();
  return tags;
}

describe('while Redis is away, a coordinator', () => {
  test('goes on without the fence, and counts that, when its MySQL was there all the time', async () => {
    const [tag = ''] = await arena.makeTags(1);
    await arena.draw(BEFORE, [tag]);
    await arena.swept();
    const counted = await arena.metric(UNFENCED);
    await takeRedisAway(arena);
    expect(await answers(arena, tag)).toEqual([GRANTED, GRANTED]);
    expect((await arena.metric(UNFENCED)) - counted).toBe(2);
    await giveRedisBack(arena);
  });

  test('refuses when MySQL was restarted meanwhile, until a sweep saw both; agents go on from memory', async () => {
    const tags = await arena.makeTags(3);
    await arena.draw(BEFORE, tags);
    await arena.swept();
    await takeRedisAway(arena);
    await arena.mysql.primary.restart();
    const told = await answers(arena, tags[0] ?? '');
    const withoutMemory = await arena.draw(BEFORE, tags);
    await giveRedisBack(arena);
    const withoutRefill = await arena.draw(AFTER, tags);
    expect(told).toEqual([REFUSED, REFUSED]);
    expect(withoutMemory).toEqual([]);
    expect(withoutRefill).toEqual([]);
    expect(arena.repeats(tags)).toEqual([]);
    expect(await arena.metric(UNSWEPT.refusals)).toBeGreaterThanOrEqual(2);
  });

  test('refuses when MySQL was exchanged for a replica that missed writes; nothing repeats', async () => {
    const tags = await exchangeMysql(arena);
    const told = await answers(arena, tags[0] ?? '');
    const early = await arena.draw(AFTER, tags, 1_000);
    await giveRedisBack(arena);
    const without = await arena.draw(AFTER, early);
    expect(arena.repeats(tags)).toEqual([]);
    expect(told).toEqual([REFUSED, REFUSED]);
    expect(without).toEqual([]);
  });

  test('NEGATIVE CONTROL: goes on all the same when it is allowed to, and numbers repeat', async () => {
    await using allowed = await LostWriteArena.start({ agents: 3, coordinatorFlags: [UNSWEPT.allowingFlag] });
    const tags = await exchangeMysql(allowed);
    await allowed.draw(AFTER, tags);
    expect(allowed.repeats(tags)).not.toEqual([]);
  });
});
