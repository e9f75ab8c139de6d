import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FenceMemory, MemoryFence } from '../fakes/memory-fence.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { RecordedEvents } from '../fakes/recorded-events.ts';
import { CALM, holder, LAYOUT_TEXT, newTag, overlaps, SEGMENT_RULES } from '../fakes/samples.ts';
import { noLocks } from '../no-locks.ts';
import { FenceGuard } from './fence-guard.ts';
import type { Range } from './range.ts';
import { SegmentArbiter } from './segments.ts';

/** A coordinator on stores that were swept `sweptAgoMs` ago, and whose next transaction stays open until `commit`. */
async function begun(sweptAgoMs: number) {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const memory = new FenceMemory();
  const fence = new MemoryFence(memory);
  const parts = { store, fence, clock, locks: noLocks, events: new RecordedEvents(), coordinatorId: 'a' };
  const guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' });
  const segments = new SegmentArbiter({ ...parts, unfenced: guard, random: () => 0.5, rules: SEGMENT_RULES });
  const ask = (): Promise<Range | undefined> =>
    segments.grant('orders', holder(1), CALM).catch(() => undefined);
  const grant = async () => {
    const asked = ask();
    await clock.advance(2_000);
    return asked;
  };
  await store.createTag(newTag('orders'));
  const ranges = [await grant()];
  await guard.sweep();
  await guard.sweep();
  await clock.advance(sweptAgoMs);
  const { promise: held, resolve: commit } = Promise.withResolvers<void>();
  store.beforeCommit = () => held;
  return { clock, store, memory, fence, guard, ranges, ask, grant, commit };
}

const granted = (ranges: readonly (Range | undefined)[]) => ranges.filter((range) => range !== undefined);

/** What is granted when a range goes unfenced while a sweep runs, by a clock that was behind, and MySQL then loses it. */
async function unfencedInFlight(
  prepare: (world: Awaited<ReturnType<typeof begun>>) => void,
): Promise<Range[]> {
  const world = await begun(90_000);
  prepare(world);
  const { clock, store, fence, guard, ranges, ask, grant, commit } = world;
  const { raise } = fence;
  fence.raise = async () => ({ kind: 'away' });
  clock.jump(-300_000);
  const asked = ask();
  await clock.advance(10);
  clock.jump(300_000);
  fence.raise = raise;
  // The next look, and the sweep that it starts, while the transaction is still open.
  await guard.check();
  await clock.advance(10);
  commit();
  await clock.advance(10);
  ranges.push(await asked);
  store.beforeCommit = async () => undefined;
  // A sweep that began after it was committed has completed: MySQL may forget.
  await clock.advance(60_000);
  expect(await guard.sweep()).toMatchObject({ extent: 'moved' });
  store.database.loseLast(5);
  await guard.sweep();
  ranges.push(await grant());
  return granted(ranges);
}

describe('a range that goes unfenced while a sweep runs, with a clock that was set back', () => {
  test('is seen by the next sweep', async () => {
    expect(overlaps(await unfencedInFlight(() => undefined))).toEqual([]);
  });

  test('NEGATIVE CONTROL: is not, if that reads what is dated a minute before the last sweep', async () => {
    const repeated = await unfencedInFlight(({ fence, clock }) => {
      const { finishSweep } = fence;
      fence.finishSweep = (identity, number, ledger) =>
        finishSweep.call(fence, identity, number, { ...ledger, fromMs: clock.now() - 60_000 });
    });
    expect(overlaps(repeated)).not.toEqual([]);
  });
});

test('a range whose fence Redis forgets while its transaction is open, with a clock that was set back, is seen by the next sweep', async () => {
  const { clock, store, memory, fence, guard, ranges, ask, grant, commit } = await begun(90_000);
  const [marks, rose, { identity }] = [new Map(memory.marks), new Map(memory.rose), memory];
  clock.jump(-300_000);
  const asked = ask();
  await clock.advance(10);
  clock.jump(300_000);
  // A failover to a replica that had not heard of that fence, and the sweep that follows.
  memory.wipe();
  for (const [key, mark] of marks) memory.marks.set(key, mark);
  for (const [key, one] of rose) memory.rose.set(key, one);
  memory.identity = identity;
  fence.incarnation += 1;
  await guard.check();
  await clock.advance(10);
  commit();
  await clock.advance(10);
  ranges.push(await asked);
  store.beforeCommit = async () => undefined;
  await clock.advance(60_000);
  expect(await guard.sweep()).toMatchObject({ extent: 'moved' });
  store.database.loseLast(5);
  await guard.sweep();
  ranges.push(await grant());
  expect(overlaps(granted(ranges))).toEqual([]);
});
