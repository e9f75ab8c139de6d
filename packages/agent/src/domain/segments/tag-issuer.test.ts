import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { settle } from '@leafcutter/shared/fake-clock';
import { idsOf, issuing, outcome, rises, runDry, watch } from '../../fakes/issuing.ts';
import { unavailable } from '../../fakes/samples.ts';
import { SegmentBuffer } from './segment-buffer.ts';

const exhausted = () => new LeafcutterError('TAG_EXHAUSTED', 'The highest ID is reached.');

describe('a cold tag', () => {
  test('serves its first caller as soon as the segment lands', async () => {
    const { newIssuer, source, clock, events } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    expect(issuer.takeOne()).toBeUndefined();
    const caller = watch(issuer.take(3));
    await clock.advance(40);
    expect(caller.result).toBe('waits');
    source.release();
    await settle();
    expect(caller.result).toEqual([1n, 2n, 3n]);
    expect(events.waits).toEqual([40]);
  });

  test('asks once, however many callers wait, and serves them in the order they came', async () => {
    const { newIssuer, source } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    const callers = [2, 3, 1].map((count) => watch(issuer.take(count)));
    await settle();
    expect(source.asks).toBe(1);
    source.release();
    await settle();
    expect(callers.map(({ result }) => result)).toEqual([[1n, 2n], [3n, 4n, 5n], [6n]]);
  });

  test('answers with the coordinators’ own code when the wait is over', async () => {
    const { newIssuer, source, clock } = issuing();
    source.mode = unavailable();
    const taking = outcome(newIssuer().take(1));
    await clock.advance(2_000);
    expect(await taking).toBe('COORDINATOR_UNAVAILABLE');
    expect(clock.pending).toBe(1);
  });

  test('is not asked for any more once nobody waits', async () => {
    const { newIssuer, source, clock } = issuing();
    source.mode = unavailable();
    const taking = outcome(newIssuer().take(1));
    await clock.advance(10_000);
    await taking;
    const { asks } = source;
    await clock.advance(60_000);
    expect(source.asks).toBe(asks);
    expect(clock.pending).toBe(0);
  });

  test('asks for a segment even where nobody may wait', async () => {
    const { newIssuer, source } = issuing({ maxWaiting: 0 });
    const issuer = newIssuer();
    expect(await outcome(issuer.take(1))).toBe('SEGMENTS_EXHAUSTED queue_full');
    await settle();
    expect(source.asks).toBeGreaterThan(0);
    expect(issuer.takeOne()).toBe(1n);
  });
});

describe('a tag that runs dry', () => {
  test('refuses at the deadline, saying which failure keeps it dry', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    await runDry(issuer, source, unavailable());
    const taking = watch(issuer.take(1));
    await clock.advance(1_999);
    expect(taking.result).toBe('waits');
    await clock.advance(1);
    expect(taking.result).toBe('SEGMENTS_EXHAUSTED COORDINATOR_UNAVAILABLE');
  });

  test('refuses at the deadline where the answer is merely slow', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    source.mode = 'held';
    const first = issuer.take(100);
    source.release();
    await first;
    const taking = outcome(issuer.take(1));
    await clock.advance(2_000);
    expect(await taking).toBe('SEGMENTS_EXHAUSTED slow_refill');
  });

  test('recovers without a request: the buffer is full again when the next caller comes', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    await runDry(issuer, source, unavailable());
    await clock.advance(30_000);
    expect(issuer.status()).toMatchObject({ remaining: 0, lastError: 'COORDINATOR_UNAVAILABLE' });
    source.mode = 'now';
    await clock.advance(2_000);
    expect(issuer.status()).toMatchObject({ refill: 'idle', remaining: 100, lastError: null });
    expect(issuer.takeOne()).toBe(101n);
  });

  test('refuses at once when the line is full, and serves those in it later', async () => {
    const { newIssuer, source } = issuing({ maxWaiting: 2 });
    source.mode = 'held';
    const issuer = newIssuer();
    const waiting = [watch(issuer.take(1)), watch(issuer.take(1))];
    expect(await outcome(issuer.take(1))).toBe('SEGMENTS_EXHAUSTED queue_full');
    source.release();
    await settle();
    expect(waiting.map(({ result }) => result)).toEqual([[1n], [2n]]);
  });

  test('lets nobody overtake the callers in line', async () => {
    const { newIssuer, source } = issuing({ prefetchAtUsedRatio: 1 });
    source.mode = 'held';
    const issuer = newIssuer();
    const large = watch(issuer.take(150));
    await settle();
    source.release();
    await settle();
    expect(issuer.takeOne()).toBeUndefined();
    const small = watch(issuer.take(1));
    source.release();
    await settle();
    expect(large.result).toHaveLength(150);
    expect(small.result).toEqual([151n]);
  });
});

