import { expect, test } from '@jest/globals';
import { failure } from './replies.ts';

test('a refusal stays in its line, whatever a client’s text in it holds: it can forge no answer', () => {
  expect(failure('ERR no tag "a\r\n:1\r\n\u001b[2K"')).toBe('-ERR no tag "a :1 [2K"\r\n');
});

test('and is cut where it is too long', () => {
  expect(failure('x'.repeat(10_000))).toHaveLength(515);
});
