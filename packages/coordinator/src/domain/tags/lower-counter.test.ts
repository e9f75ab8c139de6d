import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FenceMemory, MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import {
  CALM,
  holder,
  LAYOUT_TEXT,
  newTag,
  overlaps,
  SAMPLE_DEPLOYMENT,
  SEGMENT_RULES,
} from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Range } from '../allocation/range.ts';
import { FenceGuard } from '../fence-guard/fence-guard.ts';
import { mend } from '../fence-guard/mend.ts';
import { audit } from '../ledger/audit.ts';
import { SegmentArbiter } from '../segments/segments.ts';
import { lowerCounter } from './lower-counter.ts';

const TYPO = 9n * 10n ** 18n;

let clock: FakeClock;
let store: MemoryStore;
let fence: MemoryFence;
let events: RecordedEvents;
let segments: SegmentArbiter;
let guard: FenceGuard;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  fence = new MemoryFence(new FenceMemory());
  events = new RecordedEvents();
  const parts = { store, fence, locks: noLocks, clock, events, coordinatorId: 'c1' };
  segments = new SegmentArbiter({ ...parts, random: Math.random, rules: SEGMENT_RULES });
  guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' });
  await store.createTag(newTag('orders'));
  await guard.sweep();
});

async function grant(): Promise<Range> {
  const asked = segments.grant('orders', holder(1), CALM);
  asked.catch(() => undefined);
  await clock.advance(2_000);
  return asked;
}

const NAME = { kind: 'tag', tag: 'orders' } as const;

/** An operator's UPDATE leaf_alloc SET max_id. */
function setByHand(nextId: bigint): void {
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId });
}

const poison = () => setByHand(TYPO);

const lower = (to: bigint, force = false) =>
  lowerCounter({ store, fence, events, coordinatorId: 'c1' }, 'orders', to, force);

test('a poisoned counter, its fence and its high-water mark go back together, and IDs go on where they were', async () => {
  const ranges = [await grant()];
  poison();
  ranges.push(await grant());
  await guard.sweep();
  expect(ranges[1]?.start).toBe(TYPO);
  expect(await lower(101n)).toEqual({ from: TYPO + 100n, to: 101n, highestId: TYPO - 1n });
  expect((await fence.read({ kind: 'tag', tag: 'orders' })).value).toBe(101n);
  ranges.push(await grant(), await grant());
  expect(ranges[2]).toEqual({ start: 101n, end: 201n });
  expect(overlaps(ranges)).toEqual([]);
  expect((await audit(store, fence)).violations).toEqual([]);
});

test('a counter that was lowered by hand, without its fence, jumps up again', async () => {
  await grant();
  poison();
  await grant();
  poison();
  store.database.highWaters.clear();
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId: 101n });
  expect((await grant()).start).toBeGreaterThan(TYPO);
});

test('what was handed out above is never reached: the tag ends below it', async () => {
  const ranges = [await grant()];
  poison();
  ranges.push(await grant());
  await lower(101n);
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId: TYPO - 50n });
  ranges.push(await grant());
  expect(ranges[2]).toEqual({ start: TYPO - 50n, end: TYPO });
  await expect(grant()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
  expect(overlaps(ranges)).toEqual([]);
});

test.each([
  ['into a range that was handed out', 50n],
  ['to the start of one', 1n],
  ['to where less than a step is free', 101n],
  ['to where it stands', 1_101n],
  ['upwards', 5_000n],
  ['below 1', 0n],
])('is refused %s, and nothing moves', async (_what, to) => {
  await grant();
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId: 150n });
  store.database.ledger.set('x', {
    counter: { kind: 'tag', tag: 'orders' },
    start: 150n,
    end: 1_101n,
    ...holder(2),
    coordinatorId: 'c',
    grantedAtMs: 1,
  });
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId: 1_101n });
  await expect(lower(to)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
  expect(await store.findTag('orders')).toMatchObject({ nextId: 1_101n });
});

test('is refused for a retired tag, and where Redis is not the deployment’s own', async () => {
  await grant();
  poison();
  await store.changeTag('orders', { retired: true });
  await expect(lower(101n)).rejects.toMatchObject({ code: 'TAG_RETIRED' });
  fence.memory.wipe();
  await expect(lower(101n)).rejects.toMatchObject({ reason: 'fence_stranger' });
});

test('is not undone by a sweep that found the fence ahead before, and mends after', async () => {
  await grant();
  poison();
  await grant();
  const name = { kind: 'tag', tag: 'orders' } as const;
  const counter = { name, value: 101n, granted: 101n };
  const ahead = { counter, value: TYPO + 100n, committed: TYPO, granted: TYPO + 100n };
  await lower(101n);
  const parts = { store, fence, events: new RecordedEvents(), coordinatorId: 'c1' };
  expect(await mend(parts, ahead)).toBeUndefined();
  expect((await grant()).start).toBe(101n);
});

test.each([
  ['the highest ID was cleared', () => store.changeTag('orders', { highestId: null })],
  [
    'the tag was deleted by hand and made again',
    async () => {
      store.database.tags.delete('orders');
      await store.createTag(newTag('orders'));
    },
  ],
])('what was handed out above is never reached, although %s', async (_what, undo) => {
  const ranges = [await grant()];
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId: 550n });
  ranges.push(await grant());
  await lower(101n);
  await undo();
  for (let n = 0; n < 10; n++) ranges.push(await grant());
  expect(overlaps(ranges)).toEqual([]);
});

