import { describe, expect, test } from '@jest/globals';
import { prefersJson } from './accept.ts';

describe('JSON goes to who would rather have it', () => {
  test.each([
    ['ky, .json()', 'application/json'],
    ['Spring, Long.class', 'application/json, application/*+json'],
    ['axios, which rounds bare numbers', 'application/json, text/plain, */*'],
    ['HTTPie, --json', 'application/json, */*;q=0.5'],
    ['it is named, and text only by a star', 'application/json, */*'],
    ['the same, the other way round', '*/*, application/json'],
    ['other letters', 'Application/JSON'],
    ['parameters', 'application/json; charset=utf-8'],
    ['more quality', 'text/plain;q=0.5, application/json;q=0.6'],
    ['text is not taken', 'text/plain;q=0, */*'],
    ['only its kind is taken', 'application/*'],
    ['beside a type that is not here', 'text/html, application/json'],
    ['spaces', ' text/plain ; q = 0.1 , application/json ; q = 0.2 '],
  ])('%s: %s', (_, accept) => {
    expect(prefersJson(accept)).toBe(true);
  });

  test.each([
    ['no wish at all', undefined],
    ['an empty one', ''],
    ['curl and most others', '*/*'],
    ['Spring, String.class', 'text/plain, application/json, application/*+json, */*'],
    ['JSON is not taken', 'application/json;q=0'],
    ['JSON is not taken, all else is', 'application/json;q=0, */*'],
    ['another type', 'application/json-seq'],
    ['another type of the same end', 'application/problem+json'],
    ['less quality', 'application/json;q=0.5, text/plain'],
    ['less quality than a star', 'application/json;q=0.5, */*'],
    ['HttpURLConnection and tinyid', 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2'],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'],
    ['nothing that is here', 'image/png'],
  ])('text goes to everybody else. %s: %s', (_, accept) => {
    expect(prefersJson(accept)).toBe(false);
  });
});
