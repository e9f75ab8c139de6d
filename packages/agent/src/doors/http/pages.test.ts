import { describe, expect, test } from '@jest/globals';
import { Address } from '@leafcutter/shared/config/address';
import { Tokens } from '@leafcutter/shared/http/tokens';
import type { AgentConfig } from '../../settings/settings.ts';
import { Pages } from './pages.ts';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/143.0 Safari/537.36';
const DRAW = '/v1/ids/orders';

/** The answer of an agent that listens there to a request. */
function says(
  headers: Record<string, string>,
  own: { path?: string; listen?: string; tokens?: string[]; allowedHosts?: string[] } = {},
): string {
  const { path = DRAW, listen = '127.0.0.1:8000', tokens = [], allowedHosts = [] } = own;
  const config = { listen: Address.parse(listen), allowedHosts } as unknown as AgentConfig;
  try {
    new Pages({ tokens: new Tokens(tokens), config }).check(path, headers);
    return 'passes';
  } catch (error) {
    return String((error as { reason: string }).reason);
  }
}

describe('an agent without tokens', () => {
  test.each([
    ['on loopback, by an address', { host: '127.0.0.1:8000' }, '127.0.0.1:8000', 'passes'],
    [
      'on loopback, by a name that a page gave it',
      { host: 'evil.example' },
      '127.0.0.1:8000',
      'foreign_host',
    ],
    ['on loopback, by a name that is allowed', { host: 'agent.internal:8000' }, '127.0.0.1:8000', 'passes'],
    ['on a network, by whatever name', { host: 'agent.default.svc' }, '0.0.0.0:8000', 'passes'],
    [
      'on a network, by a browser that does not say for whom',
      { host: 'agent.default.svc', 'user-agent': CHROME },
      '0.0.0.0:8000',
      'browser',
    ],
    [
      'on loopback, by a person who typed the address',
      { host: 'localhost:8000', 'user-agent': CHROME, 'sec-fetch-site': 'none' },
      '127.0.0.1:8000',
      'passes',
    ],
    ['on a network, by a program', { host: 'a', 'user-agent': 'okhttp/4.12.0' }, '0.0.0.0:8000', 'passes'],
  ])('asked for an ID %s', (_how, headers, listen, expected) => {
    const allowedHosts = ['agent.internal'];
    expect(says(headers as unknown as Record<string, string>, { listen, allowedHosts })).toBe(expected);
  });

  test.each(['/', '/assets/agent.js', '/v1/status', '/v1/events', '/cache', '/metrics'])(
    'lets a browser look at %s',
    (path) => {
      expect(says({ host: 'agent', 'user-agent': CHROME }, { path, listen: '0.0.0.0:8000' })).toBe('passes');
    },
  );
});

test('an agent with tokens leaves it to them', () => {
  expect(says({ host: 'evil.example', 'user-agent': CHROME }, { tokens: ['secret'] })).toBe('passes');
});
