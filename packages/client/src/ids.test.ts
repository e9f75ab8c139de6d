import { describe, expect, test } from '@jest/globals';
import { IdError } from './id-error.ts';
import type { IdRange, IdSource } from './id-source.ts';
import { Ids } from './ids.ts';

/** An agent whose answers the test gives one by one. */
class ScriptedSource implements IdSource {
  readonly asked: { count: number; answer: (ranges: IdRange[]) => void; fail: (error: Error) => void }[] = [];
  closed = false;

  ranges(_tag: string, count: number): Promise<IdRange[]> {
    return new Promise((answer, fail) => this.asked.push({ count, answer, fail }));
  }
  async texts(): Promise<never> {
    throw new Error('not used');
  }
  async block(_tag: string, count: number): Promise<IdRange> {
    return { start: 1_000_000n, end: 1_000_000n + BigInt(count) };
  }
  async snowflake(): Promise<bigint> {
    return 1n;
  }
  async decode(): Promise<never> {
    throw new Error('not used');
  }
  close(): void {
    this.closed = true;
  }

  /** Resolves when something is asked; gives up after five seconds. */
  async isAsked(): Promise<void> {
    for (let waited = 0; this.asked.length === 0; waited++) {
      if (waited === 1_000) throw new Error('nothing was asked');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Answers the oldest open request with `[start, start + count)`. */
  async land(start: bigint): Promise<number> {
    const request = this.asked.shift();
    if (request === undefined) throw new Error('nothing was asked');
    request.answer([{ start, end: start + BigInt(request.count) }]);
    await settled();
    return request.count;
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function opened(given: { waitMs?: number; maxWaiting?: number } = {}) {
  const source = new ScriptedSource();
  const { waitMs = 60_000, maxWaiting = 10 } = given;
  const ids = new Ids(source, 'orders', { waitMs, maxWaiting, minFetch: 10, maxFetch: 100 });
  const open = ids.open();
  await source.land(1n);
  await open;
  return { source, ids };
}

describe('IDs in a process', () => {
  test('come from memory, are fetched ahead when half is used, and refused when none is there', async () => {
    const { source, ids } = await opened();
    expect([1, 2, 3, 4].map(() => ids.next())).toEqual([1n, 2n, 3n, 4n]);
    expect(source.asked).toHaveLength(0);
    expect(ids.nextString()).toBe('5');
    expect(source.asked).toHaveLength(1);
    for (let id = 6n; id <= 10n; id++) expect(ids.next()).toBe(id);
    expect(() => ids.next()).toThrow(
      expect.objectContaining({ code: 'SEGMENTS_EXHAUSTED', retryable: true }),
    );
    expect(source.asked).toHaveLength(1);
    await source.land(50n);
    expect(ids.next()).toBe(50n);
    ids.close();
  });

  test('are waited for in line, first come first served, a batch whole', async () => {
    const { source, ids } = await opened();
    const batch = ids.batch(12);
    const one = ids.nextAsync();
    await source.land(100n);
    expect(await batch).toEqual([...Array.from({ length: 10 }, (_, index) => BigInt(index + 1)), 100n, 101n]);
    expect(await one).toBe(102n);
    ids.close();
  });

  test('never fall: a range below what was held is discarded and counted', async () => {
    const { source, ids } = await opened();
    const batch = ids.batch(10);
    const next = ids.nextAsync();
    expect(await batch).toHaveLength(10);
    const count = await source.land(5n);
    // Not at once: if the agent is behind, that would burn its IDs as fast as it can give them.
    expect(source.asked).toHaveLength(0);
    await source.isAsked();
    await source.land(500n);
    expect(await next).toBe(500n);
    expect(ids.counts.discarded).toBe(count);
    ids.close();
  });

  test('add up: fetched is used, discarded and what is in memory', async () => {
    const { source, ids } = await opened();
    ids.next();
    ids.next();
    expect(await ids.reserve(5)).toEqual({ start: 1_000_000n, end: 1_000_005n });
    expect(ids.counts).toEqual({ fetched: 15, used: 7, discarded: 0 });
    expect(ids.runway.ids).toBe(8);
    await ids[Symbol.asyncDispose]();
    expect(ids.counts).toEqual({ fetched: 15, used: 7, discarded: 8 });
    expect(source.closed).toBe(true);
    expect(() => ids.next()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    await expect(ids.nextAsync()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(ids.reserve(1)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('that land after close are not handed out', async () => {
    const { source, ids } = await opened();
    const wait = ids.batch(20);
    const request = source.asked.shift();
    ids.close();
    await expect(wait).rejects.toMatchObject({ code: 'CLOSED' });
    request?.answer([{ start: 70n, end: 90n }]);
    await settled();
    expect(ids.counts).toEqual({ fetched: 30, used: 0, discarded: 30 });
  });

  test('end a wait by deadline, by signal, by a full line and by a failure that asking again cannot heal', async () => {
    const { source, ids } = await opened({ waitMs: 20, maxWaiting: 1 });
    await ids.batch(10);
    await expect(ids.nextAsync()).rejects.toMatchObject({ code: 'SEGMENTS_EXHAUSTED' });
    const leaving = new AbortController();
    const left = ids.nextAsync({ signal: leaving.signal });
    await expect(ids.nextAsync()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    const refused = ids.nextAsync();
    source.asked.shift()?.fail(new IdError('TAG_RETIRED', 'The tag is retired.', { retryable: false }));
    await expect(refused).rejects.toMatchObject({ code: 'TAG_RETIRED' });
    ids.close();
  });

  test('are fetched for a caller who comes in the very moment in which a fetch has ended', async () => {
    const { source, ids } = await opened();
    await ids.batch(10);
    const big = ids.nextAsync().then(() => ids.batch(100));
    await settled();
    await source.land(100n);
    await settled();
    expect(source.asked).toHaveLength(1);
    await source.land(1_000n);
    expect(await big).toHaveLength(100);
    ids.close();
  });

  test('flow again after failures that heal', async () => {
    const { source, ids } = await opened();
    await ids.batch(10);
    const wait = ids.nextAsync();
    await settled();
    source.asked.shift()?.fail(new IdError('AGENT_UNAVAILABLE', 'no answer', { retryable: true }));
    await source.isAsked();
    await source.land(300n);
    expect(await wait).toBe(300n);
    ids.close();
  });

  test.each([0, -1, 1.5, 10_001, Number.NaN])('refuse a batch and a block of %s', async (count) => {
    const { ids } = await opened();
    await expect(ids.batch(count)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'count' });
    await expect(ids.reserve(count)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'count' });
    ids.close();
  });
});
