import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { Paces } from './paces.ts';

test('what is asked for one thing does not keep another waiting', () => {
  const paces = new Paces<string>(new FakeClock(), 1, 'token');
  for (let index = 0; index < 10; index++) paces.check('reports', 'a');
  expect(() => paces.check('reports', 'a')).toThrow();
  for (const kind of ['segments', 'leases', 'reads'] as const) paces.check(kind, 'a');
  paces.change(2);
  for (let index = 0; index < 20; index++) paces.check('reports', 'a');
  expect(() => paces.check('reports', 'a')).toThrow();
});
