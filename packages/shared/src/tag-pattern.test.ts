import { describe, expect, jest, test } from '@jest/globals';
import { fits, starsIn } from './tag-pattern.ts';

describe('a pattern', () => {
  test.each([
    ['orders', 'orders', true],
    ['orders', 'orders2', false],
    ['*', '', true],
    ['*', 'anything\nat all', true],
    ['orders-*', 'orders-', true],
    ['orders-*', 'xorders-eu', false],
    ['*-eu', 'orders-eu', true],
    ['*-eu', 'orders-eu2', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['ab*ba', 'aba', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab*ab', 'xab', false],
    ['**', 'x', true],
    ['a.b', 'axb', false],
    ['[a-z]*', 'x', false],
  ])('%s fits %j: %p', (pattern, tag, expected) => {
    expect(fits(pattern)(tag)).toBe(expected);
  });

  test('fits what the plain definition says, for all short patterns and tags', () => {
    const texts = (letters: string, longest: number): string[] =>
      longest === 0
        ? ['']
        : ['', ...Array.from(letters).flatMap((a) => texts(letters, longest - 1).map((b) => a + b))];
    const plainly = (pattern: string, tag: string): boolean => {
      const [first = '', rest] = [pattern[0], pattern.slice(1)];
      if (first === '') return tag === '';
      if (first !== '*') return tag[0] === first && plainly(rest, tag.slice(1));
      return plainly(rest, tag) || (tag !== '' && plainly(pattern, tag.slice(1)));
    };
    const tags = texts('ab', 5);
    for (const pattern of new Set(texts('ab*', 5))) {
      const isFitting = fits(pattern);
      const wrong = tags.filter((tag) => isFitting(tag) !== plainly(pattern, tag));
      expect([pattern, wrong]).toEqual([pattern, []]);
    }
  });

  test('looks for each piece once, where trying all places would take thousands of steps', () => {
    const pattern = '*a*a*a*b';
    const isFitting = fits(pattern);
    const lookUps = jest.spyOn(String.prototype, 'indexOf');
    const fitted = isFitting('a'.repeat(40));
    const times = lookUps.mock.calls.length;
    lookUps.mockRestore();
    expect([fitted, times]).toEqual([false, 3]);
    expect(starsIn(pattern)).toBe(4);
  });
});
