import { expect, test } from '@jest/globals';
import { keyMark, OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { SHAPES } from '@leafcutter/shared/shape';
import { shapeObstacle } from './shape-terms.ts';

const KEY = 'a-key-that-is-long-enough-to-be-counted';
const keys = new OpaqueKeys([`1=${KEY}`]);
const orders = { tag: 'orders', shape: '{opaque-base62}' };
const markOf = (entry: string) => {
  const own = new OpaqueKeys([entry]);
  return keyMark(own.newest ?? -1, own.checkValue(own.newest ?? -1) ?? '');
};
const obstacle = (
  understands: string[] | undefined,
  tag = orders as { tag: string; shape: string | undefined },
) => shapeObstacle(tag, understands, keys)?.reason;

test('an agent with the deployment’s key gets segments of an opaque tag', () => {
  expect(obstacle([SHAPES, markOf(`1=${KEY}`)])).toBeUndefined();
});

test.each([
  ['another key under the same version', markOf('1=another-key-that-is-long-enough-to-be-one')],
  ['the key under another version', markOf(`2=${KEY}`)],
  ['no key', 'nothing'],
])(
  'one with %s gets none: it would write texts that others write, or that nobody can read',
  (_what, mark) => {
    expect(obstacle([SHAPES, mark])).toBe('opaque_key');
  },
);

test('nobody gets segments of a template itself: its numbers would be written without a date', () => {
  const template = { tag: 'o{yyyyMMdd}', shape: '{yyyyMMdd}{decimal:6}' };
  expect(obstacle([SHAPES], template)).toBe('shape');
  expect(obstacle([SHAPES], { tag: 'o{20261126}', shape: '20261126{decimal:6}' })).toBeUndefined();
});

test('one that knows no shapes gets none of a shaped tag, and any of a bare one', () => {
  expect(obstacle(undefined)).toBe('shape');
  expect(obstacle(undefined, { tag: 'orders', shape: undefined })).toBeUndefined();
  expect(obstacle([SHAPES], { tag: 'orders', shape: '{base62:9}' })).toBeUndefined();
});
