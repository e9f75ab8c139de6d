import { expect, test } from '@jest/globals';
import { ASKING, bufferView, report } from '@leafcutter/shared/fakes/samples';
import { Scope } from '@leafcutter/shared/http/tokens';
import { statusInScope } from './in-scope.ts';

const own = {
  ...report(),
  tags: ['users', 'orders-eu', 'bills-{20261130}', 'parcels'].map((tag) => bufferView(tag)),
  snowflake: ASKING,
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
