import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { MemoryFence } from '../fakes/memory-fence.ts';
import { RecordedEvents } from '../fakes/recorded-events.ts';
import { allocate } from './allocate.ts';
import type { Fence } from './fence.ts';
import type { CounterName } from './range.ts';

const name: CounterName = { kind: 'tag', tag: 'orders' };
const size100 = (start: bigint) => start + 100n;
const at = (value: bigint) => ({ name, value });

describe('a range', () => {
  test('starts at the counter, and the fence then stands at its end', async () => {
    const fence = new MemoryFence();
    expect(await allocate(at(1n), fence, new RecordedEvents(), size100)).toEqual({
      start: 1n,
      end: 101n,
      fenced: true,
    });
    expect(await fence.read(name)).toBe(101n);
  });

  test('starts at the floor where the counter is lower', async () => {
    const fence = new MemoryFence();
    const range = await allocate(at(5n), fence, new RecordedEvents(), size100, 1_000n);
    expect(range).toEqual({ start: 1_000n, end: 1_100n, fenced: true });
  });

  test('starts at the counter where the floor is lower', async () => {
    const range = await allocate(at(5n), new MemoryFence(), new RecordedEvents(), size100, -7n);
    expect(range.start).toBe(5n);
  });

  test('keeps every digit at the top of 63 bits', async () => {
    const fence = new MemoryFence();
    const top = 2n ** 63n - 102n;
    await fence.raise(name, 0n, top + 1n);
    expect(await allocate(at(top), fence, new RecordedEvents(), size100)).toEqual({
      start: top + 1n,
      end: top + 101n,
      fenced: true,
    });
  });

  test('that would be empty is a defect, and the fence does not move', async () => {
    const fence = new MemoryFence();
    await expect(allocate(at(5n), fence, new RecordedEvents(), (start) => start)).rejects.toThrow(
      'empty range',
    );
    expect(await fence.read(name)).toBe(0n);
  });

  test('that must not be granted moves neither fence nor counter', async () => {
    const fence = new MemoryFence();
    const refusal = new LeafcutterError('TAG_EXHAUSTED', 'no');
    const refused = allocate(at(5n), fence, new RecordedEvents(), () => {
      throw refusal;
    });
    await expect(refused).rejects.toBe(refusal);
    expect(fence.raises).toBe(0);
  });
});

describe('a fence that remembers more than the counter', () => {
  test('is followed, and it is told by how much it was ahead', async () => {
    const fence = new MemoryFence();
    const events = new RecordedEvents();
    await fence.raise(name, 1n, 5_001n);
    expect(await allocate(at(1n), fence, events, size100)).toEqual({
      start: 5_001n,
      end: 5_101n,
      fenced: true,
    });
    expect(events.ahead).toEqual([{ counter: 'orders', by: 5_000n }]);
  });

  test('has its start judged by the same rules, before it moves', async () => {
    const fence = new MemoryFence();
    await fence.raise(name, 1n, 5_001n);
    const refused = allocate(at(1n), fence, new RecordedEvents(), (start) => {
      if (start > 1_000n) throw new LeafcutterError('TAG_EXHAUSTED', 'no');
      return start + 100n;
    });
    await expect(refused).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    expect(await fence.read(name)).toBe(5_001n);
  });

  test('is given up after four moves, as a reason to try again', async () => {
    const running: Fence = {
      available: true,
      raise: async (_name, start) => ({ kind: 'ahead', value: start + 1n }),
      read: async () => 0n,
    };
    const events = new RecordedEvents();
    await expect(allocate(at(1n), running, events, size100)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'fence_unclear',
    });
    expect(events.ahead).toHaveLength(4);
  });
});

describe('a fence that is away', () => {
  test('is gone without, and that is told', async () => {
    const fence = new MemoryFence();
    const events = new RecordedEvents();
    fence.available = false;
    expect(await allocate(at(7n), fence, events, size100)).toEqual({ start: 7n, end: 107n, fenced: false });
    expect(events.unfencedCounters).toEqual(['orders']);
    expect(fence.raises).toBe(0);
  });

  test('when its answer is unclear, nothing is handed out, and the next range starts above what it may have noted', async () => {
    const fence = new MemoryFence();
    fence.failNext('after-raise');
    await expect(allocate(at(1n), fence, new RecordedEvents(), size100)).rejects.toMatchObject({
      reason: 'fence_unclear',
    });
    expect((await allocate(at(1n), fence, new RecordedEvents(), size100)).start).toBe(101n);
  });

  test('does not exist in the embedded coordinator, which does not count as unfenced', async () => {
    const events = new RecordedEvents();
    expect(await allocate(at(1n), undefined, events, size100)).toEqual({
      start: 1n,
      end: 101n,
      fenced: true,
    });
    expect(events.unfencedCounters).toEqual([]);
  });
});

describe('a counter that forgot a range', () => {
  /** Two allocations from the same counter value: the database lost what it had acknowledged. */
  async function allocateTwice(fence: Fence) {
    const first = await allocate(at(1n), fence, new RecordedEvents(), size100);
    return [first, await allocate(at(1n), fence, new RecordedEvents(), size100)] as const;
  }

  test('does not hand it out again', async () => {
    const [first, second] = await allocateTwice(new MemoryFence());
    expect(second.start).toBe(first.end);
  });

  test('NEGATIVE CONTROL: with a fence that always agrees, it does', async () => {
    const agreeable: Fence = { available: true, raise: async () => ({ kind: 'ok' }), read: async () => 0n };
    const [first, second] = await allocateTwice(agreeable);
    expect(second.start).toBe(first.start);
  });
});
