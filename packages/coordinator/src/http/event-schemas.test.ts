import { expect, test } from '@jest/globals';
import { REDIS_STATES } from '@leafcutter/shared/fleet-views';
import { FLEET_EVENTS } from './event-schemas.ts';

test.each(REDIS_STATES)('the event of the fleet may say of Redis that it is %s', (redis) => {
  const issues = FLEET_EVENTS.fleet?.safeParse({ stores: { redis } }).error?.issues ?? [];
  const paths = issues.map(({ path }) => path.join('.'));
  expect(paths).toContain('stores.store');
  expect(paths).not.toContain('stores.redis');
});
