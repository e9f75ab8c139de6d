import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { settle } from '@leafcutter/shared/fake-clock';
import { idsOf, issuing, outcome, rises, watch } from '../../fakes/issuing.ts';
import { unavailable } from '../../fakes/samples.ts';
import { RefillLatency } from './runway/refill-latency.ts';
import { TagIssuer } from './tag-issuer.ts';

const unknown = () => new LeafcutterError('TAG_UNKNOWN', 'No such tag.');
const retired = () => new LeafcutterError('TAG_RETIRED', 'Retired.');

describe('a tag', () => {
  test('enters memory with its first request', async () => {
    const { newTags } = issuing();
    const tags = newTags();
    expect(tags.takeOne('orders')).toBeUndefined();
    expect(tags.count).toBe(0);
    expect(idsOf(await tags.take('orders', 2))).toEqual([1n, 2n]);
    expect(tags.takeOne('orders')).toBe(3n);
    expect(tags.names()).toEqual(['orders']);
    expect(tags.status()).toMatchObject([{ tag: 'orders', remaining: 97 }]);
  });

  test('is refused where no store could hold its name', async () => {
    const { newTags, source } = issuing();
    const tags = newTags();
    for (const name of ['', 'x'.repeat(129), 'a\nb', 'a\u0000']) {
      expect(await outcome(tags.take(name, 1))).toBe('BAD_REQUEST tag');
    }
    expect(source.asks).toBe(0);
  });

  test('beyond the limit is refused; those in memory are served', async () => {
    const { newTags } = issuing({ maxTags: 2 });
    const tags = newTags();
    await tags.take('a', 1);
    await tags.take('b', 1);
    expect(await outcome(tags.take('c', 1))).toBe('RATE_LIMITED');
    expect(tags.takeOne('a')).toBeDefined();
  });

  test('does not wait for another tag’s refill', async () => {
    const { newTags, source } = issuing();
    const tags = newTags();
    await tags.take('quick', 1);
    source.mode = 'held';
    const slow = watch(tags.take('slow', 1));
    expect(tags.takeOne('quick')).toBe(2n);
    await settle();
    expect(slow.result).toBe('waits');
    tags.close();
  });
});

describe('a tag that turns out to be unknown or retired', () => {
  test.each([unknown, retired])('leaves memory, and its callers get the code (%#)', async (error) => {
    const { newTags, source } = issuing();
    const tags = newTags();
    source.mode = error();
    expect(await outcome(tags.take('orders', 1))).toBe(error().code);
    expect(tags.count).toBe(0);
  });

  test('works without a restart once it is created, two seconds after it was asked for', async () => {
    const { newTags, source, clock } = issuing();
    const tags = newTags();
    source.mode = unknown();
    await outcome(tags.take('orders', 1));
    source.mode = 'now';
    await clock.advance(2_000);
    expect(await outcome(tags.take('orders', 1))).toEqual([1n]);
    tags.close();
  });

  test.each([unknown, retired])(
    'is not asked for again at once: the answer is remembered (%#)',
    async (error) => {
      const { newTags, source, clock, events } = issuing();
      const tags = newTags();
      source.mode = error();
      for (let n = 0; n < 3; n++) expect(await outcome(tags.take('orders', 1))).toBe(error().code);
      await clock.advance(1_999);
      expect(await outcome(tags.takeBlock('orders', 1))).toBe(error().code);
      expect(source.asks).toBe(1);
      expect(events.nameRefusals).toEqual(['asked', ...Array(3).fill('remembered')]);
      tags.close();
    },
  );

  test('is asked for each time after any other failure', async () => {
    const { newTags, source, clock } = issuing();
    const tags = newTags();
    source.mode = unavailable();
    for (let n = 1; n <= 3; n++) {
      const asked = outcome(tags.take('orders', 1));
      await clock.advance(5_000);
      expect(await asked).toBe('COORDINATOR_UNAVAILABLE');
      expect(source.asks).toBeGreaterThan(n);
    }
    tags.close();
  });

  test('is dropped with what it has left when a report says so', async () => {
    const { newTags, events } = issuing();
    const tags = newTags();
    await tags.take('orders', 1);
    tags.drop('orders', retired());
    tags.drop('never seen', retired());
    expect(tags.takeOne('orders')).toBeUndefined();
    expect(events.discards).toEqual(['99 dropped']);
  });

  test('and made again issues above everything before', async () => {
    const { newTags, source, clock, events } = issuing();
    const tags = newTags();
    const before = idsOf(await tags.take('orders', 5));
    tags.drop('orders', unknown());
    source.counter = 1n;
    const after = watch(tags.take('orders', 5));
    await clock.advance(1_000);
    expect(events.discards).toContain('100 below_highest');
    expect(after.result).toEqual([101n, 102n, 103n, 104n, 105n]);
    expect(before).toEqual([1n, 2n, 3n, 4n, 5n]);
  });
});