describe('the next segment', () => {
  test('is fetched when the ratio is reached, one call at a time', async () => {
    const { newIssuer, source } = issuing();
    const issuer = newIssuer();
    await issuer.take(9);
    await settle();
    source.mode = 'held';
    expect(source.asks).toBe(1);
    for (let i = 0; i < 91; i++) issuer.takeOne();
    await settle();
    expect(source.asks).toBe(2);
    expect(source.mostOpen).toBe(1);
    source.release();
    await settle();
    expect(issuer.takeOne()).toBe(101n);
  });

  test('negative control: a fetch for each caller runs the buffer over', async () => {
    const { newIssuer, source, events } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    void outcome(issuer.take(1));
    // The same as a second and a third call: their answers come to the same buffer.
    const buffer = new SegmentBuffer(0.1);
    buffer.accept(source.allocate(), 0);
    buffer.accept(source.allocate(), 0);
    expect(() => buffer.accept(source.allocate(), 0)).toThrow('third segment');
    source.release();
    await settle();
    expect(events.refills).toHaveLength(1);
  });

  test('is fetched early where the runway is shorter than two refills', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    source.mode = 'held';
    source.size = 1_000;
    const issuer = newIssuer();
    const first = watch(issuer.take(1));
    await clock.advance(400);
    source.release();
    await settle();
    expect(first.result).toEqual([1n]);
    // 200 a second, 799 left: 4 s of runway, and a refill takes 0.4 s.
    await issuer.take(200);
    await clock.advance(1_000);
    issuer.tick(clock.monotonic());
    expect(source.asks).toBe(1);
    // Issuing the IDs shows it; the next tick would be too late.
    await issuer.take(700);
    expect(source.asks).toBe(2);
  });

  test('is not asked for by a tag that nobody uses', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    await issuer.take(1);
    for (let i = 0; i < 600; i++) {
      await clock.advance(1_000);
      issuer.tick(clock.monotonic());
    }
    expect(source.asks).toBe(1);
  });

  test('may fail without losing one ID in memory', async () => {
    const { newIssuer, source, clock, events } = issuing();
    const issuer = newIssuer();
    await issuer.take(1);
    source.mode = unavailable();
    const ids: (bigint | undefined)[] = [];
    for (let i = 0; i < 99; i++) {
      ids.push(issuer.takeOne());
      await clock.advance(50);
    }
    expect(ids).toEqual(Array.from({ length: 99 }, (_, index) => BigInt(index + 2)));
    expect(events.discards).toEqual([]);
    expect(events.refillErrors.length).toBeGreaterThan(1);
  });
});

