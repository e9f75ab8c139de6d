import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { poll } from '../support/poll.ts';
import { DocumentedRestore } from './documented-restore.ts';
import { AFTER, BEFORE, DURING, LATER, loseLastWrites } from './lose-last-writes.ts';
import { type Answer, LostWriteArena, STEP } from './lost-write-arena.ts';

/** Each of these takes another failover or restore, and proves the same guard in another way. */
const inFull = process.env.LEAFCUTTER_FULL === '1' ? test : test.skip;
const TAGS = 5;
/** The counter after a typo; one range is granted from there. */
const TYPO = 4_001;
const SECOND_TYPO = 9_001;
/** The end of the one range that was granted before. */
const LOWERED_TO = 1 + STEP;

let arena: LostWriteArena;

beforeAll(async () => {
  arena = await LostWriteArena.start({ agents: 4 });
});
afterAll(() => arena?.[Symbol.asyncDispose]());

async function setTooHigh(tags: readonly string[], counter: number): Promise<void> {
  await arena.mysql.query('UPDATE leaf_alloc SET max_id = ? WHERE biz_tag IN (?)', [counter, tags]);
}

/** Like an operator who tries again while the fences are being swept. */
async function lower(tag: string, to: number, force = false): Promise<Answer> {
  const answered = async () => {
    const answer = await arena.administer(`/v1/tags/${tag}/lower`, { to: String(to), force });
    return answer.status === 503 ? undefined : answer;
  };
  return (await poll(answered)) ?? { status: 503 };
}

/** Like an operator who is sure: uses force if it is asked for. */
async function insistOnLowering(tags: readonly string[], to: number): Promise<void> {
  for (const tag of tags) {
    if ((await lower(tag, to)).status === 200) continue;
    expect(await lower(tag, to, true)).toEqual({ status: 200 });
  }
}

/**
 * A typo puts counters at 4001, [4001, 5001) is granted and issued from, and they are lowered to 1001. `save` is the
 * last that MySQL still knows afterwards: the typo, but neither the range nor the lowering.
 */
async function lowered(save: () => Promise<void>): Promise<string[]> {
  const tags = await arena.makeTags(TAGS);
  await arena.draw(BEFORE, tags);
  await setTooHigh(tags, TYPO);
  await save();
  await arena.draw(DURING, tags);
  await insistOnLowering(tags, LOWERED_TO);
  return tags;
}

async function nothingRepeats(tags: readonly string[], drawing: number): Promise<void> {
  const without = await arena.draw(drawing, tags);
  expect(arena.repeats(tags)).toEqual([]);
  expect(without).toEqual([]);
}

describe('a range above a counter that was lowered since, with a Redis that is there all the time', () => {
  test('does not repeat when a replica is promoted that heard neither of it nor of the lowering', async () => {
    const tags = await lowered(() => arena.mysql.cutOff());
    await arena.mysql.failOver();
    await nothingRepeats(tags, AFTER);
  });

  inFull('does not repeat with sweeps before and after the failover', async () => {
    const tags = await lowered(() => arena.mysql.cutOff());
    await arena.swept();
    await arena.mysql.failOver();
    await arena.swept();
    await nothingRepeats(tags, AFTER);
  });

  inFull('does not repeat when a backup is restored that has neither', async () => {
    const page = await DocumentedRestore.of(arena);
    const tags = await lowered(() => page.backUp());
    await arena.swept();
    await page.restore();
    await nothingRepeats(tags, AFTER);
  });

  inFull(
    'does not repeat when Redis went back to an earlier lowering, and after a sweep MySQL to before the later one',
    async () => {
      const tags = await lowered(async () => undefined);
      const takeBack = await arena.rememberFences();
      // Above the end that the first lowering gave the tag.
      for (const tag of tags) await arena.administer(`/v1/tags/${tag}`, { highestId: '1000000' }, 'PATCH');
      await setTooHigh(tags, SECOND_TYPO);
      await arena.mysql.cutOff();
      expect(await arena.draw(AFTER, tags)).toEqual([]);
      await insistOnLowering(tags, LOWERED_TO);
      await takeBack();
      await arena.swept();
      await arena.mysql.failOver();
      await nothingRepeats(tags, LATER);
    },
  );

  test('NEGATIVE CONTROL: repeats when Redis loses its fences before the failover', async () => {
    const tags = await lowered(() => arena.mysql.cutOff());
    await arena.sweepEnds();
    await arena.forgetFences();
    await arena.mysql.failOver();
    await arena.draw(AFTER, tags);
    expect(arena.repeats(tags)).not.toEqual([]);
  });
});

describe('a counter that a typo put too high, and that was used once, after MySQL had lost its last write', () => {
  /** Of each of these tags the second range was lost, [1001, 2001). */
  async function usedTooHigh(): Promise<string[]> {
    const tags = (await loseLastWrites(arena)).filter((_, index) => index % 2 === 1);
    await arena.swept();
    await setTooHigh(tags, SECOND_TYPO);
    await arena.draw(AFTER, tags);
    return tags;
  }

  test('is not lowered into what was lost, but to its end', async () => {
    const tags = await usedTooHigh();
    const answers = await Promise.all(tags.map((tag) => lower(tag, LOWERED_TO)));
    await insistOnLowering(
      tags.filter((_, index) => answers[index]?.status !== 200),
      LOWERED_TO + STEP,
    );
    await nothingRepeats(tags, LATER);
    expect(answers).toEqual(tags.map(() => ({ status: 400, code: 'BAD_REQUEST', reason: 'to' })));
  });

  test('NEGATIVE CONTROL: is, by force, when the ledger forgot the lost range again', async () => {
    const tags = await usedTooHigh();
    await arena.forgetLostRanges(tags);
    await insistOnLowering(tags, LOWERED_TO);
    await arena.draw(LATER, tags);
    expect(arena.repeats(tags)).not.toEqual([]);
  });
});
