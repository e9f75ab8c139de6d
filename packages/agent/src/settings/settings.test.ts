import { expect, test } from '@jest/globals';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { flagName } from '@leafcutter/shared/config/names';
import { agentSettings } from './settings.ts';

function problemsOf(...argv: string[]): string {
  try {
    loadConfig(agentSettings, { argv, env: {}, cwd: '/', service: 'agent', readFile: () => '' });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const TOKENS = ['--tokens', '0123456789abcdef'];
const OPEN = ['--resp-listen', '0.0.0.0:6390'];

test.each([
  ['nothing at all', []],
  ['every door on loopback', ['--resp-listen', '127.0.0.1:6390']],
  ['a door for other machines with tokens', [...TOKENS, '--resp-listen', '0.0.0.0:6390']],
  [
    'a door for other machines, where that is said',
    ['--resp-listen', '0.0.0.0:6390', '--allow-unauthenticated-network'],
  ],
  [
    'a short token on loopback',
    ['--tokens', 'a', '--scoped-tokens', 'orders a', '--tinyid-tokens', 'orders=a'],
  ],
  [
    'a short token for other machines, where that is said',
    [...OPEN, '--tokens', 'a', '--allow-unauthenticated-network'],
  ],
  ['a pattern of eight stars', ['--scoped-tokens', '*a*a*a*a*a*a*a* secret']],
  ['port 0 twice', ['--listen', '127.0.0.1:0', '--resp-listen', '127.0.0.1:0']],
  ['health and metrics for other machines', ['--ops-listen', '0.0.0.0:8002']],
  ['tokens of tinyid’s clients', ['--tinyid-tokens', 'orders=secret,orders=other=one']],
  ['Unix sockets', ['--unix-http', '/run/leafcutter/http.sock', '--unix-mode', '0666']],
])('takes %s', (_what, argv) => {
  expect(problemsOf(...argv)).toBe('');
});

test.each([
  [
    'HTTP for other machines without tokens',
    ['--listen', '0.0.0.0:8000'],
    '--listen is 0.0.0.0:8000: other machines can reach it',
  ],
  [
    'RESP for other machines without tokens',
    ['--resp-listen', '[::]:6390'],
    '--resp-listen is [::]:6390: other machines can reach it',
  ],
  [
    'two doors at one address',
    ['--ops-listen', '127.0.0.1:9000', '--resp-listen', '127.0.0.1:9000'],
    'must not be the same address as opsListen',
  ],
  [
    'ops at the address of HTTP',
    ['--ops-listen', '127.0.0.1:8000'],
    'must not be the same address as listen',
  ],
  ['a tinyid token without a tag', ['--tinyid-tokens', 'orders=a,secret'], 'must be entries as tag=token'],
  ['a tinyid token that is empty', ['--tinyid-tokens', 'orders='], 'must be entries as tag=token'],
  ['a tinyid token with a space', ['--tinyid-tokens', 'orders=a b'], 'printable ASCII'],
  ['a short token for other machines', [...OPEN, '--tokens', '0123456789abcde'], '--tokens is ***: has a'],
  [
    'a short token among long ones',
    [...OPEN, '--tokens', '0123456789abcdef,a'],
    'fewer than 16 characters, which other machines could guess; make a longer one with "openssl rand -hex 24"',
  ],
  [
    'a short token for some tags and other machines',
    [...OPEN, ...TOKENS, '--scoped-tokens', 'a-long-name-of-a-tag b'],
    '--scoped-tokens is ***: has a token of fewer',
  ],
  [
    'a short token of tinyid’s clients on other machines',
    [...OPEN, ...TOKENS, '--tinyid-tokens', 'a-long-name-of-a-tag=b'],
    '--tinyid-tokens is ***: has a token of fewer',
  ],
  ['a token with a space, which none can match', ['--tokens', 'two words'], 'printable ASCII'],
  ['a token with an umlaut', ['--tokens', 'schlüssel'], '--tokens is ***: must be tokens of printable ASCII'],
  ['a token with a control character', ['--tokens', 'a\u0007'], 'printable ASCII'],
  ['a token for some tags with an umlaut', ['--scoped-tokens', 'orders schlüssel'], 'printable ASCII'],
  ['a token for the coordinators with a space', ['--coordinator-token', 'a b'], '--coordinator-token is ***'],
  ['a pattern of nine stars', ['--scoped-tokens', '*a*a*a*a*a*a*a*a* secret'], 'at most 8 times'],
  ['a mode that is no mode', ['--unix-mode', '999'], 'octal'],
])('refuses %s', (_what, argv, problem) => {
  expect(problemsOf(...argv)).toContain(problem);
});

/** Every address, except the one that is only told. */
const LISTENERS = [...agentSettings.byKey].flatMap(([key, { placeholder }]) =>
  placeholder === 'host:port' && key !== 'resp.announce' ? [key] : [],
);

test.each(LISTENERS.filter((key) => key !== 'opsListen'))('%s for other machines needs tokens', (key) => {
  const flag = flagName(key);
  expect(problemsOf(flag, '0.0.0.0:9999')).toContain(`${flag} is 0.0.0.0:9999: other machines can reach it`);
});

test.each(LISTENERS.filter((key) => key !== 'listen'))('%s takes no address that another one has', (key) => {
  expect(problemsOf(flagName(key), '127.0.0.1:8000')).toContain('must not be the same address as listen');
});

test('a refused token is not shown', () => {
  expect(problemsOf('--tinyid-tokens', 'secret')).not.toContain('secret');
  for (const flag of ['--tokens', '--scoped-tokens', '--coordinator-token', '--tinyid-tokens'])
    expect(problemsOf(flag, 'orders=hünter2 x')).not.toMatch(/nter2/);
  expect(problemsOf(...OPEN, '--tokens', 'hunter2')).not.toContain('hunter2');
});
