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

/** A coordinator on stores that were swept `sweptAgoMs` ago. Its next transaction stays open until `commit`. */
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
  // As if its row were locked at another node of a Galera, where a sweep sees no lock that it could wait for.
  store.untilRowsAreFree = async () => undefined;
  const { promise: held, resolve: commit } = Promise.withResolvers<void>();
  store.beforeCommit = () => held;
  return { clock, store, memory, fence, guard, ranges, ask, grant, commit };
}

const granted = (ranges: readonly (Range | undefined)[]) => ranges.filter((range) => range !== undefined);

type World = Awaited<ReturnType<typeof begun>>;

/** A mishap: it begins before the range is asked for, and what it returns runs once the transaction is open. */
const HARMS: readonly (readonly [how: string, harm: (world: World) => () => void])[] = [
  [
    'goes unfenced',
    ({ fence }) => {
      const { raise } = fence;
      fence.raise = async (moves) => moves.map(() => ({ kind: 'away' }));
      return () => {
        fence.raise = raise;
      };
    },
  ],
  [
    'loses its fence, because Redis fails over to a replica that had not heard of it,',
    ({ memory, fence }) => {
      const [marks, rose, { identity }] = [new Map(memory.marks), new Map(memory.rose), memory];
      return () => {
        memory.wipe();
        for (const [key, mark] of marks) memory.marks.set(key, mark);
        for (const [key, one] of rose) memory.rose.set(key, one);
        memory.identity = identity;
        fence.incarnation += 1;
      };
    },
  ],
];

/**
 * What is granted if a range suffers a mishap, a sweep runs before it is committed, and MySQL loses it after the next
 * sweep.
 */
async function harmedInFlight(world: World, harm: (world: World) => () => void): Promise<Range[]> {
  const { clock, store, guard, ranges, ask, grant, commit } = world;
  const whenOpen = harm(world);
  clock.jump(-300_000);
  const asked = ask();
  await clock.advance(10);
  clock.jump(300_000);
  whenOpen();
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

describe.each(HARMS)(
  'a range that %s while a sweep runs, dated by a clock that was set back',
  (_how, harm) => {
    test('is seen by the next sweep', async () => {
      expect(overlaps(await harmedInFlight(await begun(90_000), harm))).toEqual([]);
    });

    test('NEGATIVE CONTROL: is not, if that reads what is dated a minute before the last sweep', async () => {
      const world = await begun(90_000);
      const { fence, clock } = world;
      const { finishSweep } = fence;
      fence.finishSweep = (identity, number, ledger) =>
        finishSweep.call(fence, identity, number, { ...ledger, fromMs: clock.now() - 60_000 });
      expect(overlaps(await harmedInFlight(world, harm))).not.toEqual([]);
    });
  },
);
