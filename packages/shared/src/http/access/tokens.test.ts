import { describe, expect, test } from '@jest/globals';
import { Scope, Tokens } from './tokens.ts';

/** Undefined if the token passes, else why not. */
function refusal(tokens: readonly string[], authorization: string | undefined): string | undefined {
  try {
    new Tokens(tokens).admit(authorization);
    return undefined;
  } catch (error) {
    const { code, reason } = error as { code: string; reason: string };
    return `${code} ${reason}`;
  }
}

const TOKENS = ['first-token', 'second-token'];

describe('a list of tokens', () => {
  test.each(['Bearer first-token', 'Bearer second-token', 'bearer first-token', 'Bearer   first-token  '])(
    'lets %p pass',
    (authorization) => {
      expect(refusal(TOKENS, authorization)).toBeUndefined();
    },
  );

  test.each([
    'Bearer third-token',
    'Bearer first-toke',
    'Bearer first-tokenx',
    'Bearer FIRST-TOKEN',
    'Bearer first-token,second-token',
  ])('refuses %p', (authorization) => {
    expect(refusal(TOKENS, authorization)).toBe('UNAUTHORIZED wrong_token');
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'first-token',
    'Basic first-token',
    'Bearer first-token second-token',
    'Bearerfirst-token',
  ])('says that a token is missing in %p', (authorization) => {
    expect(refusal(TOKENS, authorization)).toBe('UNAUTHORIZED missing_token');
  });

  test('that is empty lets everyone pass', () => {
    expect(refusal([], undefined)).toBeUndefined();
    expect(refusal([], 'Basic whatever')).toBeUndefined();
  });

  test('never repeats what it was sent', () => {
    expect(() => new Tokens(TOKENS).admit('Bearer guessed-secret')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('guessed') }),
    );
  });
});

describe('a token with a scope', () => {
  const tokens = new Tokens(['all'], ['orders-* users some', '@snowflake time', 'a.b dot']);
  const opens = (token: string, tag: string) => tokens.find(token)?.allowsTag(tag);

  test.each([
    ['some', 'users', true],
    ['some', 'users2', false],
    ['some', 'my-users', false],
    ['some', 'orders-', true],
    ['some', 'orders-eu\nx', true],
    ['some', 'orders', false],
    ['some', 'xorders-eu', false],
    ['dot', 'a.b', true],
    ['dot', 'axb', false],
    ['time', 'users', false],
    ['all', 'users', true],
    ['none', 'users', undefined],
  ])('%s opens %p: %p', (token, tag, expected) => {
    expect(opens(token, tag)).toBe(expected);
  });

  test('on two lines opens what either says', () => {
    const twice = new Tokens([], ['a one', 'b two', '@snowflake one']).find('one');
    expect(['a', 'b'].map((tag) => twice?.allowsTag(tag))).toEqual([true, false]);
    expect(twice?.allowsSnowflake).toBe(true);
  });

  test('opens snowflake mode only where it says so', () => {
    expect(['all', 'time', 'some'].map((token) => tokens.find(token)?.allowsSnowflake)).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('is no plain token: its words are no tokens', () => {
    expect(['users', 'orders-*', 'users some', '@snowflake'].map((text) => tokens.find(text))).toEqual(
      Array(4).fill(undefined),
    );
  });

  test('that opens something else is told FORBIDDEN', () => {
    const refused = expect.objectContaining({ code: 'FORBIDDEN', reason: 'tag_scope' });
    expect(() => tokens.admit('Bearer some').checkTag('parcels')).toThrow(refused);
    expect(() => tokens.admit('Bearer some').checkSnowflake()).toThrow(refused);
    expect(() => Scope.all.checkTag('parcels')).not.toThrow();
  });
});

test('tokens that are replaced count no more, and what was found before is known to be old', () => {
  const tokens = new Tokens(['old']);
  const { version } = tokens;
  tokens.replace(['new']);
  expect(tokens.find('old')).toBeUndefined();
  expect([tokens.find('new')?.allowsTag('any'), tokens.isOpen]).toEqual([true, false]);
  expect(tokens.version).not.toBe(version);
});
