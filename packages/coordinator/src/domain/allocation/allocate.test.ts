import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { fenceMove, raiseOne, SAMPLE_DEPLOYMENT, SWEPT } from '../../fakes/samples.ts';
import { AgreeableFence } from '../../fakes/unguarded.ts';
import { allocate, type UnfencedRule } from './allocate.ts';
import { CounterBehindError, NOTHING_REMEMBERED, type Remembered } from './counter-behind-error.ts';
import type { Fence } from './fence.ts';
import type { CounterName, Era, Range } from './range.ts';
import { RefusedByFenceError } from './refused-by-fence-error.ts';

const name: CounterName = { kind: 'tag', tag: 'orders' };

interface Attempt {
  readonly floor?: bigint;
  readonly remembered?: Remembered;
  readonly events?: RecordedEvents;
  readonly endOf?: (start: bigint) => bigint;
  /** Called with what is written, and the era that begins. */
  readonly write?: (range: Range, era: Era | undefined) => Promise<void>;
  /** Ranges that the ledger has, in order. */
  readonly ledger?: readonly Range[];
  /** What was handed out above when the counter was lowered. */
  readonly taken?: Range;
  readonly unfenced?: UnfencedRule;
}

/** One attempt to take 100 from a counter that stands at `value`. */
async function attempt(value: bigint, fence: Fence | undefined, options: Attempt = {}): Promise<Range> {
  const { floor = 0n, events = new RecordedEvents(), endOf = (start) => start + 100n } = options;
  const { write = async () => undefined } = options;
  const { remembered = NOTHING_REMEMBERED, ledger = [], taken } = options;
  const generation = SAMPLE_DEPLOYMENT.identity.generation;
  const locked = {
    name,
    value,
    nowMs: 7,
    generation,
    memory: { sweep: 1, sweptAtMs: 5, confirmedAtMs: 5 },
    advance: async () => undefined,
    ledgerTop: ledger.at(-1)?.end ?? 0n,
    ...(taken === undefined ? {} : { era: 1, taken }),
    ledgerEnd: async (below: bigint) => ledger.findLast(({ start }) => start < below)?.end ?? 0n,
    nextRangeStart: async (from: bigint) => ledger.find(({ start }) => start >= from)?.start,
    holes: async () => [],
    rangesFrom: async () => [],
    mergeRanges: async () => undefined,
    enter: async () => undefined,
  };
  const parts = { fence, events, unfenced: options.unfenced, coordinatorId: 'c1' };
  let range: Range = { start: 0n, end: 0n };
  const noted = (taken: Range) => {
    range = taken;
    return { entries: [] };
  };
  const advance: Parameters<typeof allocate>[1]['advance'] = async ([only]) => write(range, only?.era);
  const taking = { remembered, floor, endOf, noted };
  try {
    const [outcome] = await allocate(parts, { advance }, [{ locked, taking }]);
    if (outcome !== undefined && 'range' in outcome) return outcome.range;
    throw outcome?.refusal;
  } catch (error) {
    const [own] = error instanceof RefusedByFenceError ? error.refusals.values() : [];
    throw own === undefined ? error : own.refusal;
  }
}

/** As the arbiters do it: if the counter is behind, once more from what is remembered. */
function follow(value: bigint, fence: Fence, options: Attempt = {}): Promise<Range> {
  return attempt(value, fence, options).catch((error: unknown) => {
    if (!(error instanceof CounterBehindError)) throw error;
    return attempt(value, fence, { ...options, remembered: error.remembered });
  });
}

describe('a range', () => {
  test('starts at the counter, is written, and the fence then stands at its end', async () => {
    const fence = new MemoryFence();
    const written: Range[] = [];
    const write = async (range: Range) => void written.push(range);
    expect(await attempt(1n, fence, { write })).toEqual({ start: 1n, end: 101n });
    expect(written).toEqual([{ start: 1n, end: 101n }]);
    expect((await fence.read(name)).value).toBe(101n);
  });

  test('starts at the floor where the counter is lower, at the counter where the floor is', async () => {
    expect((await attempt(5n, new MemoryFence(), { floor: 1_000n })).start).toBe(1_000n);
    expect((await attempt(5n, new MemoryFence(), { floor: -7n })).start).toBe(5n);
  });

  test('keeps every digit at the top of 63 bits', async () => {
    const fence = new MemoryFence();
    const top = 2n ** 63n - 102n;
    await raiseOne(fence, name, fenceMove(0n, top + 1n));
    expect(await follow(top, fence)).toEqual({ start: top + 1n, end: top + 101n });
  });

  test('that would be empty is a defect, and nothing moves', async () => {
    const fence = new MemoryFence();
    await expect(attempt(5n, fence, { endOf: (start) => start })).rejects.toThrow('empty range');
    expect(fence.raises).toBe(0);
  });

  test('that must not be granted moves nothing', async () => {
    const fence = new MemoryFence();
    const refusal = new LeafcutterError('TAG_EXHAUSTED', 'no');
    const endOf = () => {
      throw refusal;
    };
    await expect(attempt(5n, fence, { endOf })).rejects.toBe(refusal);
    expect(fence.raises).toBe(0);
  });

  test('that the database refuses to write moves no fence, however often it is tried', async () => {
    const fence = new MemoryFence();
    const full = new LeafcutterError('INTERNAL', 'The table is full.');
    for (let tries = 0; tries < 100; tries++) {
      await expect(attempt(1n, fence, { write: () => Promise.reject(full) })).rejects.toBe(full);
    }
    expect((await fence.read(name)).value).toBe(0n);
  });
});

