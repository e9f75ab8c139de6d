import { expect, test } from '@jest/globals';
import { PLAIN_TEXT, visible, visibleJson } from './visible.ts';

const OBEYED = [
  ...['\u0000', '\u0007', '\b', '\t', '\n', '\r', '\u001b', '\u007f', '\u0085', '\u009b', '\u061c'],
  ...['\u200e', '\u200f', '\u2028', '\u2029', '\u202a', '\u202e', '\u2066', '\u2069'],
].map((character) => [character, (character.codePointAt(0) ?? 0).toString(16)] as const);

test.each(OBEYED)('%j is written out', (character, hex) => {
  expect(visible(`a${character}b`)).toBe(`a\\u{${hex}}b`);
  expect(PLAIN_TEXT.test(`a${character}b`)).toBe(false);
});

test.each(OBEYED)('%j is written out in JSON, which stays the same JSON', (character) => {
  const json = JSON.stringify({ a: `x${character}y` });
  const shown = visibleJson(json);
  expect(visible(shown)).toBe(shown);
  expect(JSON.parse(shown)).toEqual({ a: `x${character}y` });
});

test.each(['', 'all orders', 'Bestellungen für Zürich', '注文 👍', 'עברית', 'a\\u{202e}b'])(
  '%j is shown as it is',
  (text) => {
    expect(visible(text)).toBe(text);
    expect(visibleJson(text)).toBe(text);
    expect(PLAIN_TEXT.test(text)).toBe(true);
  },
);

test('the line breaks between the lines of JSON are kept', () => {
  expect(visibleJson('{\n  "a": 1\n}\n')).toBe('{\n  "a": 1\n}\n');
});
