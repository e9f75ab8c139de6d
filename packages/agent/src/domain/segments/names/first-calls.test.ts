import { expect, test } from '@jest/globals';
import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { FirstCalls } from './first-calls.ts';

const wanted = () => true;

function calling() {
  const clock = new FakeClock();
  let crowdedOut = 0;
  const calls = new FirstCalls(clock, () => {
    crowdedOut += 1;
  });
  const begun: string[] = [];
  const ends = new Map<string, (error?: LeafcutterError) => void>();
  const outcomes = new Map<string, string>();
  return {
    clock,
    calls,
    begun,
    outcomes,
    get crowdedOut() {
      return crowdedOut;
    },
    ask(name: string, isWanted = wanted) {
      const call = () =>
        new Promise<void>((resolve, reject) => {
          begun.push(name);
          ends.set(name, (error) => (error === undefined ? resolve() : reject(error)));
        });
      void calls.run(call, isWanted).then(
        () => outcomes.set(name, 'served'),
        ({ code, reason }: LeafcutterError) => outcomes.set(name, [code, reason].filter(Boolean).join(' ')),
      );
    },
    async end(name: string, code?: ErrorCode) {
      ends.get(name)?.(code && new LeafcutterError(code, 'So it is.'));
      await settle();
    },
  };
}

test('four calls are under way at once; the others come in turn', async () => {
  const { ask, begun, end, outcomes } = calling();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) ask(name);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  await end('a', 'COORDINATOR_UNAVAILABLE');
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(Object.fromEntries(outcomes)).toEqual({ b: 'served', a: 'COORDINATOR_UNAVAILABLE' });
});

test.each(['TAG_UNKNOWN', 'TAG_RETIRED'] as const)(
  'a call that hears %s is answered at once, and keeps its place for 100 ms',
  async (code) => {
    const { ask, begun, end, outcomes, clock } = calling();
    for (const name of ['a', 'b', 'c', 'd', 'e']) ask(name);
    await end('a', code);
    expect(outcomes.get('a')).toBe(code);
    await clock.advance(99);
    expect(begun).not.toContain('e');
    await clock.advance(1);
    expect(begun).toContain('e');
  },
);

test('names that do not exist cost 40 calls a second, however many ask', async () => {
  const { ask, begun, end, clock } = calling();
  for (let n = 0; n < 500; n++) ask(`nobody-${n}`);
  for (let ms = 0; ms < 1_000; ms += 100) {
    for (const name of begun.slice(-4)) await end(name, 'TAG_UNKNOWN');
    await clock.advance(100);
  }
  expect(begun).toHaveLength(44);
});

test('a thousand names stand in line; more are refused and counted', async () => {
  const all = calling();
  for (let n = 0; n < 1_010; n++) all.ask(`name-${n}`);
  await settle();
  expect(all.crowdedOut).toBe(6);
  expect([...all.outcomes]).toEqual(
    Array.from({ length: 6 }, (_, n) => [`name-${1_004 + n}`, 'RATE_LIMITED new_tags']),
  );
});

test('a call that nobody wants any more when its turn comes is not made', async () => {
  const { ask, begun, end, outcomes } = calling();
  for (const name of ['a', 'b', 'c', 'd']) ask(name);
  ask('gone', () => false);
  ask('e');
  await end('a');
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(outcomes.get('gone')).toBe('RATE_LIMITED new_tags');
});

test('closing sends the line away and ends every timer', async () => {
  const { ask, begun, end, outcomes, clock, calls } = calling();
  for (const name of ['a', 'b', 'c', 'd', 'e']) ask(name);
  await end('a', 'TAG_UNKNOWN');
  expect(clock.pending).toBe(1);
  calls.close();
  await end('b', 'TAG_UNKNOWN');
  expect(clock.pending).toBe(0);
  expect(begun).not.toContain('e');
  expect(outcomes.get('e')).toBe('RATE_LIMITED new_tags');
});