describe('a fence that remembers more than the counter', () => {
  test('is followed, and it is told by how much it was ahead', async () => {
    const fence = new MemoryFence();
    const events = new RecordedEvents();
    await raiseOne(fence, name, fenceMove(1n, 5_001n));
    expect(await follow(1n, fence, { events })).toEqual({ start: 5_001n, end: 5_101n });
    expect(events.ahead).toEqual([{ counter: 'orders', by: 5_000n }]);
  });

  test('has its start judged by the same rules, before it moves', async () => {
    const fence = new MemoryFence();
    await raiseOne(fence, name, fenceMove(1n, 5_001n));
    const endOf = (start: bigint) => {
      if (start > 1_000n) throw new LeafcutterError('TAG_EXHAUSTED', 'no');
      return start + 100n;
    };
    await expect(follow(1n, fence, { endOf })).rejects.toMatchObject({ code: 'TAG_EXHAUSTED' });
    expect((await fence.read(name)).value).toBe(5_001n);
  });
});

describe('a ledger that remembers more than the counter', () => {
  test('is followed too, and the fence is not asked about what cannot be written', async () => {
    const fence = new MemoryFence();
    const events = new RecordedEvents();
    const write = async ({ start }: Range) => {
      if (start === 1n) throw new CounterBehindError(name, { ...NOTHING_REMEMBERED, value: 701n });
    };
    expect(await follow(1n, fence, { events, write })).toEqual({ start: 701n, end: 801n });
    expect(events.ahead).toEqual([{ counter: 'orders', by: 700n }]);
    expect(fence.raises).toBe(1);
  });
});

describe('whatever the counter says, a range shares no number with the ledger', () => {
  const ledger = [
    { start: 1n, end: 101n },
    { start: 1_050n, end: 1_150n },
  ];

  const taken = { start: 1_050n, end: 1_150n };

  test.each([1n, 50n, 101n, 1_001n, 1_149n])('at %d it starts above all of them', async (value) => {
    const events = new RecordedEvents();
    const error = await attempt(value, undefined, { ledger, events }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ remembered: { value: 1_150n, granted: 0n } });
    expect(events.ahead).toEqual([{ counter: 'orders', by: 1_150n - value }]);
    expect(events.lost).toEqual([]);
  });

  test('of an era it starts above all that was handed out in it, and ends below what was before', async () => {
    expect(await attempt(101n, undefined, { ledger, taken })).toEqual({ start: 101n, end: 201n });
    expect(await attempt(1_001n, undefined, { ledger, taken })).toEqual({ start: 1_001n, end: 1_050n });
    await expect(attempt(50n, undefined, { ledger, taken })).rejects.toMatchObject({
      remembered: { value: 101n },
    });
  });

  test.each([1_050n, 1_149n, 1_150n, 2_000n])('at %d, a later era begins above', async (value) => {
    const eras: (Era | undefined)[] = [];
    const write: Attempt['write'] = async (_range, era) => void eras.push(era);
    const start = value > 1_150n ? value : 1_150n;
    const options = { ledger, taken, write };
    expect(await attempt(value, undefined, options)).toEqual({ start, end: start + 100n });
    expect(eras).toEqual([{ era: 2 }]);
  });

  test('also where the last of an era became one with what was before', async () => {
    const merged = [{ start: 1n, end: 1_150n }];
    expect((await attempt(1_050n, undefined, { ledger: merged, taken })).start).toBe(1_150n);
  });

  test('above it the ledger is not asked again', async () => {
    expect(await attempt(1_150n, undefined, { ledger })).toEqual({ start: 1_150n, end: 1_250n });
  });

  test('NEGATIVE CONTROL: without the ledger it does', async () => {
    const range = await attempt(1_001n, undefined);
    expect(range.end).toBeGreaterThan(1_050n);
  });
});

describe('a fence that is away', () => {
  test('is gone without, and that is told', async () => {
    const fence = new MemoryFence();
    const events = new RecordedEvents();
    fence.available = false;
    expect(await attempt(7n, fence, { events, unfenced: SWEPT })).toEqual({ start: 7n, end: 107n });
    expect(events.unfencedCounters).toEqual(['orders']);
  });

  test('is not gone without if the database may have forgotten what only Redis knows', async () => {
    const fence = new MemoryFence();
    const events = new RecordedEvents();
    fence.available = false;
    await expect(attempt(7n, fence, { events })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'fence_unswept',
      retryable: true,
    });
    expect(events.unfencedRefusals).toEqual(['orders']);
    expect(events.unfencedCounters).toEqual([]);
  });

  test('when its answer is unclear, nothing is handed out, and the next range starts above what it may have noted', async () => {
    const fence = new MemoryFence();
    fence.failNext('after-raise');
    await expect(attempt(1n, fence)).rejects.toMatchObject({ reason: 'fence_unclear' });
    expect((await follow(1n, fence)).start).toBe(101n);
  });

  test('does not exist in the embedded coordinator, which does not count as unfenced', async () => {
    const events = new RecordedEvents();
    expect(await attempt(1n, undefined, { events })).toEqual({ start: 1n, end: 101n });
    expect(events.unfencedCounters).toEqual([]);
  });
});

describe('a counter that forgot a range', () => {
  /** Two allocations from the same counter value: the database lost what it had acknowledged. */
  async function allocateTwice(fence: Fence) {
    const first = await follow(1n, fence);
    return [first, await follow(1n, fence)] as const;
  }

  test('does not hand it out again', async () => {
    const [first, second] = await allocateTwice(new MemoryFence());
    expect(second.start).toBe(first.end);
  });

  test('NEGATIVE CONTROL: with a fence that always agrees, it does', async () => {
    const [first, second] = await allocateTwice(new AgreeableFence());
    expect(second.start).toBe(first.start);
  });
});
