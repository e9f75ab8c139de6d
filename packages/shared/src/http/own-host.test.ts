import { expect, test } from '@jest/globals';
import { refuseForeignHost } from './own-host.ts';

const passes = (host: string) => {
  try {
    refuseForeignHost({ host });
    return true;
  } catch {
    return false;
  }
};

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
  expect(passes(host)).toBe(expected);
});
