import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import type { Segment } from './segment.ts';
import { type Waiter, WaitingLine } from './waiting-line.ts';

const WAIT_MS = 2_000;

function newLine() {
  const clock = new FakeClock();
  const unserved: Waiter[] = [];
  const line = new WaitingLine(clock, WAIT_MS, (waiter, error = 'too late') => {
    unserved.push(waiter);
    waiter.reject(error);
  });
  const log: string[] = [];
  const join = (name: string, count = 1, signal?: AbortSignal) => {
    const joined = line.join(count, signal);
    joined.then(
      (ranges) => log.push(`${name}: ${ranges.map(({ start, end }) => `${start}-${end}`).join(' ')}`),
      (error) => log.push(`${name}: ${error}`),
    );
  };
  return { clock, line, log, join, unserved };
}

/** Serves from one segment. */
function from(start: number, end: number): (count: number) => Segment | undefined {
  let at = BigInt(start);
  return (count) => {
    const begin = at;
    const stop = begin + BigInt(count);
    at = stop < BigInt(end) ? stop : BigInt(end);
    return begin === at ? undefined : { start: begin, end: at };
  };
}

describe('callers in line', () => {
  test('are served first come, first served', async () => {
    const { clock, line, log, join } = newLine();
    for (const name of ['a', 'b', 'c']) join(name, 2);
    line.serve(from(1, 6));
    await settle();
    expect(log).toEqual(['a: 1-3', 'b: 3-5']);
    expect(line).toMatchObject({ length: 1, waitingIds: 1 });
    line.serve(from(10, 20));
    await settle();
    expect(log[2]).toBe('c: 5-6 10-11');
    expect(line).toMatchObject({ length: 0, waitingIds: 0 });
    expect(clock.pending).toBe(0);
  });

  test('share one timer, however many they are', () => {
    const { clock, join } = newLine();
    for (let i = 0; i < 1_000; i++) join(`${i}`);
    expect(clock.pending).toBe(1);
  });

  test('expire in order, each after its own wait', async () => {
    const { clock, line, log, join } = newLine();
    join('a');
    await clock.advance(500);
    join('b');
    join('c');
    await clock.advance(1_499);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['a: too late']);
    expect(line).toMatchObject({ length: 2, waitingIds: 2 });
    await clock.advance(500);
    expect(log).toEqual(['a: too late', 'b: too late', 'c: too late']);
    expect(clock.pending).toBe(0);
  });

  test('of whom the first was partly served keeps what it has until it expires', async () => {
    const { clock, line, log, join, unserved } = newLine();
    join('a', 10);
    join('b', 1);
    line.serve(from(1, 5));
    expect(line).toMatchObject({ length: 2, waitingIds: 7 });
    await clock.advance(WAIT_MS);
    expect(log).toEqual(['a: too late', 'b: too late']);
    expect(unserved[0]?.ranges).toEqual([{ start: 1n, end: 5n }]);
    expect(line).toMatchObject({ length: 0, waitingIds: 0 });
  });

  test('who were served do not expire', async () => {
    const { clock, line, log, join, unserved } = newLine();
    join('a');
    await clock.advance(1_000);
    join('b');
    line.serve(from(1, 2));
    await clock.advance(WAIT_MS);
    expect(log).toEqual(['a: 1-2', 'b: too late']);
    expect(unserved).toHaveLength(1);
  });

  test('are all sent away at once, and the line works on afterwards', async () => {
    const { clock, line, log, join } = newLine();
    join('a', 3);
    join('b');
    line.serve(from(1, 2));
    line.rejectAll('gone');
    expect(clock.pending).toBe(0);
    join('c');
    line.serve(from(7, 8));
    await settle();
    expect(log).toEqual(['a: gone', 'b: gone', 'c: 7-8']);
  });

  test('may be answered by someone who joins again at once', async () => {
    const { clock, line, log, join } = newLine();
    const again = line.join(1).catch(() => line.join(1));
    again.then((ranges) => log.push(`again: ${ranges[0]?.start}`));
    line.rejectAll('gone');
    await settle();
    expect(line.length).toBe(1);
    line.serve(from(3, 9));
    await settle();
    expect(log).toEqual(['again: 3']);
    expect(clock.pending).toBe(0);
    join('next');
    expect(clock.pending).toBe(1);
  });
});

describe('a caller that hangs up', () => {
  test('gets nothing, is counted no longer, and those behind it move up', async () => {
    const { line, log, join, clock } = newLine();
    const gone = new AbortController();
    join('a', 5, gone.signal);
    join('b', 2);
    gone.abort();
    expect(line).toMatchObject({ length: 1, waitingIds: 2 });
    line.serve(from(1, 9));
    await settle();
    expect(log).toEqual(['a: too late', 'b: 1-3']);
    expect(clock.pending).toBe(0);
  });

  test('before it joined takes nothing either', async () => {
    const { line, log, join, clock } = newLine();
    join('a', 5, AbortSignal.abort());
    expect(line).toMatchObject({ length: 0, waitingIds: 0 });
    await settle();
    expect(log).toEqual(['a: too late']);
    expect(clock.pending).toBe(0);
  });

  test('after it was served changes nothing', async () => {
    const { line, log, join, unserved } = newLine();
    const gone = new AbortController();
    join('a', 1, gone.signal);
    join('b', 1);
    line.serve(from(1, 2));
    gone.abort();
    await settle();
    expect(log).toEqual(['a: 1-2']);
    expect(unserved).toEqual([]);
    expect(line).toMatchObject({ length: 1, waitingIds: 1 });
  });

  test('halfway leaves what was taken for it to be counted', () => {
    const { line, join, unserved } = newLine();
    const gone = new AbortController();
    join('a', 10, gone.signal);
    line.serve(from(1, 4));
    gone.abort();
    expect(unserved.map(({ ranges }) => ranges)).toEqual([[{ start: 1n, end: 4n }]]);
  });

  test('leaves no timer when it was the last', () => {
    const { join, clock } = newLine();
    const gone = new AbortController();
    join('a', 1, gone.signal);
    gone.abort();
    expect(clock.pending).toBe(0);
  });

  test('again and again does not fill the line', async () => {
    const { line, join } = newLine();
    join('patient');
    for (let i = 0; i < 5_000; i++) {
      const gone = new AbortController();
      join(`${i}`, 1, gone.signal);
      gone.abort();
    }
    expect(line).toMatchObject({ length: 1, waitingIds: 1 });
    await settle();
  });
});

test('a line that is never empty forgets whom it served', async () => {
  const { line } = newLine();
  const ranges: WeakRef<Segment>[] = [];
  void line.join(1);
  for (let i = 0; i < 5_000; i++) {
    void line.join(1);
    let left = 1;
    line.serve(() => {
      if (left-- === 0) return undefined;
      const range = { start: BigInt(i), end: BigInt(i + 1) };
      ranges.push(new WeakRef(range));
      return range;
    });
  }
  expect(line.length).toBe(1);
  await settle();
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const remembered = ranges.filter((range) => range.deref() !== undefined).length;
  expect(remembered).toBeLessThan(2_500);
});
