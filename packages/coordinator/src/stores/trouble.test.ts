import { expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { ownWords, StoreTrouble } from './trouble.ts';

test('a store’s words are the message of the innermost cause that has one, on one line', () => {
  const cause = new Error("The table 'leafcutter_ledger'\nis full");
  expect(ownWords(new Error('outer', { cause }))).toBe("The table 'leafcutter_ledger'\\u{a}is full");
  expect(ownWords(new Error('outer', { cause: new Error('') }))).toBe('outer');
  expect(ownWords(new AggregateError([new Error('connect ECONNREFUSED')], ''))).toBe('connect ECONNREFUSED');
});

test('is told when it changes, with the reason that clients are given', () => {
  const trouble = new StoreTrouble();
  const told: unknown[] = [];
  trouble.onChange = () => void told.push(trouble.last);
  const full = new LeafcutterError('STORE_UNAVAILABLE', 'MySQL cannot.', {
    reason: 'refused',
    cause: new Error('full'),
  });
  for (let call = 0; call < 3; call++) trouble.met(full);
  trouble.met(new Error('gone'));
  for (let call = 0; call < 3; call++) trouble.over();
  expect(told).toEqual([{ reason: 'refused', words: 'full' }, { reason: null, words: 'gone' }, undefined]);
});
