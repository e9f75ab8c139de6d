import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FenceMemory, MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { CALM, holder, LAYOUT_TEXT, newTag, overlaps, SEGMENT_RULES } from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { CounterName, Range } from '../allocation/range.ts';
import { SegmentArbiter } from '../segments/segments.ts';
import { FenceGuard } from './fence-guard.ts';

const ORDERS: CounterName = { kind: 'tag', tag: 'orders' };

let clock: FakeClock;
let store: MemoryStore;
let fence: MemoryFence;
let events: RecordedEvents;
let guard: FenceGuard;
let segments: SegmentArbiter;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  fence = new MemoryFence(new FenceMemory());
  events = new RecordedEvents();
  await store.createTag(newTag('orders'));
  await bounded(Number.POSITIVE_INFINITY).sweep();
});

/** From now on ranges may go unfenced for so long. */
function bounded(maxUnfencedMs: number): FenceGuard {
  const parts = { store, fence, locks: noLocks, clock, events, coordinatorId: 'c1', maxUnfencedMs };
  guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' });
  segments = new SegmentArbiter({ ...parts, unfenced: guard, random: Math.random, rules: SEGMENT_RULES });
  return guard;
}

async function grant(): Promise<Range> {
  const asked = segments.grant('orders', holder(1), CALM);
  await clock.advance(2_000);
  return asked;
}

describe('how long ranges may go unfenced', () => {
  const tooLong = expect.objectContaining({ code: 'STORE_UNAVAILABLE', reason: 'fence_too_long' });

  test('is counted from the first one on, and anew after a sweep', async () => {
    await bounded(60_000).sweep();
    fence.available = false;
    await clock.advance(600_000);
    await grant();
    await clock.advance(55_000);
    await grant();
    await clock.advance(3_000);
    await expect(grant()).rejects.toEqual(tooLong);
    fence.available = true;
    await guard.check();
    await clock.advance(1);
    fence.available = false;
    await grant();
    expect(events.unfencedCounters).toHaveLength(3);
    expect(events.unfencedRefusals).toEqual(['orders']);
  });

  test('may be not at all, also where MySQL stood by', async () => {
    await bounded(0).sweep();
    fence.available = false;
    await expect(grant()).rejects.toEqual(tooLong);
    fence.available = true;
    expect(await grant()).toEqual({ start: 1n, end: 101n });
  });
});

describe('a Redis that took no writes for a while', () => {
  async function goUnfenced(): Promise<Range> {
    const { raise } = fence;
    fence.raise = async (moves) => moves.map(() => ({ kind: 'away' }));
    const range = await grant();
    fence.raise = raise;
    return range;
  }

  test('is taught what went unfenced with the next look', async () => {
    const range = await goUnfenced();
    await guard.check();
    await clock.advance(1);
    expect(await fence.read(ORDERS)).toMatchObject({ value: range.end });
    store.database.loseLast(1);
    expect(overlaps([range, await grant()])).toEqual([]);
  });

  test('NEGATIVE CONTROL: untold that a range went unfenced, the next look teaches nothing', async () => {
    guard.wentUnfenced = () => undefined;
    const range = await goUnfenced();
    await guard.check();
    await clock.advance(1);
    expect(await fence.read(ORDERS)).toMatchObject({ value: range.start });
  });
});
