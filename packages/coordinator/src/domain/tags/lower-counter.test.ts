import { beforeEach, describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { holder, newTag, overlaps, SAMPLE_DEPLOYMENT } from '../../fakes/samples.ts';
import { mend } from '../fence-guard/mend.ts';
import { audit } from '../ledger/audit.ts';

const TYPO = 9n * 10n ** 18n;
const NAME = { kind: 'tag', tag: 'orders' } as const;

let tag: OneTag;

beforeEach(async () => {
  tag = await OneTag.make(100);
});

test('a poisoned counter, its fence and its high-water mark go back together, and IDs go on where they were', async () => {
  await tag.take();
  tag.byHand(TYPO);
  await tag.take();
  await tag.guard.sweep();
  expect(tag.ranges[1]?.start).toBe(TYPO);
  expect(await tag.lower(101n)).toEqual({ from: TYPO + 100n, to: 101n, highestId: TYPO - 1n });
  expect((await tag.fence.read(NAME)).value).toBe(101n);
  await tag.take();
  await tag.take();
  expect(tag.ranges[2]).toEqual({ start: 101n, end: 201n });
  expect(overlaps(tag.ranges)).toEqual([]);
  expect((await audit(tag.store, tag.fence)).violations).toEqual([]);
});

test('a counter that was lowered by hand, without its fence, jumps up again', async () => {
  await tag.take();
  tag.byHand(TYPO);
  await tag.take();
  tag.byHand(TYPO);
  tag.store.database.highWaters.clear();
  tag.byHand(101n);
  expect((await tag.take()).start).toBeGreaterThan(TYPO);
});

test('what was handed out above is never reached: the tag ends below it', async () => {
  await tag.mistypeAndLower(TYPO);
  tag.byHand(TYPO - 50n);
  await tag.take();
  expect(tag.ranges[2]).toEqual({ start: TYPO - 50n, end: TYPO });
  await expect(tag.take()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
  expect(overlaps(tag.ranges)).toEqual([]);
});

test.each([
  ['into a range that was handed out', 50n],
  ['to the start of one', 1n],
  ['to where less than a step is free', 101n],
  ['to where it stands', 1_101n],
  ['upwards', 5_000n],
  ['below 1', 0n],
])('is refused %s, and nothing moves', async (_what, to) => {
  await tag.take();
  tag.store.database.ledger.set('x', {
    counter: { kind: 'tag', tag: 'orders' },
    start: 150n,
    end: 1_101n,
    ...holder(2),
    coordinatorId: 'c',
    grantedAtMs: 1,
  });
  tag.byHand(1_101n);
  await expect(tag.lower(to)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
  expect(await tag.store.findTag('orders')).toMatchObject({ nextId: 1_101n });
});

test('is refused among ranges that follow each other, and calls none of them free', async () => {
  tag = await OneTag.make(50);
  expect([await tag.grant(), await tag.grant(), await tag.grant()]).toEqual(['1-51', '51-101', '101-151']);
  await expect(tag.lower(20n)).rejects.toThrow('so were those from 51 on');
  await expect(tag.lower(120n)).rejects.toThrow('the lowest that were not is 151');
});

test('is refused for a retired tag, and where Redis is not the deployment’s own', async () => {
  await tag.take();
  tag.byHand(TYPO);
  await tag.store.changeTag('orders', { retired: true });
  await expect(tag.lower(101n)).rejects.toMatchObject({ code: 'TAG_RETIRED' });
  tag.memory.wipe();
  await expect(tag.lower(101n)).rejects.toMatchObject({ reason: 'fence_stranger' });
});

test('is not undone by a sweep that found the fence ahead before, and mends after', async () => {
  await tag.take();
  tag.byHand(TYPO);
  await tag.take();
  const counter = { name: NAME, value: 101n, granted: 101n };
  const ahead = { counter, value: TYPO + 100n, committed: TYPO, granted: TYPO + 100n };
  await tag.lower(101n);
  expect(await mend({ ...tag.parts, events: new RecordedEvents() }, ahead)).toBeUndefined();
  expect((await tag.take()).start).toBe(101n);
});

test.each([
  ['the highest ID was cleared', () => tag.store.changeTag('orders', { highestId: null })],
  [
    'the tag was deleted by hand and made again',
    async () => {
      tag.store.database.tags.delete('orders');
      await tag.store.createTag(newTag('orders'));
    },
  ],
])('what was handed out above is never reached, although %s', async (_what, undo) => {
  await tag.mistypeAndLower(550n);
  await undo();
  for (let n = 0; n < 10; n++) await tag.take();
  expect(overlaps(tag.ranges)).toEqual([]);
});

describe('what the ledger does not know', () => {
  test('the fence may: it is not lowered below what it knows was handed out', async () => {
    await tag.take();
    await tag.guard.sweep();
    await tag.take();
    tag.store.database.loseLast(1);
    tag.byHand(TYPO);
    await expect(tag.lower(101n)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
    expect((await tag.lower(201n)).to).toBe(201n);
  });

  test('an admin has to answer for: nothing below, as of a tag that a Leaf served', async () => {
    tag.byHand(TYPO);
    await expect(tag.lower(500n)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
    expect((await tag.lower(500n, true)).to).toBe(500n);
    expect((await tag.take()).start).toBe(500n);
  });
});

test('a command that arrives late does not take down what rose since', async () => {
  await tag.take();
  tag.byHand(TYPO);
  await tag.take();
  const before = await tag.fence.read(NAME);
  await tag.lower(101n);
  const next = await tag.take();
  const { generation } = SAMPLE_DEPLOYMENT.identity;
  const down = { to: 101n, era: 1, generation };
  await expect(tag.fence.lower(NAME, before, down)).rejects.toMatchObject({
    reason: 'fence_moved',
  });
  expect((await tag.fence.read(NAME)).value).toBe(next.end);
});

test('is not undone by a sweep that read the counters before', async () => {
  await tag.take();
  tag.byHand(TYPO);
  const identity = await tag.fence.identity();
  if (identity === undefined) throw new Error('no identity');
  const read = [{ name: NAME, value: TYPO, granted: 101n }];
  await tag.lower(101n);
  expect((await tag.fence.sweep(identity, read)).ahead).toMatchObject([{ era: 1, value: 101n }]);
  await tag.guard.sweep();
  expect((await tag.take()).start).toBe(101n);
});

test('teaches MySQL nothing that another deployment’s Redis says', async () => {
  await tag.take();
  tag.byHand(TYPO);
  await tag.take();
  const { identity } = tag.memory;
  if (identity === undefined) throw new Error('no identity');
  tag.memory.identity = { ...identity, generation: 'another' };
  tag.memory.marks.set('tag:orders', { value: 50n, committed: 50n, granted: 50n, era: 7 });
  await expect(tag.lower(101n)).rejects.toMatchObject({ reason: 'fence_stranger' });
  expect(await tag.store.findTag('orders')).toMatchObject({ nextId: TYPO + 100n });
});

describe('a MySQL that forgets that a counter was lowered', () => {
  test.each([
    ['at once', async () => undefined],
    ['and a sweep sees both', async () => void (await tag.guard.sweep())],
    [
      'and Redis forgets after a sweep, too',
      async () => {
        await tag.guard.sweep();
        await tag.redisForgets();
      },
    ],
  ])('learns it from Redis, and goes on below: %s', async (_when, then) => {
    await tag.mistypeAndLower(501n);
    // The lowering and the grant above it; the typo was made by hand, and stands.
    tag.store.database.loseLast(2);
    tag.byHand(501n);
    await then();
    await tag.take();
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
    expect(tag.ranges[2]?.start).toBe(101n);
  });

  test('NEGATIVE CONTROL: if Redis forgot it too, what was handed out above is handed out again', async () => {
    await tag.mistypeAndLower(501n);
    tag.store.database.loseLast(2);
    tag.byHand(501n);
    const mark = await tag.fence.read(NAME);
    tag.memory.marks.set('tag:orders', { ...mark, era: undefined, taken: undefined });
    await tag.take();
    expect(overlaps(tag.ranges)).not.toEqual([]);
  });

  test('and a Redis that forgot it first has it again after a sweep', async () => {
    const { commitCount } = tag.store.database;
    await tag.mistypeAndLower(501n);
    await tag.redisForgets();
    expect(await tag.fence.read(NAME)).toMatchObject({
      value: 101n,
      era: 1,
      taken: { start: 501n, end: 601n },
    });
    // All but the first grant.
    tag.store.database.loseLast(tag.store.database.commitCount - commitCount - 1);
    tag.byHand(501n);
    await tag.guard.check();
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('a lowered counter goes on below, stops in front of what is taken, and never touches it', async () => {
    await tag.mistypeAndLower(501n);
    for (let n = 0; n < 4; n++) await tag.take();
    await expect(tag.take()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    await tag.store.changeTag('orders', { highestId: null });
    await tag.take();
    expect(tag.ranges.at(-1)?.start).toBe(601n);
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('the fence is believed', () => {
  test('also when a typo was used since MySQL lost a write: it knows what the counter skipped', async () => {
    await tag.take();
    await tag.take();
    tag.store.database.loseLast(1);
    tag.byHand(501n);
    await tag.take();
    await expect(tag.lower(101n)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
    await tag.lower(201n);
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('with force, too', async () => {
    await tag.take();
    await tag.take();
    tag.store.database.loseLast(1);
    tag.byHand(501n);
    await expect(tag.lower(101n, true)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
  });

  test('NEGATIVE CONTROL: if it is not asked, what it knew of repeats', async () => {
    await tag.take();
    await tag.take();
    tag.store.database.loseLast(1);
    tag.byHand(501n);
    tag.memory.marks.clear();
    await tag.lower(101n);
    await tag.take();
    expect(overlaps(tag.ranges)).not.toEqual([]);
  });

  test('whatever lies between several typos is free, as the ledger says', async () => {
    await tag.take();
    for (const typo of [501n, 1_001n]) {
      tag.byHand(typo);
      await tag.take();
    }
    await tag.lower(601n);
    for (let n = 0; n < 4; n++) await tag.take();
    await expect(tag.take()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    await tag.lower(101n);
    for (let n = 0; n < 4; n++) await tag.take();
    await expect(tag.take()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});
