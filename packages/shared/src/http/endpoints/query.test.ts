import { describe, expect, test } from '@jest/globals';
import type { Request } from 'express';
import { badParameter, readQuery, wholeNumber } from './query.ts';

const request = (query: Record<string, unknown>) => ({ query }) as unknown as Request;

describe('the query of a request', () => {
  test('is read by name; what was not given is undefined', () => {
    expect(readQuery(request({ count: '5' }), ['count', 'format'])).toEqual({ count: '5' });
    expect(readQuery(request({}), ['count'])).toEqual({});
  });

  test('keeps an empty value: it was given', () => {
    expect(readQuery(request({ count: '' }), ['count'])).toEqual({ count: '' });
  });

  test('is refused where a name is unknown, and says what is known', () => {
    expect(() => readQuery(request({ cuont: '5' }), ['count', 'format'])).toThrow(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        reason: 'cuont',
        message: 'cuont is not a known parameter; this address takes count, format.',
      }),
    );
    expect(() => readQuery(request({ a: '1' }), [])).toThrow('this address takes none');
  });

  test.each(['constructor', '__proto__', 'toString'])('does not know %p', (name) => {
    const query = Object.fromEntries([[name, '1']]);
    expect(() => readQuery(request(query), ['count'])).toThrow('is not a known parameter');
  });

  test('is refused where a name is given twice', () => {
    expect(() => readQuery(request({ count: ['1', '2'] }), ['count'])).toThrow(
      'count is set more than once.',
    );
  });
});

describe('a whole number', () => {
  test.each([
    ['1', 1],
    ['007', 7],
    ['10000', 10_000],
  ])('is %p', (text, value) => {
    expect(wholeNumber('count', text, 1, 10_000)).toBe(value);
  });

  test.each([
    '1e3',
    '-1',
    'abc',
    '10001',
    '0',
    '',
    ' 5',
    '5 ',
    '+5',
    '1.0',
    '0x10',
    '١',
    '9'.repeat(400),
    'NaN',
  ])('from 1 to 10000 is not %p', (text) => {
    expect(() => wholeNumber('count', text, 1, 10_000)).toThrow(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        reason: 'count',
        message: 'count must be a whole number from 1 to 10000.',
      }),
    );
  });
});

test('a name of any length is shown shortened', () => {
  expect(badParameter('x'.repeat(10_000), 'is not a known parameter').message.length).toBeLessThan(100);
});
