import { describe, expect, test } from '@jest/globals';
import { settle } from '@leafcutter/shared/fake-clock';
import { idsOf, issuing, outcome, rises, watch } from '../../fakes/issuing.ts';
import { unavailable } from '../../fakes/samples.ts';
import { between, freshSeed, seededRandom } from '../../fakes/seeded-random.ts';
import type { Segment } from './segment.ts';
import { SegmentBuffer } from './segment-buffer.ts';

function bufferOf(...segments: readonly [bigint, bigint][]): SegmentBuffer {
  const buffer = new SegmentBuffer(0.1);
  for (const [start, end] of segments) buffer.accept({ start, end }, 0);
  return buffer;
}

describe('a block of consecutive IDs', () => {
  test.each<[string, [bigint, bigint][], number, [bigint, bigint] | undefined, number]>([
    ['lies in current', [[1n, 11n]], 10, [1n, 11n], 0],
    [
      'lies in next where current is too short, which is skipped',
      [
        [1n, 6n],
        [21n, 31n],
      ],
      7,
      [21n, 28n],
      3,
    ],
    [
      'spans both where they adjoin',
      [
        [1n, 6n],
        [6n, 16n],
      ],
      7,
      [1n, 8n],
      8,
    ],
    [
      'spans both to the last ID',
      [
        [1n, 6n],
        [6n, 8n],
      ],
      7,
      [1n, 8n],
      0,
    ],
    [
      'is not there, and nothing changes',
      [
        [1n, 6n],
        [7n, 12n],
      ],
      7,
      undefined,
      10,
    ],
    ['is not in an empty buffer', [], 1, undefined, 0],
    ['is not in a shorter current', [[1n, 6n]], 6, undefined, 5],
  ])('%s', (_name, segments, count, expected, remaining) => {
    const buffer = bufferOf(...segments);
    const taken = buffer.takeBlock(count, 0);
    expect(taken && [taken.start, taken.end]).toEqual(expected);
    expect(buffer.remaining).toBe(remaining);
  });

  test('comes from memory, and the IDs skipped for it are counted', async () => {
    const { newIssuer, source, events } = issuing({ prefetchAtUsedRatio: 0.5 });
    const issuer = newIssuer();
    await issuer.take(40);
    source.counter = 1_001n;
    await issuer.take(20);
    await settle();
    expect(idsOf(await issuer.takeBlock(80))).toEqual(idsOf([{ start: 1_001n, end: 1_081n }]));
    expect(events.discards).toEqual(['40 skipped']);
  });

  test('that memory cannot give is asked for by its size, while others are served from memory', async () => {
    const { newIssuer, source, events } = issuing({ prefetchAtUsedRatio: 0 });
    const issuer = newIssuer();
    await issuer.take(1);
    await settle();
    expect(issuer.status()).toMatchObject({ remaining: 199 });
    source.mode = 'held';
    const waiting = watch(issuer.takeBlock(500));
    await settle();
    expect(source.demands.at(-1)).toMatchObject({ blockIds: 500, waitingIds: 500 });
    expect([issuer.takeOne(), idsOf(await issuer.take(2))]).toEqual([2n, [3n, 4n]]);
    expect(issuer.status()).toMatchObject({ waiting: 1, refill: 'open' });
    source.size = 600;
    source.release();
    await settle();
    expect(waiting.result).toEqual(idsOf([{ start: 201n, end: 701n }]));
    // IDs below the block would come after it and fall (I3), so they are never issued.
    expect(events.discards).toEqual(['196 skipped']);
    expect(issuer.takeOne()).toBe(701n);
  });

  test('larger than any segment is refused, and what was fetched for it stays', async () => {
    const { newIssuer, source, events } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    expect(await outcome(issuer.takeBlock(500))).toBe('BAD_REQUEST block_too_large');
    expect(issuer.takeOne()).toBe(1n);
    expect(source.asks).toBe(1);
    expect(events.discards).toEqual([]);
  });

  test('larger than any segment is refused while the buffer is full, and costs nobody the IDs held', async () => {
    const { newIssuer, events } = issuing({ prefetchAtUsedRatio: 0 });
    const issuer = newIssuer();
    await issuer.take(1);
    await settle();
    expect(await outcome(issuer.takeBlock(500))).toBe('BAD_REQUEST block_too_large');
    expect(events.discards).toEqual(['100 unneeded']);
    expect(issuer.takeOne()).toBe(2n);
  });

  test('whose caller left before its segment came does not replace what is held', async () => {
    const { newIssuer, source, events } = issuing({ prefetchAtUsedRatio: 0 });
    const issuer = newIssuer();
    await issuer.take(1);
    await settle();
    source.mode = 'held';
    const leaving = new AbortController();
    const gone = outcome(issuer.takeBlock(500, leaving.signal));
    await settle();
    leaving.abort();
    source.size = 600;
    source.release();
    await settle();
    expect(await gone).toBe('SEGMENTS_EXHAUSTED slow_refill');
    expect(events.discards).toEqual(['600 unneeded']);
    expect(issuer.takeOne()).toBe(2n);
  });

  test('is refused in time while coordinators are away, and what is held stays for others', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 0 });
    const issuer = newIssuer();
    await issuer.take(1);
    await settle();
    source.mode = unavailable();
    const waiting = watch(issuer.takeBlock(500));
    await clock.advance(1_999);
    expect(waiting.result).toBe('waits');
    await clock.advance(1);
    expect(waiting.result).toBe('SEGMENTS_EXHAUSTED COORDINATOR_UNAVAILABLE');
    expect(issuer.status()).toMatchObject({ remaining: 199, waiting: 0 });
    expect(issuer.takeOne()).toBe(2n);
    source.mode = 'now';
    source.size = 500;
    await clock.advance(10_000);
    expect(idsOf(await issuer.takeBlock(500))).toHaveLength(500);
  });

  test('from a counter that went back is refused, and what is held stays', async () => {
    const { newIssuer, source, events } = issuing({ prefetchAtUsedRatio: 0 });
    source.counter = 1_001n;
    const issuer = newIssuer();
    await issuer.take(1);
    await settle();
    source.mode = 'held';
    const waiting = watch(issuer.takeBlock(500));
    await settle();
    source.release({ start: 1n, end: 601n });
    await settle();
    expect(waiting.result).toBe('waits');
    expect(events.discards).toEqual(['600 below_highest']);
    expect(issuer.takeOne()).toBe(1_002n);
  });

  test('counts among those who wait, and the line stays bounded', async () => {
    const { newIssuer, source } = issuing({ maxWaiting: 1 });
    source.mode = 'held';
    const issuer = newIssuer();
    const first = watch(issuer.takeBlock(10));
    await settle();
    expect(await outcome(issuer.takeBlock(10))).toBe('SEGMENTS_EXHAUSTED queue_full');
    expect(await outcome(issuer.take(1))).toBe('SEGMENTS_EXHAUSTED queue_full');
    source.release();
    await settle();
    expect(first.result).toHaveLength(10);
  });

  test('comes after a batch that has some of its IDs already, though it has waited longer (I3)', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    source.mode = 'held';
    const issuer = newIssuer();
    const one = watch(issuer.take(1));
    await clock.advance(1);
    const older = watch(issuer.takeBlock(50));
    await clock.advance(1);
    const batch = watch(issuer.take(100));
    source.size = 30;
    source.release();
    await settle();
    expect([one.result, older.result, batch.result]).toEqual([[1n], 'waits', 'waits']);
    source.size = 200;
    source.release();
    await settle();
    expect([batch.result[0], batch.result.at(-1), older.result[0]]).toEqual([2n, 101n, 102n]);
  });

  test('waits behind blocks that came before', async () => {
    const { newIssuer, source } = issuing({ prefetchAtUsedRatio: 1 });
    source.mode = 'held';
    source.size = 1_000;
    const issuer = newIssuer();
    const large = watch(issuer.takeBlock(500));
    await settle();
    const small = watch(issuer.takeBlock(2));
    source.release();
    await settle();
    expect([large.result[0], small.result]).toEqual([1n, [501n, 502n]]);
  });
});

