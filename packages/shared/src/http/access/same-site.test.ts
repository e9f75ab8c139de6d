import { describe, expect, test } from '@jest/globals';
import { checkSameSite } from './same-site.ts';

const host = '127.0.0.1:8100';
const ask = (headers: Record<string, string>, method = 'POST') =>
  checkSameSite({ method, headers: { host, ...headers } });
const refused = expect.objectContaining({ code: 'FORBIDDEN', reason: 'cross_site' });
const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

describe('a request passes', () => {
  test.each([
    ['of a program, which says nothing', {}],
    ['of the page that the service served', { 'sec-fetch-site': 'same-origin', origin: `http://${host}` }],
    ['that was typed into the address bar', { 'sec-fetch-site': 'none' }],
    [
      'of the own page behind a proxy that changes Host',
      { 'sec-fetch-site': 'same-origin', origin: 'https://ids.example' },
    ],
    ['of the own page in a browser that tells its origin only', { origin: `http://${host}` }],
  ])('%s', (_title, headers) => {
    expect(() => ask(headers)).not.toThrow();
  });

  test('that follows a link from another site', () => {
    expect(() => ask(link, 'GET')).not.toThrow();
  });
});

describe('a request is refused', () => {
  test.each([
    ['of another site', { 'sec-fetch-site': 'cross-site' }],
    ['of another port of the same machine', { 'sec-fetch-site': 'same-site' }],
    ['of another origin, by a browser that tells its origin only', { origin: 'http://127.0.0.1:3000' }],
    ['of a page without an origin', { origin: 'null' }],
    ['of a form on another site', link],
  ])('%s', (_title, headers) => {
    expect(() => ask(headers)).toThrow(refused);
  });

  test.each([
    ['an image', { ...link, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame', { ...link, 'sec-fetch-dest': 'iframe' }],
  ])('that %s on another site makes', (_title, headers) => {
    expect(() => ask(headers, 'GET')).toThrow(refused);
  });
});
