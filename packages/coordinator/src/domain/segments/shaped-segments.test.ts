import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { CALM, holder, newTag, SEGMENT_RULES } from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import { SegmentArbiter } from './segments.ts';

let clock: FakeClock;
let store: MemoryStore;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  await store.createTag(newTag('shaped', { shape: '{base36:8}' }));
});

function arbiter(): SegmentArbiter {
  return new SegmentArbiter({
    store,
    clock,
    fence: new MemoryFence(),
    locks: noLocks,
    random: Math.random,
    rules: SEGMENT_RULES,
    events: new RecordedEvents(),
    coordinatorId: 'c1',
  });
}

describe('a tag with a shape', () => {
  const KNOWS = { ...CALM, understands: ['shapes'] };

  test('tells its shape with each segment, and the ledger nothing of it', async () => {
    const segment = { start: 1n, end: 101n };
    expect(await arbiter().grant('shaped', holder(1), KNOWS)).toEqual({ ...segment, shape: '{base36:8}' });
    expect([...store.database.ledger.values()]).toMatchObject([segment]);
    expect([...store.database.ledger.values()].some((entry) => 'shape' in entry)).toBe(false);
  });

  test.each([undefined, [], ['something else']])(
    'is refused to an agent that understands %s: it would issue bare numbers',
    async (understands) => {
      const asked = arbiter().grant('shaped', holder(1), { ...CALM, understands });
      await expect(asked).rejects.toMatchObject({ code: 'VERSION_UNSUPPORTED', reason: 'shape' });
      expect(store.database.ledger.size).toBe(0);
    },
  );

  test('is granted to those of a group who know shapes, and refused to the others', async () => {
    const segments = arbiter();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    store.beforeCommit = async () => {
      store.beforeCommit = async () => undefined;
      await held;
    };
    const first = segments.grant('shaped', holder(0), KNOWS);
    await settle();
    const others = [CALM, KNOWS, CALM, KNOWS].map((demand, n) => segments.grant('shaped', holder(n), demand));
    release();
    await first;
    const answers = await Promise.allSettled(others);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect(answers[3]).toMatchObject({ value: { start: 201n, end: 301n, shape: '{base36:8}' } });
    expect(answers[0]).toMatchObject({ reason: { code: 'VERSION_UNSUPPORTED' } });
  });
});