/** Draws singles, batches and blocks at random while segments come and fail. Returns all IDs in the order of issue. */
async function drawAtRandom(seed: number, takeBlock: SegmentBuffer['takeBlock']): Promise<bigint[]> {
  const genuine = SegmentBuffer.prototype.takeBlock;
  SegmentBuffer.prototype.takeBlock = takeBlock;
  try {
    const random = seededRandom(seed);
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: random() }, random);
    const issuer = newIssuer();
    const ids: bigint[] = [];
    const note = (ranges: readonly Segment[]) => void ids.push(...idsOf(ranges));
    for (let step = 0; step < 300; step++) {
      source.size = between(random, 1, 60);
      if (random() < 0.3) source.counter += BigInt(between(random, 1, 9));
      source.mode = random() < 0.2 ? unavailable() : 'now';
      const kind = random();
      const count = between(random, 1, 40);
      if (kind < 0.3)
        note([issuer.takeOne()].flatMap((id) => (id === undefined ? [] : [{ start: id, end: id + 1n }])));
      else if (kind < 0.6) void issuer.take(count).then(note, () => undefined);
      else void issuer.takeBlock(count).then(note, () => undefined);
      await settle();
      if (random() < 0.2) await clock.advance(between(random, 1, 900));
    }
    await clock.advance(5_000);
    return ids;
  } finally {
    SegmentBuffer.prototype.takeBlock = genuine;
  }
}

const { takeBlock } = SegmentBuffer.prototype;

describe('blocks among singles and batches (I1, I3)', () => {
  const seed = freshSeed();

  test(`never give an ID twice, and IDs rise (seed ${seed})`, async () => {
    for (let round = 0; round < 20; round++) {
      const ids = await drawAtRandom(seed + round, takeBlock);
      expect(ids.length).toBeGreaterThan(50);
      expect(new Set(ids).size).toBe(ids.length);
      expect(rises(ids)).toBe(true);
    }
  });

  test('negative control: a block that ends one ID late gives IDs twice', async () => {
    const leaky: typeof takeBlock = function (this: SegmentBuffer, count, now) {
      const taken = takeBlock.call(this, count, now);
      return taken && { start: taken.start, end: taken.end + 1n };
    };
    let repeated = 0;
    for (let round = 0; round < 3; round++) {
      const ids = await drawAtRandom(seed + round, leaky);
      repeated += ids.length - new Set(ids).size;
    }
    expect(repeated).toBeGreaterThan(0);
  });
});

test('a block never lies below an ID issued before it, nor above one issued after it (I3)', async () => {
  const { newIssuer, source } = issuing({ prefetchAtUsedRatio: 0 });
  const issuer = newIssuer();
  const ids = idsOf(await issuer.take(1));
  for (let round = 0; round < 50; round++) {
    await settle();
    source.size = round % 3 === 0 ? 300 : 40;
    ids.push(...idsOf(await issuer.take(3)));
    ids.push(...idsOf(await issuer.takeBlock(30)));
    const one = issuer.takeOne();
    if (one !== undefined) ids.push(one);
  }
  expect(rises(ids)).toBe(true);
});
