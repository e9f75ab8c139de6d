import { describe, expect, test } from '@jest/globals';
import { between, freshSeed, seededRandom } from '../../fakes/seeded-random.ts';
import type { Segment } from './segment.ts';
import { SegmentBuffer } from './segment-buffer.ts';

const segment = (start: number, end: number): Segment => ({ start: BigInt(start), end: BigInt(end) });
const still = { monotonic: () => 0 };

function holding(...segments: Segment[]): SegmentBuffer {
  const buffer = new SegmentBuffer(0.1);
  for (const each of segments) expect(buffer.accept(each, 0)).toBe(true);
  return buffer;
}

/** Negative control: a buffer that forgets what it held, so it accepts any segment. */
class ForgetfulBuffer {
  #buffer = new SegmentBuffer(0.1);
  accept(each: Segment): boolean {
    this.#buffer = new SegmentBuffer(0.1);
    return this.#buffer.accept(each, 0);
  }
  take(count: number): Segment | undefined {
    return this.#buffer.take(count, 0);
  }
}

describe('a buffer', () => {
  test('is empty at birth: it gives nothing and wants a segment', () => {
    const buffer = new SegmentBuffer(0.1);
    expect(buffer.takeOne(still)).toBeUndefined();
    expect(buffer.take(5, 0)).toBeUndefined();
    expect(buffer).toMatchObject({ remaining: 0, wantsNext: true, hasRoom: true, highest: 0n });
    expect(buffer.view()).toEqual({ current: null, next: null, prefetchAt: 0 });
  });

  test('serves a segment from its first ID to its last, then is empty', () => {
    const buffer = holding(segment(1, 4));
    expect([1, 2, 3, 4].map(() => buffer.takeOne(still))).toEqual([1n, 2n, 3n, undefined]);
    expect(buffer).toMatchObject({ remaining: 0, wantsNext: true, hasRoom: true, highest: 4n });
  });

  test('uses up current before next, so IDs rise', () => {
    const buffer = holding(segment(1, 3), segment(10, 12));
    expect(buffer).toMatchObject({ remaining: 4, hasRoom: false, wantsNext: false });
    expect([1, 2, 3, 4].map(() => buffer.takeOne(still))).toEqual([1n, 2n, 10n, 11n]);
  });

  test('shows both segments and how far current is used', () => {
    const buffer = holding(segment(1, 11), segment(21, 31));
    buffer.take(4, 0);
    expect(buffer.view()).toEqual({
      current: { start: '1', end: '11', used: 4, size: 10 },
      next: { start: '21', end: '31', used: 0, size: 10 },
      prefetchAt: 1,
    });
  });

  test('gives ranges that never cross from one segment into the next', () => {
    const buffer = holding(segment(1, 4), segment(10, 20));
    expect(buffer.take(8, 0)).toEqual(segment(1, 4));
    expect(buffer.take(8, 0)).toEqual(segment(10, 18));
  });

  test('keeps every digit at the top of 63 bits', () => {
    const buffer = new SegmentBuffer(0.1);
    const end = 2n ** 63n - 1n;
    buffer.accept({ start: end - 2n, end }, 0);
    expect([buffer.takeOne(still), buffer.takeOne(still)]).toEqual([end - 2n, end - 1n]);
  });
});

describe('IDs as Numbers', () => {
  const end = 2n ** 53n;
  const idsAs = (take: 'takeOne' | 'takeExact', ...segments: Segment[]) => {
    const buffer = holding(...segments);
    return Array.from({ length: buffer.remaining }, () => buffer[take](still));
  };

  test('are those that bigints would be, and end where the buffer does', () => {
    const buffer = holding(segment(1, 3), segment(10, 12));
    expect([1, 2, 3, 4, 5].map(() => buffer.takeExact(still))).toEqual([1, 2, 10, 11, undefined]);
  });

  test('go on from bigints and ranges of the same segment, so no ID comes twice', () => {
    const buffer = holding(segment(1, 9));
    expect([
      buffer.takeOne(still),
      buffer.takeExact(still),
      buffer.take(2, 0),
      buffer.takeExact(still),
    ]).toEqual([1n, 2, segment(3, 5), 5]);
    expect(buffer.takeOne(still)).toBe(6n);
  });

  test('reach up to 2^53 - 1', () => {
    const ids = idsAs('takeExact', { start: end - 3n, end });
    expect(ids).toEqual([Number(end) - 3, Number(end) - 2, Number.MAX_SAFE_INTEGER]);
  });

  test('become bigints where a segment reaches above, and keep every digit across', () => {
    const [below, across, above] = [
      { start: end - 4n, end: end - 2n },
      { start: end - 2n, end: end + 3n },
      { start: end + 3n, end: end + 5n },
    ];
    const expected = (from: bigint, count: number) =>
      Array.from({ length: count }, (_, index) => from + BigInt(index));
    const ids = [...idsAs('takeExact', below, across), ...idsAs('takeExact', above)];
    expect(ids.map(String)).toEqual(expected(end - 4n, 9).map(String));
    expect(ids.map((id) => typeof id).slice(0, 3)).toEqual(['number', 'number', 'bigint']);
    expect([...idsAs('takeOne', below, across), ...idsAs('takeOne', above)]).toEqual(expected(end - 4n, 9));
  });

  test('negative control: Numbers carried on across 2^53 repeat', () => {
    const carried = Array.from({ length: 9 }, (_, index) => Number(end) - 4 + index);
    expect(new Set(carried).size).toBeLessThan(carried.length);
  });
});

