import { describe, expect, test } from '@jest/globals';
import { LAYOUT_PRESETS } from '@leafcutter/shared/layout';
import { generating, lease } from '../../fakes/generating.ts';
import { rises } from '../../fakes/issuing.ts';
import { GENERATOR_RULES, LAYOUT } from '../../fakes/samples.ts';
import type { Guard } from '../../fakes/unguarded-generator.ts';
import { SnowflakeGenerator } from './snowflake-generator.ts';

const MINUTE = 60_000;
const PER_MS = 4_096;

describe('the window', () => {
  /**
   * A process was stopped (SIGSTOP, a suspended machine) past its window: the clock has moved, nothing else happened.
   */
  function sleptPast(without?: Guard): string {
    const { generator, clock, next } = generating({ without });
    generator.hold(lease(3, 0, 1_000));
    next();
    clock.jump(5_000);
    return next();
  }

  test('a holder that slept past it refuses the next ID', () => {
    expect(sleptPast()).toBe('LEASE_LOST');
  });

  test('negative control: without the check the ID lies where another holder may issue', () => {
    expect(sleptPast('to')).toBe('5000/3/0');
  });

  test('ends before `to`: the last millisecond is used, `to` itself never', () => {
    const { generator, clock, next } = generating();
    generator.hold(lease(3, 0, 10));
    clock.jump(9);
    expect(next()).toBe('9/3/0');
    clock.jump(1);
    expect(next()).toBe('LEASE_LOST');
  });

  test('is not left by overflowing the last millisecond either', () => {
    const { generator, many } = generating();
    generator.hold(lease(3, 0, 3));
    expect(many(100_000)).toHaveLength(3 * PER_MS);
  });

  /** The window of a machine id starts at its old ceiling, which may be a little ahead of this clock. */
  function early(without?: Guard): string {
    const { generator, next } = generating({ without });
    generator.hold(lease(3, 500, 10_000));
    return next();
  }

  test('starts at `from`: a clock behind it issues at `from`', () => {
    expect(early()).toBe('500/3/0');
  });

  test('negative control: without the check the ID lies in the earlier holder’s window', () => {
    expect(early('from')).toBe('0/3/0');
  });

  test('that begins further ahead than the drift is waited for', () => {
    const { generator, clock, next } = generating();
    generator.hold(lease(3, 2_001, 10_000));
    expect(next()).toBe('CLOCK_BACKWARDS');
    clock.jump(1);
    expect(next()).toBe('2001/3/0');
  });

  test('that the layout has no bits for is not held', () => {
    const { generator, next } = generating();
    expect(() => generator.hold(lease(1_024, 0, 10))).toThrow('does not fit');
    expect(() =>
      generator.hold({ machineId: 1, from: LAYOUT.epochMs - 1, to: LAYOUT.epochMs + 9 }),
    ).toThrow();
    const end = LAYOUT.epochMs + 2 ** 41;
    expect(() => generator.hold({ machineId: 1, from: end - 9, to: end + 1 })).toThrow('does not fit');
    expect(next()).toBe('LEASE_LOST');
  });
});

describe('a generator without a lease', () => {
  test('refuses, and refuses again after its lease was dropped', () => {
    const { generator, next } = generating();
    expect(next()).toBe('LEASE_LOST');
    generator.hold(lease(3, 0, MINUTE));
    expect(next()).toBe('0/3/0');
    generator.drop();
    expect(next()).toBe('LEASE_LOST');
  });

  test('says in its reasons whether it never had one or has used it up', () => {
    const { generator } = generating();
    expect(() => generator.next()).toThrow(expect.objectContaining({ reason: 'no_lease' }));
    generator.hold(lease(3, -10, 0));
    expect(() => generator.next()).toThrow(expect.objectContaining({ reason: 'window_used_up' }));
  });
});

describe('a clock that goes back', () => {
  function backBy(ms: number, without?: Guard) {
    const { generator, clock, next, events } = generating({ without });
    generator.hold(lease(3, 0, 10 * MINUTE));
    clock.jump(MINUTE);
    const before = [next(), next()];
    clock.jump(-ms);
    return { before, after: next(), next, clock, events };
  }

  test('by a second goes unnoticed, but is counted', () => {
    const { before, after, events } = backBy(1_000);
    expect(before).toEqual(['60000/3/0', '60000/3/1']);
    expect(after).toBe('60000/3/2');
    expect(events.rollbacks).toEqual([1_000]);
  });

  test('negative control: without the memory of the last timestamp the same IDs come again', () => {
    const { generator, clock, next } = generating({ without: 'last' });
    generator.hold(lease(3, 0, 10 * MINUTE));
    clock.jump(MINUTE);
    const before = next();
    clock.jump(1_000);
    next();
    clock.jump(-1_000);
    expect(next()).toBe(before);
  });

  test('by a minute is refused until it has caught up, counted once, and then issuing goes on', () => {
    const { after, next, clock, events } = backBy(MINUTE);
    expect(after).toBe('CLOCK_BACKWARDS');
    clock.jump(57_999);
    expect(next()).toBe('CLOCK_BACKWARDS');
    clock.jump(1);
    expect(next()).toBe('60000/3/2');
    expect(events.rollbacks).toEqual([MINUTE]);
  });

  test('negative control: without the limit timestamps run a minute ahead of the clock', () => {
    expect(backBy(MINUTE, 'drift').after).toBe('60000/3/2');
  });

  test('tells when to ask again', () => {
    const { generator, clock } = generating();
    generator.hold(lease(3, 0, 10 * MINUTE));
    clock.jump(MINUTE);
    generator.next();
    clock.jump(-5_000);
    expect(() => generator.next()).toThrow(expect.objectContaining({ retryAfterMs: 3_000 }));
  });

  test('after a minute ahead by mistake is refused until the mistake is made up for', () => {
    const { generator, clock, next } = generating();
    generator.hold(lease(3, 0, 10 * MINUTE));
    clock.jump(MINUTE);
    expect(next()).toBe('60000/3/0');
    clock.jump(-MINUTE);
    expect(next()).toBe('CLOCK_BACKWARDS');
    clock.jump(MINUTE + 1);
    expect(next()).toBe('60001/3/0');
  });

  test('ahead past the window is refused; set right again, issuing goes on', () => {
    const { generator, clock, next } = generating();
    generator.hold(lease(3, 0, 30_000));
    next();
    clock.jump(MINUTE);
    expect(next()).toBe('LEASE_LOST');
    clock.jump(-MINUTE);
    expect(next()).toBe('0/3/1');
  });
});

