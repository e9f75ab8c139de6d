import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FenceMemory, MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { CALM, holder, LAYOUT_TEXT, newTag, overlaps, SEGMENT_RULES } from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Range } from '../allocation/range.ts';
import { FenceGuard } from '../fence-guard/fence-guard.ts';
import { SegmentArbiter } from '../segments/segments.ts';
import { lowerCounter } from './lower-counter.ts';

/** Either store forgets around `tag lower`. A sweep that saw both completes before the other one forgets. */

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
  guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' });
  const rules = { ...SEGMENT_RULES, adaptiveStep: false };
  segments = new SegmentArbiter({ ...parts, unfenced: guard, random: Math.random, rules });
  await store.createTag(newTag('orders'));
  await guard.sweep();
});

async function grant(): Promise<Range> {
  const asked = segments.grant('orders', holder(1), CALM);
  asked.catch(() => undefined);
  await clock.advance(2_000);
  return asked;
}

/** Grants while the tag has numbers, `most` times at most. */
async function drain(most: number): Promise<Range[]> {
  const ranges: Range[] = [];
  for (let n = 0; n < most; n++) {
    const range = await grant().catch(() => undefined);
    if (range === undefined) return ranges;
    ranges.push(range);
  }
  return ranges;
}

/** An operator's UPDATE leaf_alloc SET max_id. */
function setByHand(nextId: bigint): void {
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId });
}

const lower = (to: bigint) =>
  lowerCounter({ store, fence, events, coordinatorId: 'c1' }, 'orders', to, false);

async function redisForgets(): Promise<void> {
  fence.memory.wipe();
  await guard.check();
  await guard.sweep();
}

describe('what was handed out above a lowered counter', () => {
  test('is told to a MySQL that lost it, before Redis forgets it too', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    // MySQL goes back to before the typo.
    store.database.loseLast(2);
    setByHand(101n);
    await guard.sweep();
    await redisForgets();
    ranges.push(...(await drain(8)));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('is told to a MySQL that lost the whole tag, before Redis forgets it too', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    store.database.loseLast(store.database.commitCount);
    await guard.check();
    await guard.sweep();
    await redisForgets();
    await store.createTag(newTag('orders'));
    ranges.push(...(await drain(8)));
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('lowered again', () => {
  test('a counter whose first lowering MySQL forgot is not lowered into what was handed out below since', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    ranges.push(await grant());
    // The lowering and the grant after it.
    store.database.loseLast(2);
    await guard.sweep();
    await lower(101n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('a MySQL that forgot a lowering and what was granted below since', () => {
  test('learns it from the next allocation, too, before Redis forgets', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    ranges.push(await grant());
    store.database.loseLast(2);
    ranges.push(await grant());
    await guard.sweep();
    await redisForgets();
    await lower(101n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('what a fence says was skipped', () => {
  test.each([
    [
      'was granted while Redis was away',
      async () => {
        fence.available = false;
        const ranges = [await grant(), await grant()];
        fence.available = true;
        return ranges;
      },
    ],
    [
      'was granted before Redis failed over to a replica that had not heard of it',
      async () => {
        const marks = new Map(fence.memory.marks);
        const ranges = [await grant(), await grant()];
        fence.memory.marks.clear();
        for (const [key, mark] of marks) fence.memory.marks.set(key, mark);
        return ranges;
      },
    ],
  ])('is not what %s', async (_how, missed) => {
    const ranges = [await grant()];
    const { commitCount } = store.database;
    ranges.push(...(await missed()), await grant());
    await guard.sweep();
    // A sweep saw both: MySQL may lose them. A typo follows at once, and the operator takes it back.
    store.database.loseLast(store.database.commitCount - commitCount);
    setByHand(1_001n);
    await lower(101n).catch(() => undefined);
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });
});
