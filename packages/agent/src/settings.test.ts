import { expect, test } from '@jest/globals';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { agentSettings } from './settings.ts';

function problemsOf(...argv: string[]): string {
  try {
    loadConfig(agentSettings, { argv, env: {}, cwd: '/', service: 'agent', readFile: () => '' });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const TOKENS = ['--tokens', 'a'];

test.each([
  ['nothing at all', []],
  ['every door on loopback', ['--resp-listen', '127.0.0.1:6390']],
  ['a door for other machines with tokens', [...TOKENS, '--resp-listen', '0.0.0.0:6390']],
  [
    'a door for other machines, where that is said',
    ['--resp-listen', '0.0.0.0:6390', '--allow-unauthenticated-network'],
  ],
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
    '--listen is 0.0.0.0:8000: is reachable',
  ],
  [
    'RESP for other machines without tokens',
    ['--resp-listen', '[::]:6390'],
    '--resp-listen is [::]:6390: is reachable',
  ],
  [
    'two doors at one address',
    ['--ops-listen', '127.0.0.1:9000', '--resp-listen', '127.0.0.1:9000'],
    'must not be the address of opsListen',
  ],
  ['ops at the address of HTTP', ['--ops-listen', '127.0.0.1:8000'], 'must not be the address of listen'],
  ['a tinyid token without a tag', ['--tinyid-tokens', 'orders=a,secret'], 'takes entries as tag=token'],
  ['a tinyid token that is empty', ['--tinyid-tokens', 'orders='], 'takes entries as tag=token'],
  ['a mode that is no mode', ['--unix-mode', '999'], 'octal'],
])('refuses %s', (_what, argv, problem) => {
  expect(problemsOf(...argv)).toContain(problem);
});

test('a refused token is not shown', () => {
  expect(problemsOf('--tinyid-tokens', 'secret')).not.toContain('secret');
});
