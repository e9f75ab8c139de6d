import { describe, expect, test } from '@jest/globals';
import { refuseForeignHost, refuseForeignPage } from './foreign-pages.ts';

const HOST = { host: '127.0.0.1:8100' };
const passes = (work: () => void) => {
  try {
    work();
    return true;
  } catch {
    return false;
  }
};

describe('a request', () => {
  test.each([
    ['of a program', 'POST', {}, true],
    ['of the console', 'POST', { 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:8100' }, true],
    [
      'of the console behind a proxy that sets Host',
      'PATCH',
      { 'sec-fetch-site': 'same-origin', origin: 'https://ids.example' },
      true,
    ],
    ['typed into the address bar', 'GET', { 'sec-fetch-site': 'none' }, true],
    [
      'by a link on another site',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      true,
    ],
    [
      'by a form on another site',
      'POST',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      false,
    ],
    [
      'by a script of another site',
      'POST',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      false,
    ],
    [
      'by an image on another port',
      'GET',
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
      false,
    ],
    ['of an old browser on the console', 'POST', { origin: 'http://127.0.0.1:8100' }, true],
    ['of an old browser on another site', 'POST', { origin: 'https://evil.example' }, false],
    ['from a sandbox', 'POST', { origin: 'null' }, false],
  ])('%s (%s) passes or not', (_what, method, headers, expected) => {
    expect(passes(() => refuseForeignPage(method, { ...HOST, ...headers }))).toBe(expected);
  });

  test.each([
    ['127.0.0.1:8100', true],
    ['localhost', true],
    ['LOCALHOST:80', true],
    ['[::1]:8100', true],
    ['', true],
    ['evil.example:8100', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example:8100', false],
  ])('to host %s passes: %s', (host, expected) => {
    expect(passes(() => refuseForeignHost({ host }))).toBe(expected);
  });
});
