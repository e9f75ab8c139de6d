import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FenceMemory, MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { CALM, holder, LAYOUT_TEXT, newTag, overlaps, SEGMENT_RULES } from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Range } from '../allocation/range.ts';
import { SegmentArbiter } from '../segments/segments.ts';
import { FenceGuard } from './fence-guard.ts';

test('a backup that is loaded into the running server is not hidden by another coordinator that finds Redis again', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const memory = new FenceMemory();
  const cutOff = new MemoryFence(memory);
  const parts = { store, clock, events: new RecordedEvents(), coordinatorId: 'c1' };
  const rules = { ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' };
  const guard = new FenceGuard({ ...rules, fence: cutOff, locks: noLocks });
  // It finds Redis, and has not swept yet.
  const other = new FenceGuard({
    ...rules,
    fence: new MemoryFence(memory),
    locks: { acquire: async () => undefined },
  });
  const segments = new SegmentArbiter({
    ...parts,
    fence: cutOff,
    unfenced: guard,
    locks: noLocks,
    random: Math.random,
    rules: SEGMENT_RULES,
  });
  const grant = async (): Promise<Range | undefined> => {
    const asked = segments.grant('orders', holder(1), CALM).catch(() => undefined);
    await clock.advance(2_000);
    return asked;
  };
  await store.createTag(newTag('orders'));
  const { commitCount, incarnation } = store.database;
  const ranges = [await grant()];
  await clock.advance(10_000);
  await guard.sweep();
  store.database.loseLast(store.database.commitCount - commitCount);
  store.database.incarnation = incarnation;
  await clock.advance(10_000);
  cutOff.available = false;
  await other.check();
  ranges.push(await grant());
  expect(overlaps(ranges.filter((range) => range !== undefined))).toEqual([]);
});

test('a sweep in whose middle a backup is loaded does not count, although it was noted again meanwhile that Redis was found', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const fence = new MemoryFence(new FenceMemory());
  const events = new RecordedEvents();
  const parts = { store, fence, clock, locks: noLocks, events, coordinatorId: 'c1' };
  const guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' });
  const segments = new SegmentArbiter({
    ...parts,
    unfenced: guard,
    random: Math.random,
    rules: SEGMENT_RULES,
  });
  const grant = async (): Promise<Range | undefined> => {
    const asked = segments.grant('orders', holder(1), CALM).catch(() => undefined);
    await clock.advance(2_000);
    return asked;
  };
  await store.createTag(newTag('orders'));
  await guard.sweep();
  await clock.advance(10_000);
  const { commitCount, incarnation } = store.database;
  const ranges = [await grant(), await grant()];
  // It outlasts the guard's next look, as a sweep of many tags does.
  const counters = store.counters.bind(store);
  store.counters = async function* (since) {
    yield* counters(since);
    await new Promise<void>((resolve) => void clock.after(7_000, resolve));
  };
  const sweeping = guard.sweep();
  const overtaken = expect(sweeping).rejects.toMatchObject({ reason: 'sweep_overtaken' });
  await clock.advance(1_000);
  store.database.loseLast(store.database.commitCount - commitCount);
  store.database.incarnation = incarnation;
  await clock.advance(5_000);
  await guard.check();
  await clock.advance(5_000);
  await overtaken;
  fence.available = false;
  ranges.push(await grant());
  expect(overlaps(ranges.filter((range) => range !== undefined))).toEqual([]);
});

describe('a coordinator that has no Redis, while another one sweeps', () => {
  /** Loads a backup from half an hour ago into the running server, after an hour without any. */
  async function restoredAfterAnHour(looks: (guard: FenceGuard) => Promise<void>): Promise<Range[]> {
    const clock = new FakeClock();
    const store = new MemoryStore(clock);
    const memory = new FenceMemory();
    const coordinator = (coordinatorId: string) => {
      const fence = new MemoryFence(memory);
      const parts = { store, fence, clock, locks: noLocks, events: new RecordedEvents(), coordinatorId };
      const guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' });
      const segments = new SegmentArbiter({
        ...parts,
        unfenced: guard,
        random: Math.random,
        rules: SEGMENT_RULES,
      });
      const grant = async (): Promise<Range[]> => {
        const asked = segments.grant('orders', holder(1), CALM).then(
          (range) => [range],
          () => [],
        );
        await clock.advance(2_000);
        return asked;
      };
      return { fence, guard, grant };
    };
    await store.createTag(newTag('orders'));
    const [a, b] = [coordinator('a'), coordinator('b')];
    await a.guard.sweep();
    await b.guard.sweep();
    a.fence.available = false;
    const ranges: Range[] = [];
    const minutes = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await clock.advance(58_000);
        await b.guard.check();
        await b.guard.sweep();
        await looks(a.guard);
        ranges.push(...(await b.grant()));
      }
    };
    await minutes(30);
    const { commitCount, incarnation } = store.database;
    await minutes(30);
    store.database.loseLast(store.database.commitCount - commitCount);
    store.database.incarnation = incarnation;
    ranges.push(...(await a.grant()));
    return ranges;
  }

  test('sees by what that one noted that MySQL went back', async () => {
    expect(overlaps(await restoredAfterAnHour((guard) => guard.check()))).toEqual([]);
  });

  test('NEGATIVE CONTROL: if it does not look, it repeats what the backup lacks', async () => {
    expect(overlaps(await restoredAfterAnHour(async () => undefined))).not.toEqual([]);
  });
});
