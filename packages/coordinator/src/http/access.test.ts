import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import type { Request } from 'express';
import { Access } from './access.ts';

const SETTINGS = {
  agentTokens: ['mine', 'other'],
  scopedAgentTokens: [],
  adminTokens: [],
  viewerTokens: [],
  tokenRequestsPerS: 1,
};

const requestWith = (token: string) =>
  ({ headers: { authorization: `Bearer ${token}` }, params: { tag: 'orders' } }) as unknown as Request;

test('an admin is known by the name of the token, and a token without one is not told apart', () => {
  const tokens = ['alice  secret-a', 'secret-b', 'bob secret-a'];
  const access = new Access(new FakeClock(), { ...SETTINGS, adminTokens: tokens });
  access.guards.admin(requestWith('secret-a'));
  access.guards.viewer(requestWith('secret-a'));
  expect(() => access.guards.admin(requestWith('alice'))).toThrow('is not valid');
  expect(access.adminName(requestWith('secret-a'))).toBe('alice');
  expect(access.adminName(requestWith('secret-b'))).toBe('(unnamed)');
  access.replace({ ...SETTINGS, adminTokens: ['carol secret-b'] });
  expect(access.adminName(requestWith('secret-b'))).toBe('carol');
  expect(() => access.adminName(requestWith('secret-a'))).toThrow('is not valid');
  access.replace(SETTINGS);
  expect(access.adminName(requestWith('whatever'))).toBe('(anyone)');
});

test.each(['reports', 'segments', 'reads', 'leases'] as const)(
  'a token that asks for %s too fast is refused, another one is not, and a change counts at once',
  (kind) => {
    const access = new Access(new FakeClock(), SETTINGS);
    const admitted = (token: string) => {
      let count = 0;
      try {
        for (; count < 100; count++) access.guards[kind](requestWith(token));
      } catch (error) {
        expect(error).toMatchObject({ code: 'RATE_LIMITED', reason: 'token' });
      }
      return count;
    };
    expect([admitted('mine'), admitted('mine'), admitted('other')]).toEqual([10, 0, 10]);
    access.replace({ ...SETTINGS, tokenRequestsPerS: 2 });
    expect(admitted('mine')).toBe(20);
  },
);