describe('names that were never served', () => {
  /** What the source is asked for at once if `names` are asked for and coordinators take their time. */
  async function crowd(names: number, served: string) {
    const all = issuing({ maxTags: 10_000 });
    const tags = all.newTags();
    await tags.take(served, 1);
    all.source.mode = 'held';
    const asked = Array.from({ length: names }, (_, n) => outcome(tags.take(`nobody-${n}`, 1)));
    return { ...all, tags, asked };
  }

  test('have four calls at once among them, and a served tag’s refill is sent at once', async () => {
    const { tags, source, asked } = await crowd(100, 'orders');
    expect(source.held.map(({ tag }) => tag)).toEqual(['nobody-0', 'nobody-1', 'nobody-2', 'nobody-3']);
    await tags.take('orders', 50);
    expect(source.held.map(({ tag }) => tag).at(-1)).toBe('orders');
    tags.close();
    await Promise.all(asked);
  });

  test('negative control: without that share each of them has a call of its own', async () => {
    const { source, clock, events, rules } = issuing();
    source.mode = 'held';
    const parts = { source, clock, events, rules, random: () => 0.5 };
    const own = { ...parts, latency: new RefillLatency(), dropped: () => undefined };
    const issuers = Array.from({ length: 100 }, (_, n) => new TagIssuer(`nobody-${n}`, own, 0n));
    const asked = issuers.map((issuer) => outcome(issuer.take(1)));
    expect(source.open).toBe(100);
    for (const issuer of issuers) issuer.close(unknown());
    await Promise.all(asked);
  });

  test('are served one after the other where they exist', async () => {
    const { tags, source, asked } = await crowd(100, 'orders');
    source.mode = 'now';
    for (let n = 0; n < 4; n++) source.release();
    const all = await Promise.all(asked);
    expect(all.every((ids) => Array.isArray(ids))).toBe(true);
    expect(new Set(all.flat()).size).toBe(100);
    tags.close();
  });

  test('are no days of a template that is served', async () => {
    const { newTags, source, clock } = issuing({ maxTags: 100 });
    const tags = newTags();
    await tags.take('order-{yyyyMMdd}', 1);
    source.mode = 'held';
    const asked = Array.from({ length: 20 }, (_, n) => outcome(tags.take(`nobody-${n}`, 1)));
    clock.jump(24 * 3_600_000);
    const next = outcome(tags.take('order-{yyyyMMdd}', 1));
    expect(source.held.map(({ tag }) => tag).at(-1)).toMatch(/^order-\{\d{8}\}$/);
    tags.close();
    await Promise.all([...asked, next]);
  });
});

describe('an idle tag', () => {
  test('leaves memory, and its later IDs are above the ones before', async () => {
    const { newTags, clock, events, source } = issuing({ idleMs: 60_000 });
    const tags = newTags();
    const before = idsOf(await tags.take('orders', 5));
    await clock.advance(59_000);
    expect(tags.count).toBe(1);
    await clock.advance(3_000);
    expect(tags.count).toBe(0);
    expect(events.discards).toEqual(['95 dropped']);
    // The counter went back meanwhile: only the memory of the highest end keeps its segments out.
    source.counter = 1n;
    const taking = tags.take('orders', 5);
    await clock.advance(1_000);
    const after = idsOf(await taking);
    expect(rises([...before, ...after])).toBe(true);
    expect(after[0]).toBe(101n);
  });

  test('negative control: an issuer without that memory issues the same IDs again', async () => {
    const { clock, source, events, rules } = issuing();
    const parts = {
      source,
      clock,
      events,
      rules,
      random: () => 0.5,
      latency: new RefillLatency(),
      dropped: () => undefined,
    };
    const first = idsOf(await new TagIssuer('orders', parts, 0n).take(5));
    source.counter = 1n;
    expect(idsOf(await new TagIssuer('orders', parts, 0n).take(5))).toEqual(first);
  });

  test('is not one whose callers wait or whose refill is under way', async () => {
    const { newTags, clock, source } = issuing({ idleMs: 1_000, waitMs: 60_000 });
    source.mode = 'held';
    const tags = newTags();
    const taking = watch(tags.take('orders', 1));
    await clock.advance(30_000);
    expect(tags.count).toBe(1);
    source.release();
    await settle();
    expect(taking.result).toEqual([1n]);
    tags.close();
  });

  test('is not one that is drawn from', async () => {
    const { newTags, clock } = issuing({ idleMs: 5_000 });
    const tags = newTags();
    await tags.take('orders', 1);
    for (let i = 0; i < 20; i++) {
      await clock.advance(4_000);
      expect(tags.takeOne('orders')).toBe(BigInt(i + 2));
    }
  });

  test('that never had a segment leaves at once, so that names which do not exist cannot fill the memory', async () => {
    const { newTags, clock, source } = issuing({ maxTags: 3 });
    const tags = newTags();
    source.mode = unavailable();
    const asked = ['x', 'y', 'z'].map((name) => outcome(tags.take(name, 1)));
    await clock.advance(5_000);
    expect(await Promise.all(asked)).toEqual(Array(3).fill('COORDINATOR_UNAVAILABLE'));
    expect(tags.count).toBe(0);
    source.mode = 'now';
    expect(await outcome(tags.take('orders', 1))).toEqual([1n]);
  });
});

