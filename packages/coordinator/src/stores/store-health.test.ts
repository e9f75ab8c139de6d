import { expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { Health } from '@leafcutter/shared/health';
import { createLogger } from '@leafcutter/shared/logger';
import { noteRedis, noteStore } from './store-health.ts';

function newHealth() {
  return new Health(new FakeClock(), createLogger('silent', {}, { write: () => undefined }));
}

test.each([
  ['unreachable', 'down'],
  ['connection_lost', 'down'],
  ['commit_unclear', 'down'],
  ['refused', 'refusing'],
  ['rights', 'refusing'],
  ['read_only', 'refusing'],
  ['connections', 'crowded'],
  ['deadline', 'slow'],
])('a store that does not serve because of %s is %s', (reason, state) => {
  const health = newHealth();
  noteStore(health, { reason, words: "Access denied for user 'leaf'@'db-1'" });
  expect(health.withoutWords).toMatchObject([{ name: 'store', state, ok: false, reason }]);
  expect(JSON.stringify(health.withoutWords)).not.toContain('db-1');
  noteStore(health, undefined);
  expect(health.dependencies).toMatchObject([{ state: 'up', ok: true, reason: null, words: null }]);
});

test('a Redis is told as its state is, with its own words', () => {
  const health = newHealth();
  const seen = () => health.dependencies.map(({ state, reason, words }) => [state, reason, words])[0];
  noteRedis(health, 'none', undefined, undefined);
  expect(seen()).toBeUndefined();
  const trouble = { reason: null, words: 'WRONGPASS' };
  noteRedis(health, 'down', trouble, undefined);
  expect(seen()).toEqual(['down', 'redis', 'WRONGPASS']);
  noteRedis(health, 'read_only', { reason: null, words: 'OOM' }, undefined);
  expect(seen()).toEqual(['read_only', 'redis_read_only', 'OOM']);
  const refusal = new LeafcutterError('STORE_UNAVAILABLE', 'Another’s.', { reason: 'other_redis' });
  noteRedis(health, 'refused', undefined, refusal);
  expect(seen()).toEqual(['refused', 'other_redis', null]);
  noteRedis(health, 'up', undefined, undefined);
  expect(seen()).toEqual(['up', null, null]);
});

test('a Redis that could not be reached at start is down before the watch has given it up', () => {
  const health = newHealth();
  noteRedis(health, 'up', { reason: 'redis', words: 'connect ECONNREFUSED' }, undefined);
  expect(health.dependencies).toMatchObject([{ state: 'down', ok: false, words: 'connect ECONNREFUSED' }]);
});
