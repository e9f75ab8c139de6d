import { describe, expect, test } from '@jest/globals';
import { bearerCheck } from './bearer.ts';

/** Undefined where the token passes, else why not. */
function refusal(tokens: readonly string[], authorization: string | undefined): string | undefined {
  try {
    bearerCheck(tokens)(authorization);
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
    expect(() => bearerCheck(TOKENS)('Bearer guessed-secret')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('guessed') }),
    );
  });
});