describe('the next day of a dated tag', () => {
  const TEMPLATE = 'o{yyyyMMdd}';
  const MIDNIGHT = Date.UTC(2026, 10, 27);
  const ONE = ['o{20261126}', 'o{20261127}'] as const;

  /** An agent that drew from the template a quarter of an hour before midnight. */
  async function beforeMidnight() {
    const all = issuing({ idleMs: 3_600_000 });
    const tags = all.newTags();
    all.clock.jump(MIDNIGHT - 900_000 - all.clock.now());
    await tags.take(TEMPLATE, 1);
    return { ...all, tags };
  }

  test('is fetched before it begins, so its first callers are served although no coordinator answers', async () => {
    const { tags, clock, source } = await beforeMidnight();
    await clock.advance(880_000);
    expect(tags.names()).toEqual(ONE);
    expect(source.demands[1]).toMatchObject({ waitingIds: 1, aheadAtMs: expect.any(Number) });
    expect(MIDNIGHT - (source.demands[1]?.aheadAtMs ?? 0)).toBeLessThan(540_000);
    source.mode = unavailable();
    const [before] = await tags.take(TEMPLATE, 1);
    await clock.advance(20_000);
    const [after] = await tags.take(TEMPLATE, 1);
    expect([before?.start, after?.start]).toEqual([2n, 101n]);
    tags.close();
  });

  test('is tried again every 15 s until it is there, and not once it is', async () => {
    const { tags, clock, source } = await beforeMidnight();
    source.mode = unavailable();
    await clock.advance(780_000);
    const tried = source.asks;
    expect(tried).toBeGreaterThan(10);
    expect(tried).toBeLessThan(40);
    source.mode = 'now';
    await clock.advance(120_000);
    expect(source.asks).toBe(tried + 1);
    tags.close();
  });

  test('is not fetched for a tag that nobody draws from any more', async () => {
    const { tags, clock, source } = await beforeMidnight();
    tags.drop(ONE[0], retired());
    await clock.advance(880_000);
    expect(source.asks).toBe(1);
    tags.close();
  });
});

describe('the names that are reported', () => {
  test('leave out a tag that is being made: its refill says whether it exists', async () => {
    const { newTags, source } = issuing();
    const tags = newTags();
    source.mode = 'held';
    const taking = watch(tags.take('new', 1));
    expect(tags.names()).toEqual([]);
    source.release();
    await settle();
    expect(taking.result).toEqual([1n]);
    expect(tags.names()).toEqual(['new']);
  });
});

describe('closing', () => {
  test('sends waiting callers away, ends every timer, and discards late answers', async () => {
    const { newTags, clock, source, events } = issuing();
    const tags = newTags();
    source.mode = 'held';
    const taking = outcome(tags.take('a', 1));
    source.mode = unavailable();
    const failing = outcome(tags.take('b', 1));
    await settle();
    tags.close();
    expect(await Promise.all([taking, failing])).toEqual([
      'SEGMENTS_EXHAUSTED shutting_down',
      'SEGMENTS_EXHAUSTED shutting_down',
    ]);
    expect(clock.pending).toBe(0);
    source.release();
    await settle();
    expect(events.discards).toEqual(['100 late']);
  });

  test('refuses those who come afterwards, without asking anyone', async () => {
    const { newTags, clock, source } = issuing();
    const tags = newTags();
    tags.close();
    expect(await outcome(tags.take('a', 1))).toBe('SEGMENTS_EXHAUSTED shutting_down');
    expect(source.asks).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
