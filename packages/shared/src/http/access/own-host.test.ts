import { expect, test } from '@jest/globals';
import { isOwnHost, refuseForeignHost } from './own-host.ts';

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
  ['10.0.0.7:8100', true],
  ['[fd00::7]', true],
  ['evil.example:8100', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example:8100', false],
])('to host %s passes: %s', (host, expected) => {
  expect(passes(host)).toBe(expected);
});

test('names that are allowed are one’s own, in whatever case and with whatever port', () => {
  const allowed = ['agent.internal'];
  expect(['agent.internal', 'Agent.Internal:8000'].filter((host) => isOwnHost(host, allowed))).toHaveLength(
    2,
  );
  expect(
    ['agent.internal.evil.example', 'x.agent.internal'].filter((host) => isOwnHost(host, allowed)),
  ).toEqual([]);
});
