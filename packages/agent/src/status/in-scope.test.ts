import { expect, test } from '@jest/globals';
import { Scope } from '@leafcutter/shared/http/tokens';
import { statusInScope } from './in-scope.ts';

const buffer = (tag: string) => ({
  tag,
  current: null,
  next: null,
  prefetchAt: 0,
  remaining: 0,
  ratePerSecond: 0,
  runwaySeconds: null,
  refill: 'idle' as const,
  lastError: null,
  waiting: 0,
});
const own = {
  agentId: 'a',
  instanceId: 'i',
  version: '1',
  timeMs: 0,
  clock: { offsetMs: 0, skewed: false },
  tags: ['users', 'orders-eu', 'bills-{20261130}', 'parcels'].map(buffer),
  snowflake: {
    state: 'asking' as const,
    machineId: null,
    window: null,
    windowRemainingMs: 0,
    lastTimestampMs: 0,
    issued: 0,
    lastError: null,
  },
};
const status = { ...own, workers: [own, own] };

const seen = (names: readonly string[] | undefined) => {
  const { workers = [], ...first } = statusInScope(status, new Scope(names));
  const parts = [first, ...workers].map(({ tags, snowflake }) => [
    tags.map(({ tag }) => tag).join(' '),
    snowflake !== null,
  ]);
  expect(parts).toEqual([parts[0], parts[0], parts[0]]);
  return parts[0];
};

test.each([
  ['everything', undefined, ['users orders-eu bills-{20261130} parcels', true]],
  ['one tag', ['users'], ['users', false]],
  ['a pattern, and snowflake mode', ['orders-*', '@snowflake'], ['orders-eu', true]],
  ['a dated tag, with its days', ['bills-{yyyyMMdd}'], ['bills-{20261130}', false]],
  ['nothing that is there', ['nobody'], ['', false]],
])('a token that opens %s sees that, of every worker', (_what, names, expected) => {
  expect(seen(names)).toEqual(expected);
});