describe('a batch', () => {
  test('spans both segments in memory', async () => {
    const { newIssuer, source } = issuing();
    const issuer = newIssuer();
    await issuer.take(50);
    await settle();
    source.counter = 1_001n;
    await issuer.take(51);
    await settle();
    const ranges = await issuer.take(100);
    expect(ranges).toEqual([
      { start: 102n, end: 201n },
      { start: 1_001n, end: 1_002n },
    ]);
  });

  test('larger than two segments is served by as many refills as it takes', async () => {
    const { newIssuer, source } = issuing();
    const ids = idsOf(await newIssuer().take(1_000));
    expect(ids).toHaveLength(1_000);
    expect(rises(ids)).toBe(true);
    expect(source.mostOpen).toBe(1);
  });

  test('that expires halfway loses its part, and says so', async () => {
    const { newIssuer, source, clock, events } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    const taking = outcome(issuer.take(450));
    source.release();
    await settle();
    source.release();
    await clock.advance(2_000);
    expect(await taking).toBe('SEGMENTS_EXHAUSTED slow_refill');
    expect(events.discards).toEqual(['200 abandoned']);
    source.release();
    await settle();
    expect(issuer.takeOne()).toBe(201n);
  });

  test('whose caller hangs up halfway loses its part, and says so', async () => {
    const { newIssuer, source, events } = issuing();
    source.mode = 'held';
    const gone = new AbortController();
    const taking = outcome(newIssuer().take(450, gone.signal));
    source.release();
    await settle();
    source.release();
    await settle();
    gone.abort();
    expect(await taking).toContain('SEGMENTS_EXHAUSTED');
    expect(events.discards).toEqual(['200 abandoned']);
  });

  test('that one segment more would complete takes nothing until it is there, and leaves what it found', async () => {
    const { newIssuer, source, clock, events } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    const batch = outcome(issuer.take(150));
    source.release();
    await settle();
    await clock.advance(100);
    const single = watch(issuer.take(1));
    await clock.advance(1_899);
    expect(single.result).toBe('waits');
    await clock.advance(1);
    expect(await batch).toBe('SEGMENTS_EXHAUSTED slow_refill');
    await settle();
    expect(single.result).toEqual([1n]);
    expect(events.discards).toEqual([]);
  });
});

describe('a tag at its highest ID', () => {
  test('answers its callers at once', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    await runDry(issuer, source, exhausted());
    expect(await outcome(issuer.take(1))).toBe('TAG_EXHAUSTED');
    expect(await outcome(issuer.take(1))).toBe('TAG_EXHAUSTED');
    expect(clock.pending).toBe(1);
  });

  test('issues what it has left, and refuses a batch that is larger without wasting it', async () => {
    const { newIssuer, source } = issuing();
    const issuer = newIssuer();
    source.mode = 'held';
    const first = issuer.take(50);
    source.release();
    await first;
    source.fail(exhausted());
    await settle();
    expect(await outcome(issuer.take(60))).toBe('TAG_EXHAUSTED');
    expect(await outcome(issuer.take(50))).toHaveLength(50);
  });

  test('wastes nothing of what is left on a batch that comes while the refill is under way', async () => {
    const { newIssuer, source, events } = issuing();
    const issuer = newIssuer();
    source.mode = 'held';
    const first = issuer.take(50);
    source.release();
    await first;
    const callers = [
      watch(issuer.take(60)),
      watch(issuer.take(20)),
      watch(issuer.take(40)),
      watch(issuer.take(30)),
    ];
    source.fail(exhausted());
    await settle();
    const [tooLarge, fits, tooLargeNow, rest] = callers.map(({ result }) => result);
    expect([tooLarge, tooLargeNow]).toEqual(['TAG_EXHAUSTED', 'TAG_EXHAUSTED']);
    expect([fits, rest].map((ids) => ids?.length)).toEqual([20, 30]);
    expect(rises([fits, rest].flatMap((ids) => ids as bigint[]))).toBe(true);
    expect(events.discards).toEqual([]);
    expect(issuer.takeOne()).toBeUndefined();
  });

  test('issues again once its highest ID was raised', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    await runDry(issuer, source, exhausted());
    source.mode = 'now';
    await clock.advance(2_000);
    expect(issuer.takeOne()).toBe(101n);
  });
});
