import { expect, test } from '@jest/globals';
import { OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { readShape } from './read-shape.ts';

const NO_KEYS = new OpaqueKeys([]);
const NUMBERS = { start: 1n, end: 11n };

test('a shape that has room for the last number of its segment is taken', () => {
  expect(readShape('orders', 'O{decimal:2}', NUMBERS, NO_KEYS).write(10n)).toBe('O10');
});

test.each([
  ['that this agent cannot read', 'O{roman}'],
  ['that has no room for the last number', 'O{decimal:1}'],
])('one %s refuses the segment: its numbers are not issued bare', (_, text) => {
  expect(() => readShape('orders', text, NUMBERS, NO_KEYS)).toThrow(
    expect.objectContaining({ code: 'VERSION_UNSUPPORTED', reason: 'shape' }),
  );
});
