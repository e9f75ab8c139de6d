import { expect, test } from '@jest/globals';
import {
  ago,
  count,
  dayText,
  duration,
  offset,
  rate,
  timeLabels,
  timeSpan,
  withoutRepeats,
} from './format.ts';

test.each([
  [0, '0'],
  [7, '7'],
  [999, '999'],
  [1_000, '1 k'],
  [12_345, '12.3 k'],
  [999_600, '1 M'],
  [250_000_000, '250 M'],
  [9_223_372_036_854_775_000, '9.2 × 10¹⁸'],
])('the count %d reads %s', (value, text) => {
  expect(count(value)).toBe(text);
});

test.each([
  [null, '–'],
  [0, '0 s'],
  [0.022, '22 ms'],
  [4.25, '4.3 s'],
  [42, '42 s'],
  [600, '10 min'],
  [7_200, '2 h'],
  [864_000, '10 d'],
  [1e12, 'for ever'],
])('%p seconds read %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('rates, offsets and ages', () => {
  expect([rate(0), rate(0.04), rate(3.26), rate(20_000)]).toEqual(['0/s', '< 0.1/s', '3.3/s', '20 k/s']);
  expect(rate(null)).toBe('unknown');
  expect([offset(null), offset(3), offset(-1_500), offset(0)]).toEqual(['–', '+3 ms', '−1.5 s', '+0 ms']);
  expect([ago(10_000, 10_500), ago(0, 61_000)]).toEqual(['now', '61 s ago']);
});

test('labels of a time axis have seconds if they need them, a date at midnight, and are not repeated', () => {
  const midnight = new Date(2026, 10, 30).getTime() / 1000;
  const [before, at, after] = timeLabels([midnight - 3_600, midnight, midnight + 3_600]);
  expect([before, after]).toEqual(['23:00', '01:00']);
  expect(at).toMatch(/30/);
  expect(timeLabels([midnight + 5, midnight + 10])).toEqual(['00:00:05', '00:00:10']);
  expect(withoutRepeats(['0', '0', '1', '0'])).toEqual(['0', '', '1', '0']);
});

test.each([
  ['2026', '2026'],
  ['202611', '2026-11'],
  ['20261126', '2026-11-26'],
  ['2026112614', '2026-11-26, 14:00'],
])('the digits %s are written %s', (digits, text) => {
  expect(dayText(digits)).toBe(text);
});

test('two moments of one day name it once', () => {
  const noon = new Date(2026, 10, 26, 12).getTime();
  expect(timeSpan(noon, noon + 60_000).match(/2026/g)).toHaveLength(1);
  expect(timeSpan(noon, noon + 86_400_000).match(/2026/g)).toHaveLength(2);
});

test('a moment that stands alone on its axis has no seconds', () => {
  expect(timeLabels([new Date(2026, 10, 26, 18, 50).getTime() / 1_000])).toEqual(['18:50']);
});
