import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { settle } from '@leafcutter/shared/fake-clock';
import { idsOf, issuing, outcome, rises, runDry, watch } from '../../fakes/issuing.ts';
import { unavailable } from '../../fakes/samples.ts';
import { between, freshSeed, seededRandom } from '../../fakes/seeded-random.ts';
import { SegmentBuffer } from './segment-buffer.ts';

describe('a counter that went back', () => {
  test('is refused until its segments lie above everything held, and then issuing goes on', async () => {
    const { newIssuer, source, clock, events } = issuing({ prefetchAtUsedRatio: 1 });
    source.counter = 1_001n;
    const issuer = newIssuer();
    const before = idsOf(await issuer.take(99));
    source.counter = 801n;
    const first = watch(issuer.take(2));
    await clock.advance(1_900);
    expect(first.result).toEqual([1_100n, 1_101n]);
    expect(events.discards).toEqual(['100 below_highest', '100 below_highest', '100 below_highest']);
    expect(rises([...before, ...idsOf(await issuer.take(50))])).toBe(true);
  });

  test('tells those who wait that it is why nothing came', async () => {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 });
    source.counter = 100_001n;
    const issuer = newIssuer();
    await issuer.take(99);
    source.counter = 1n;
    issuer.takeOne();
    const taking = outcome(issuer.take(1));
    await clock.advance(2_000);
    expect(await taking).toBe('SEGMENTS_EXHAUSTED below_highest');
  });

  test('negative control: a buffer that does not remember issues the same IDs again', () => {
    const issue = (buffer: SegmentBuffer) => {
      buffer.accept({ start: 1_001n, end: 1_101n }, 0);
      const taken = buffer.take(100, 0);
      return taken === undefined ? [] : idsOf([taken]);
    };
    const remembering = new SegmentBuffer(0.1);
    expect([issue(remembering).length, issue(remembering).length]).toEqual([100, 0]);
    expect(issue(new SegmentBuffer(0.1))).toEqual(issue(new SegmentBuffer(0.1)));
  });
});

describe('an answer that comes after the tag was dropped', () => {
  const retired = new LeafcutterError('TAG_RETIRED', 'Retired.');

  test('is discarded and counted, and serves nobody', async () => {
    const { newIssuer, source, events } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    const caller = outcome(issuer.take(1));
    issuer.close(retired);
    source.release();
    expect(await caller).toBe('TAG_RETIRED');
    await settle();
    expect(events.discards).toEqual(['100 late']);
    expect(events.refills).toEqual([]);
    expect(issuer.takeOne()).toBeUndefined();
  });

  test('negative control: a buffer that remembers nothing would issue it after higher IDs', () => {
    const fresh = new SegmentBuffer(0.1, 201n);
    fresh.accept({ start: 201n, end: 301n }, 0);
    const late = { start: 101n, end: 201n };
    expect(fresh.accept(late, 0)).toBe(false);
    expect(new SegmentBuffer(0.1).accept(late, 0)).toBe(true);
  });

  test('may be a failure; it changes nothing and starts no timer', async () => {
    const { newIssuer, source, events, clock, dropped } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    const caller = outcome(issuer.take(1));
    issuer.close(retired);
    source.fail(unavailable());
    await caller;
    await settle();
    expect(events.refillErrors).toEqual([]);
    expect(dropped).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('closes once: what was left is counted once', async () => {
    const { newIssuer, events, clock } = issuing();
    const issuer = newIssuer();
    await issuer.take(1);
    issuer.close(retired);
    issuer.close(retired);
    expect(events.discards).toEqual(['99 dropped']);
    expect(clock.pending).toBe(0);
  });
});

describe('the wait after a failure', () => {
  async function askedAt(random: () => number, forMs: number): Promise<number[]> {
    const { newIssuer, source, clock } = issuing({ prefetchAtUsedRatio: 1 }, random);
    const issuer = newIssuer();
    await runDry(issuer, source, unavailable());
    const times: number[] = [];
    for (let asks = source.asks; clock.monotonic() < forMs; ) {
      await clock.advance(1);
      if (source.asks > asks) times.push(clock.monotonic());
      asks = source.asks;
    }
    return times;
  }

  test('doubles up to 2 s', async () => {
    const times = await askedAt(() => 1, 12_000);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps.slice(0, 6)).toEqual([200, 400, 800, 1_600, 2_000, 2_000]);
  });

  test('is drawn at random, so that agents do not come all at once', async () => {
    const [low, high] = [await askedAt(() => 0, 1_000), await askedAt(() => 1, 1_000)];
    expect(low[0]).not.toBe(high[0]);
  });

  test('starts small again after a success', async () => {
    const { newIssuer, source, clock, events } = issuing({ prefetchAtUsedRatio: 1 });
    const issuer = newIssuer();
    await runDry(issuer, source, unavailable());
    await clock.advance(20_000);
    source.mode = 'now';
    await clock.advance(2_000);
    const before = events.refillErrors.length;
    await runDry(issuer, source, unavailable());
    await clock.advance(300);
    expect(events.refillErrors.length).toBe(before + 3);
  });
});

describe('what the coordinator is told', () => {
  test('is the rate, how many IDs callers wait for, and how long the last segment lasted', async () => {
    const { newIssuer, source, clock } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    const callers = [issuer.take(7), issuer.take(5)];
    await settle();
    expect(source.demands[0]).toEqual({ ratePerSecond: 0, waitingIds: 7, blockIds: 0 });
    source.release();
    await Promise.all(callers);
    await clock.advance(1_000);
    await issuer.take(88);
    source.release();
    await settle();
    expect(source.demands[1]).toMatchObject({ waitingIds: 0 });
    await clock.advance(1_000);
    await issuer.take(50);
    const last = source.demands.at(-1);
    expect(last?.lastSegment).toEqual({ step: 100, lastedMs: 1_000 });
    expect(last?.ratePerSecond).toBeGreaterThan(10);
  });
});

describe('with answers late, lost, repeated and from counters that went back', () => {
  const seed = freshSeed();

  test(`IDs rise strictly and lie in accepted segments (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const { newIssuer, source, clock, events } = issuing({ maxWaiting: 5 }, random);
    const issuer = newIssuer();
    const ids: bigint[] = [];
    const waiting: Promise<unknown>[] = [];
    for (let step = 0; step < 400; step++) {
      source.mode = (['now', 'held', 'lost', unavailable()] as const)[between(random, 0, 3)] ?? 'now';
      source.size = between(random, 1, 60);
      if (random() < 0.05)
        source.counter -= BigInt(between(random, 0, Math.min(150, Number(source.counter) - 1)));
      const one = issuer.takeOne();
      if (one !== undefined) ids.push(one);
      const taking = issuer.take(between(random, 1, 40));
      waiting.push(
        taking.then(
          (ranges) => ids.push(...idsOf(ranges)),
          () => undefined,
        ),
      );
      while (source.held.length > 0) {
        const repeated = source.granted.at(-1);
        if (random() < 0.2 && repeated !== undefined) source.release(repeated);
        else source.release();
      }
      await clock.advance(between(random, 0, 900));
      expect(source.mostOpen).toBe(1);
    }
    await clock.advance(5_000);
    await Promise.all(waiting);
    expect(ids.length).toBeGreaterThan(500);
    expect(rises(ids)).toBe(true);
    const accepted = new Set(idsOf(events.refills));
    expect(ids.every((id) => accepted.has(id))).toBe(true);
    issuer.close(unavailable());
    expect(clock.pending).toBe(0);
  });
});