describe('what the ledger does not know', () => {
  test('the fence may: it is not lowered below what it knows was handed out', async () => {
    await grant();
    await guard.sweep();
    await grant();
    store.database.loseLast(1);
    poison();
    await expect(lower(101n)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
    expect((await lower(201n)).to).toBe(201n);
  });

  test('an admin has to answer for: nothing below, as of a tag that a Leaf served', async () => {
    poison();
    await expect(lower(500n)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
    expect((await lower(500n, true)).to).toBe(500n);
    expect((await grant()).start).toBe(500n);
  });
});

test('a command that arrives late does not take down what rose since', async () => {
  await grant();
  poison();
  await grant();
  const name = { kind: 'tag', tag: 'orders' } as const;
  const before = await fence.read(name);
  await lower(101n);
  const next = await grant();
  const { generation } = SAMPLE_DEPLOYMENT.identity;
  const down = { to: 101n, era: 1, generation };
  await expect(fence.lower(name, before, down)).rejects.toMatchObject({
    reason: 'fence_moved',
  });
  expect((await fence.read(name)).value).toBe(next.end);
});

test('is not undone by a sweep that read the counters before', async () => {
  await grant();
  poison();
  const identity = await fence.identity();
  if (identity === undefined) throw new Error('no identity');
  const read = [{ name: NAME, value: TYPO, granted: 101n }];
  await lower(101n);
  expect((await fence.sweep(identity, read)).ahead).toMatchObject([{ era: 1, value: 101n }]);
  await guard.sweep();
  expect((await grant()).start).toBe(101n);
});

test('teaches MySQL nothing that another deployment’s Redis says', async () => {
  await grant();
  poison();
  await grant();
  const { identity } = fence.memory;
  if (identity === undefined) throw new Error('no identity');
  fence.memory.identity = { ...identity, generation: 'another' };
  fence.memory.marks.set('tag:orders', { value: 50n, committed: 50n, granted: 50n, era: 7 });
  await expect(lower(101n)).rejects.toMatchObject({ reason: 'fence_stranger' });
  expect(await store.findTag('orders')).toMatchObject({ nextId: TYPO + 100n });
});

describe('a MySQL that forgets that a counter was lowered', () => {
  /** The counter is set to 501 by a typo, a segment is drawn from there, and the counter lowered again. */
  async function lowered(): Promise<Range[]> {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    return ranges;
  }

  test.each([
    ['at once', async () => undefined],
    ['and a sweep sees both', async () => void (await guard.sweep())],
    [
      'and Redis forgets after a sweep, too',
      async () => {
        await guard.sweep();
        fence.memory.wipe();
        await guard.check();
        await guard.sweep();
      },
    ],
  ])('learns it from Redis, and goes on below: %s', async (_when, then) => {
    const ranges = await lowered();
    // The lowering and the grant above it; the typo was made by hand, and stands.
    store.database.loseLast(2);
    setByHand(501n);
    await then();
    ranges.push(await grant(), await grant());
    expect(overlaps(ranges)).toEqual([]);
    expect(ranges[2]?.start).toBe(101n);
  });

  test('NEGATIVE CONTROL: if Redis forgot it too, what was handed out above is handed out again', async () => {
    const ranges = await lowered();
    store.database.loseLast(2);
    setByHand(501n);
    const mark = await fence.read(NAME);
    fence.memory.marks.set('tag:orders', { ...mark, era: undefined, taken: undefined });
    ranges.push(await grant());
    expect(overlaps(ranges)).not.toEqual([]);
  });

  test('and a Redis that forgot it first has it again after a sweep', async () => {
    const { commitCount } = store.database;
    const ranges = await lowered();
    fence.memory.wipe();
    await guard.check();
    await guard.sweep();
    expect(await fence.read(NAME)).toMatchObject({ value: 101n, era: 1, taken: { start: 501n, end: 601n } });
    // All but the first grant.
    store.database.loseLast(store.database.commitCount - commitCount - 1);
    setByHand(501n);
    await guard.check();
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });

  test('a lowered counter goes on below, stops in front of what is taken, and never touches it', async () => {
    const ranges = await lowered();
    for (let n = 0; n < 4; n++) ranges.push(await grant());
    await expect(grant()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    await store.changeTag('orders', { highestId: null });
    ranges.push(await grant());
    expect(ranges.at(-1)?.start).toBe(601n);
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('the fence is believed', () => {
  test('also when a typo was used since MySQL lost a write: it knows what the counter skipped', async () => {
    const ranges = [await grant(), await grant()];
    store.database.loseLast(1);
    setByHand(501n);
    ranges.push(await grant());
    await expect(lower(101n)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
    await lower(201n);
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });

  test('with force, too', async () => {
    await grant();
    await grant();
    store.database.loseLast(1);
    setByHand(501n);
    await expect(lower(101n, true)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'to' });
  });

  test('NEGATIVE CONTROL: if it is not asked, what it knew of repeats', async () => {
    const ranges = [await grant(), await grant()];
    store.database.loseLast(1);
    setByHand(501n);
    fence.memory.marks.clear();
    await lower(101n);
    ranges.push(await grant());
    expect(overlaps(ranges)).not.toEqual([]);
  });

  test('whatever lies between several typos is free, as the ledger says', async () => {
    const ranges = [await grant()];
    for (const typo of [501n, 1_001n]) {
      setByHand(typo);
      ranges.push(await grant());
    }
    await lower(601n);
    for (let n = 0; n < 4; n++) ranges.push(await grant());
    await expect(grant()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    await lower(101n);
    for (let n = 0; n < 4; n++) ranges.push(await grant());
    await expect(grant()).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    expect(overlaps(ranges)).toEqual([]);
  });
});
