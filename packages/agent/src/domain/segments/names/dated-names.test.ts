import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { DatedNames } from './dated-names.ts';

const DAY_MS = 86_400_000;

test('a template has another name each day, and any other tag always its own', () => {
  const clock = new FakeClock();
  const names = new DatedNames(clock);
  const today = names.nameOf('order-{yyyyMMdd}');
  expect(today).toMatch(/^order-\{\d{8}\}$/);
  expect(names.nameOf('order')).toBe('order');
  clock.jump(DAY_MS);
  expect(names.nameOf('order-{yyyyMMdd}') > today).toBe(true);
});

test('a clock that goes back over midnight leads to no earlier day, once IDs of the later one were given', () => {
  const clock = new FakeClock();
  const names = new DatedNames(clock);
  const today = names.nameOf('order-{yyyyMMdd}');
  clock.jump(DAY_MS);
  const tomorrow = names.nameOf('order-{yyyyMMdd}');
  names.took('order-{yyyyMMdd}', tomorrow);
  names.took('order-{yyyyMMdd}', today);
  clock.jump(-DAY_MS);
  expect(names.nameOf('order-{yyyyMMdd}')).toBe(tomorrow);
  expect(names.nameOf('other-{yyyyMMdd}')).toBe(today.replace('order', 'other'));
});

test('a day of which nothing was given is forgotten when the clock comes right', () => {
  const clock = new FakeClock();
  const names = new DatedNames(clock);
  const today = names.nameOf('order-{yyyyMMdd}');
  clock.jump(400 * DAY_MS);
  names.nameOf('order-{yyyyMMdd}');
  clock.jump(-400 * DAY_MS);
  expect(names.nameOf('order-{yyyyMMdd}')).toBe(today);
});
