import { expect, test } from '@jest/globals';
import type { Logger } from '@leafcutter/shared/logger';
import { ownWords, StoreTrouble } from './trouble.ts';

test('the words of a store are those of the last cause that has any, in one line', () => {
  const cause = new Error("The table 'leafcutter_ledger'\nis full");
  expect(ownWords(new Error('outer', { cause }))).toBe("The table 'leafcutter_ledger'\\u{a}is full");
  expect(ownWords(new Error('outer', { cause: new Error('') }))).toBe('outer');
  expect(ownWords(new AggregateError([new Error('connect ECONNREFUSED')], ''))).toBe('connect ECONNREFUSED');
});

test('is told when it changes, and not again for a store that refuses every other call', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const log = { warn: (_: object, line: string) => lines.push(line) } as unknown as Logger;
  const trouble = new StoreTrouble('MySQL', log, () => nowMs);
  for (let call = 0; call < 100; call++) {
    trouble.met(new Error('full'));
    trouble.over();
  }
  expect(lines).toEqual(['MySQL does not serve: full']);
  expect(trouble.words).toBeUndefined();
  trouble.met(new Error('read-only'));
  expect(trouble.words).toBe('read-only');
  nowMs += 60_000;
  trouble.over();
  trouble.met(new Error('read-only'));
  expect(lines.slice(1)).toEqual(['MySQL does not serve: read-only', 'MySQL does not serve: read-only']);
});
