import { expect, test } from '@jest/globals';
import { FakeClock } from '../../clock/fake-clock.ts';
import type { LeafcutterError } from '../../errors.ts';
import { Pace } from './pace.ts';

function pace(perSecond: number) {
  const clock = new FakeClock();
  const made = new Pace<string>(clock, perSecond, 'agent');
  /** How many of `count` requests pass. */
  const passed = (asker: string, count: number) => {
    let passing = 0;
    for (let index = 0; index < count; index++) {
      try {
        made.check(asker);
        passing += 1;
      } catch {}
    }
    return passing;
  };
  return { clock, made, passed };
}

test('ten seconds’ worth may come at once, and then as many as seconds bring', async () => {
  const { clock, passed } = pace(2);
  expect(passed('a', 50)).toBe(20);
  await clock.advance(3_000);
  expect(passed('a', 50)).toBe(6);
  await clock.advance(3_600_000);
  expect(passed('a', 50)).toBe(20);
});

test('one does not use up what is another’s', () => {
  const { passed } = pace(1);
  expect([passed('a', 50), passed('b', 5)]).toEqual([10, 5]);
});

test('who is refused is told when to come again, and is let in then', async () => {
  const { clock, made, passed } = pace(4);
  passed('a', 40);
  let refusal: LeafcutterError | undefined;
  try {
    made.check('a');
  } catch (error) {
    refusal = error as LeafcutterError;
  }
  expect(refusal).toMatchObject({ code: 'RATE_LIMITED', reason: 'agent', retryAfterMs: 250 });
  await clock.advance(250);
  expect(passed('a', 2)).toBe(1);
});

test('what is more than is left is taken in advance: a large batch passes once, and what follows waits until it is paid for', async () => {
  const { clock, made, passed } = pace(10);
  made.check('a', 10_000);
  expect(passed('a', 1)).toBe(0);
  await clock.advance(989_000);
  expect(passed('a', 1)).toBe(0);
  await clock.advance(1_100);
  expect(passed('a', 5)).toBe(1);
});

test('0 is no limit, and a change counts at once', () => {
  const { made, passed } = pace(0);
  expect(passed('a', 1_000)).toBe(1_000);
  made.change(1);
  expect(passed('a', 1_000)).toBe(10);
});

test('20,000 are remembered: of more, the one that asked least lately is forgotten, and not one that asks on', () => {
  const { passed } = pace(1);
  expect([passed('idle', 50), passed('busy', 50)]).toEqual([10, 10]);
  for (let index = 0; index < 20_100; index++) {
    passed(`liar-${index}`, 1);
    if (index % 1_000 === 0) expect(passed('busy', 1)).toBe(0);
  }
  expect([passed('busy', 1), passed('idle', 1)]).toEqual([0, 1]);
});
