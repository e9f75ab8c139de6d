import { describe, expect, test } from '@jest/globals';
import type { Setting } from '../setting.ts';
import { textList, tokenList, urlList } from './list-kinds.ts';
import { int, range, ratio } from './number-kinds.ts';
import { address, choice, flag, path, text, token, url } from './setting-kinds.ts';

const doc = 'A setting.';
const required = true;

/** Good values with what they become, and bad ones. Bigints stand for whole numbers in a YAML file. */
const KINDS: readonly [name: string, Setting<unknown>, good: [unknown, unknown][], bad: unknown[]][] = [
  [
    'text',
    text({ required, doc, maxLength: 5 }),
    [
      ['abc', 'abc'],
      [' abc ', 'abc'],
    ],
    ['', ' ', 'abcdef', 7n, true, ['a']],
  ],
  ['text with a pattern', text({ required, doc, pattern: /^[a-z]+$/ }), [['abc', 'abc']], ['ABC', 'a b', '']],
  [
    'int',
    int({ required, doc, min: -5, max: 60_000 }),
    [
      ['0', 0],
      ['10_000', 10_000],
      [' 7 ', 7],
      ['-5', -5],
      [60_000n, 60_000],
    ],
    ['', 'abc', '1.5', '1e3', '0x10', '10__000', '_1', '1_', '60001', '-6', 1.5, true, null],
  ],
  [
    'int without bounds',
    int({ required, doc }),
    [['9007199254740991', Number.MAX_SAFE_INTEGER]],
    ['9007199254740992', 2n ** 53n, '99999999999999999999'],
  ],
  [
    'ratio',
    ratio({ required, doc, min: 0.01 }),
    [
      ['0.1', 0.1],
      ['.5', 0.5],
      ['1e-1', 0.1],
      [0.25, 0.25],
      ['1', 1],
      [1n, 1],
    ],
    ['0', '1.01', '10%', '', 'abc', 'NaN', 'Infinity', '1e999', '0x1', '-0.1', true],
  ],
  [
    'flag',
    flag({ required, doc }),
    [
      ['true', true],
      ['YES', true],
      ['1', true],
      [1n, true],
      [true, true],
      ['false', false],
      ['no', false],
      ['0', false],
      [false, false],
    ],
    ['', 'maybe', 'on', 2n, ['true'], {}],
  ],
  ['choice', choice(['info', 'warn'], { required, doc }), [['info', 'info']], ['INFO', 'debug', '', 1n]],
  ['address', address({ required, doc }), [['[::1]:0', { host: '::1', port: 0 }]], ['abc', '', 8000n, {}]],
  [
    'range',
    range({ required, doc, max: 1023 }),
    [
      ['0-1023', { first: 0, last: 1023 }],
      ['5 - 5', { first: 5, last: 5 }],
    ],
    ['5-4', '0-1024', '5', '-1-5', 'a-b', '', 5n],
  ],
  ['path', path({ required, doc }), [['./a b', './a b']], ['', 'a\0b', 7n]],
  [
    'url',
    url({ required, doc }),
    [['https://a.example:81/b', 'https://a.example:81/b']],
    ['a.example', 'ftp://a.example', 'http://', 'http:a', 'http://u:p@a', 'http://u@a', 'http://a:99999', ''],
  ],
  [
    'url with a password',
    url({ required, doc, protocols: ['mysql'], secret: true }),
    [['mysql://u:p@a/b', 'mysql://u:p@a/b']],
    ['http://u:p@a/b', 'mysql://', 'mysql:a'],
  ],
  [
    'urlList',
    urlList({ required, doc, minItems: 1 }),
    [
      ['http://a,https://b', ['http://a', 'https://b']],
      [' http://a , ', ['http://a']],
      [['http://a'], ['http://a']],
    ],
    ['', 'http://a,b', 'http://u:p@a', ['b'], [1n]],
  ],
  [
    'textList',
    textList({ required, doc, pattern: /^[a-z]+$/ }),
    [
      ['a,b', ['a', 'b']],
      ['', []],
    ],
    ['a,B', 'a b', [1n]],
  ],
  ['token', token({ required, doc }), [['a,b', 'a,b']], ['', 'a b', 'ü', 7n]],
  [
    'tokenList',
    tokenList({ required, doc }),
    [
      ['a,b', ['a', 'b']],
      ['a\r\nb\n', ['a', 'b']],
      [['a,b'], ['a,b']],
    ],
    [7n, [7n], [''], 'a b', 'a,\u00e4', ['a\n']],
  ],
];

describe.each(KINDS)('%s', (_name, setting, good, bad) => {
  test.each(good)('takes %p', (given, value) => {
    expect(setting.schema.parse(given)).toEqual(value);
  });

  test.each(bad.map((given) => [given]))('refuses %p', (given) => {
    expect(setting.schema.safeParse(given).success).toBe(false);
  });

  test('makes values that cannot be changed', () => {
    for (const [given] of good) expect(Object.isFrozen(setting.schema.parse(given))).toBe(true);
  });
});

describe('a default', () => {
  test('is written as one would give it and becomes the value', () => {
    expect(address({ default: '127.0.0.1:8000', doc }).default).toEqual({ host: '127.0.0.1', port: 8000 });
    expect(range({ default: '0-1023', doc }).default).toEqual({ first: 0, last: 1023 });
    expect(flag({ default: false, doc }).default).toBe(false);
  });

  test('is the empty list for a list, unless it is required', () => {
    expect(tokenList({ doc }).default).toEqual([]);
    expect(textList({ required, doc }).default).toBeUndefined();
  });

  test('that the setting would refuse is refused where it is defined', () => {
    expect(() => int({ default: 5, max: 4, doc })).toThrow();
    expect(() => address({ default: 'abc', doc })).toThrow();
    expect(() => urlList({ minItems: 1, doc })).toThrow();
  });

  test('is refused by the compiler for secrets and where it is of another type', () => {
    // @ts-expect-error a default that stands in the source is no secret
    token({ default: 'hunter2', doc });
    // @ts-expect-error neither default nor optional nor required
    text({ doc });
    // @ts-expect-error not one of the choices
    expect(() => choice(['a', 'b'], { default: 'c', doc })).toThrow();
  });
});

describe('what a setting takes', () => {
  test('is said with its bounds', () => {
    expect(int({ required, doc }).takes).toBe('a whole number');
    expect(int({ required, doc, min: 1 }).takes).toBe('a whole number, 1 or more');
    expect(int({ required, doc, max: 9999 }).takes).toBe('a whole number, 9999 or less');
    expect(int({ required, doc, min: 0, max: 60_000 }).takes).toBe('a whole number from 0 to 60_000');
    expect(text({ required, doc, pattern: /^a$/, takes: 'the letter a' }).takes).toBe('the letter a');
    expect(urlList({ doc, minItems: 0 }).takes).toBe(
      'URLs with http:// or https:// and without a password, separated by commas',
    );
  });
});