describe('a buffer that is offered a segment', () => {
  test('refuses one that starts below the end of the highest it held, even when that is used up', () => {
    const buffer = holding(segment(100, 110));
    buffer.take(10, 0);
    expect(buffer.accept(segment(100, 110), 0)).toBe(false);
    expect(buffer.accept(segment(109, 119), 0)).toBe(false);
    expect(buffer.accept(segment(1, 11), 0)).toBe(false);
    expect(buffer).toMatchObject({ remaining: 0, highest: 110n });
    expect(buffer.accept(segment(110, 120), 0)).toBe(true);
  });

  test('negative control: without that memory the same segment is issued twice', () => {
    const buffer = new ForgetfulBuffer();
    buffer.accept(segment(100, 110));
    const before = buffer.take(10);
    expect(buffer.accept(segment(100, 110))).toBe(true);
    expect(buffer.take(10)).toEqual(before);
  });

  test('refuses one below what an earlier buffer of the tag held', () => {
    const buffer = new SegmentBuffer(0.1, 500n);
    expect(buffer.accept(segment(499, 600), 0)).toBe(false);
    expect(buffer.accept(segment(500, 600), 0)).toBe(true);
  });

  test('refuses an empty one and one that runs backwards', () => {
    const buffer = new SegmentBuffer(0.1);
    expect(buffer.accept(segment(5, 5), 0)).toBe(false);
    expect(buffer.accept(segment(9, 5), 0)).toBe(false);
    expect(buffer.highest).toBe(0n);
  });

  test('crashes on a third: nobody may fetch what has no room', () => {
    const buffer = holding(segment(1, 3), segment(3, 5));
    expect(() => buffer.accept(segment(5, 7), 0)).toThrow('third segment');
    expect(buffer.remaining).toBe(4);
  });
});

describe('the prefetch mark', () => {
  test.each([
    [0, 0],
    [0.1, 1],
    [0.15, 2],
    [0.9, 9],
  ])('at ratio %p a segment of 10 wants the next after %p IDs', (ratio, used) => {
    const buffer = new SegmentBuffer(ratio);
    buffer.accept(segment(1, 11), 0);
    let taken = 0;
    for (; !buffer.wantsNext; taken++) buffer.takeOne(still);
    expect(taken).toBe(used);
  });

  test('at ratio 1 the next is wanted only once nothing is left', () => {
    const buffer = new SegmentBuffer(1);
    buffer.accept(segment(1, 11), 0);
    buffer.take(9, 0);
    expect(buffer.wantsNext).toBe(false);
    buffer.take(1, 0);
    expect(buffer.wantsNext).toBe(true);
  });

  test('a full buffer wants nothing', () => {
    const buffer = holding(segment(1, 11), segment(11, 21));
    buffer.take(9, 0);
    expect(buffer.wantsNext).toBe(false);
  });
});

describe('the last segment', () => {
  test('is unknown until one is used up', () => {
    const buffer = holding(segment(1, 11));
    buffer.take(9, 5);
    expect(buffer.lastSegment).toBeUndefined();
  });

  test('lasted from when it began to serve, not from when it was fetched', () => {
    const buffer = new SegmentBuffer(0.1);
    buffer.accept(segment(1, 11), 1_000);
    buffer.accept(segment(11, 31), 1_500);
    buffer.take(10, 4_000.4);
    expect(buffer.lastSegment).toEqual({ step: 10, lastedMs: 3_000 });
    buffer.take(20, 4_600);
    expect(buffer.lastSegment).toEqual({ step: 20, lastedMs: 600 });
  });

  test('is counted by single IDs too', () => {
    const buffer = new SegmentBuffer(0.1);
    buffer.accept(segment(1, 3), 10);
    buffer.takeOne(still);
    buffer.takeOne({ monotonic: () => 60 });
    expect(buffer.lastSegment).toEqual({ step: 2, lastedMs: 50 });
  });
});

describe('whatever is taken and offered in whatever order', () => {
  const seed = freshSeed();

  /** Random walk: IDs taken, and the segments that were accepted. */
  function walk(random: () => number, buffer: Pick<SegmentBuffer, 'accept' | 'take' | 'hasRoom'>) {
    const accepted: Segment[] = [];
    const taken: bigint[] = [];
    let counter = 1;
    for (let step = 0; step < 2_000; step++) {
      if (random() < 0.4 && buffer.hasRoom) {
        // Every third offer comes from a counter that went back.
        const start = random() < 0.3 ? between(random, 1, counter) : counter + between(random, 0, 5);
        const offer = segment(start, start + between(random, 1, 20));
        if (buffer.accept(offer, step)) accepted.push(offer);
        counter = Math.max(counter, Number(offer.end));
      }
      const range = buffer.take(between(random, 1, 12), step);
      for (let id = range?.start ?? 0n; id < (range?.end ?? 0n); id++) taken.push(id);
    }
    for (let range = buffer.take(99, 0); range !== undefined; range = buffer.take(99, 0))
      for (let id = range.start; id < range.end; id++) taken.push(id);
    return { accepted, taken };
  }

  test(`IDs rise and are exactly those of the accepted segments (seed ${seed})`, () => {
    const { accepted, taken } = walk(seededRandom(seed), new SegmentBuffer(0.1));
    const expected = accepted.flatMap(({ start, end }) =>
      Array.from({ length: Number(end - start) }, (_, index) => start + BigInt(index)),
    );
    expect(taken.length).toBeGreaterThan(1_000);
    expect(taken).toEqual(expected);
    expect(taken.every((id, index) => index === 0 || id > (taken[index - 1] ?? id))).toBe(true);
  });

  test(`negative control: without the memory of the highest, IDs repeat (seed ${seed})`, () => {
    const forgetful = new ForgetfulBuffer();
    const { taken } = walk(seededRandom(seed), {
      hasRoom: true,
      accept: (each) => forgetful.accept(each),
      take: (count) => forgetful.take(count),
    });
    expect(new Set(taken).size).toBeLessThan(taken.length);
  });
});