describe('the sequence', () => {
  test('used up moves on to the next millisecond, at most as far ahead of the clock as drift allows', () => {
    const { generator, clock, next, many } = generating({ rules: { maxClockDriftMs: 2 } });
    generator.hold(lease(3, 0, MINUTE));
    expect(many(PER_MS)).toHaveLength(PER_MS);
    expect(next()).toBe('1/3/0');
    expect(many(3 * PER_MS)).toHaveLength(2 * PER_MS - 1);
    expect(next()).toBe('CLOCK_BACKWARDS');
    clock.jump(1);
    expect(next()).toBe('3/3/0');
  });

  test('never runs into the next machine id', () => {
    const { generator, many } = generating();
    generator.hold(lease(3, 0, MINUTE));
    const neighbour = generating();
    neighbour.generator.hold(lease(4, 0, MINUTE));
    const both = [...many(2 * PER_MS), ...neighbour.many(2 * PER_MS)];
    expect(new Set(both).size).toBe(4 * PER_MS);
  });

  test('negative control: without the end of a millisecond two machines issue the same ID', () => {
    const { generator, many } = generating({ without: 'overflow' });
    generator.hold(lease(3, 0, MINUTE));
    const neighbour = generating();
    neighbour.generator.hold(lease(4, 0, MINUTE));
    const both = [...many(2 * PER_MS), ...neighbour.many(2 * PER_MS)];
    expect(new Set(both).size).toBeLessThan(4 * PER_MS);
  });

  test('of an idle generator starts at a random place up to the highest start', () => {
    const draws = [0, 0.5, 0.999_999];
    const { generator, clock, next } = generating({ random: () => draws.shift() ?? 0 });
    generator.hold(lease(3, 0, MINUTE));
    const starts = draws.slice().map(() => {
      clock.jump(5);
      return next();
    });
    expect(starts).toEqual(['5/3/0', '10/3/512', '15/3/1023']);
  });

  test('is not drawn again inside a millisecond', () => {
    const { generator, next } = generating({ random: () => 0.5 });
    generator.hold(lease(3, 0, MINUTE));
    expect([next(), next(), next()]).toEqual(['0/3/512', '0/3/513', '0/3/514']);
  });

  test.each([
    [undefined, 'each millisecond once', true],
    ['random above last' as const, 'negative control: drawn again in a millisecond, IDs repeat', false],
  ])('%# %p: %s', (without, _title, unique) => {
    const { generator, many } = generating({ without, random: () => 0.5 });
    generator.hold(lease(3, 0, MINUTE));
    const ids = many(3 * PER_MS);
    expect(new Set(ids).size === ids.length).toBe(unique);
  });

  test('of a busy generator starts at 0 and gives every ID of each millisecond', () => {
    const { generator, many } = generating({ random: () => 0.999 });
    generator.hold(lease(3, 0, MINUTE));
    const first = many(PER_MS - 1_022);
    expect(first[0]).toBeDefined();
    const ids = many(10 * PER_MS);
    expect(rises([...first, ...ids])).toBe(true);
    const perMs = new Map<bigint, number>();
    for (const id of ids) perMs.set(id >> 12n, (perMs.get(id >> 12n) ?? 0) + 1);
    const counts = [...perMs.values()];
    expect(counts.slice(1, -1).every((count) => count === PER_MS)).toBe(true);
  });

  test('fits small layouts as well', () => {
    const layout = { ...LAYOUT, ...LAYOUT_PRESETS.javascript };
    const { generator, many } = generating({ rules: { layout, sequenceStartMax: 31 } });
    generator.hold(lease(31, 0, MINUTE));
    const ids = many(1_000);
    expect(rises(ids)).toBe(true);
    expect(ids.every((id) => id < 2n ** 53n)).toBe(true);
    expect(GENERATOR_RULES.layout).toBe(LAYOUT);
  });
});

test('how much was issued, and up to when, can be read', () => {
  const { generator, many } = generating();
  generator.hold(lease(3, 0, MINUTE));
  many(5_000);
  expect(generator).toBeInstanceOf(SnowflakeGenerator);
  expect(generator).toMatchObject({ issued: 5_000, lastTimestampMs: 1_800_000_000_001 });
});
