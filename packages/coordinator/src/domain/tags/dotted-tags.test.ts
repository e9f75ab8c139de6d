import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { newTag } from '../../fakes/samples.ts';
import { dottedPairs } from './dotted-tags.ts';

async function pairsOf(tags: readonly string[], retired: readonly string[] = []) {
  const store = new MemoryStore(new FakeClock());
  for (const tag of tags) await store.createTag(newTag(tag));
  for (const tag of retired) await store.changeTag(tag, { retired: true });
  return dottedPairs(store);
}

test('finds each tag that Leaf serves from another one, however far apart they stand', async () => {
  const between = Array.from({ length: 2_000 }, (_, n) => `acct-${n}`);
  const tags = ['acct.v2', 'acct', 'com.shop.order', 'com.shop', 'lone.v2', 'plain', 'acct.v3', ...between];
  expect(await pairsOf(tags)).toEqual({
    count: 3,
    named: [
      { tag: 'acct.v2', stem: 'acct' },
      { tag: 'acct.v3', stem: 'acct' },
      { tag: 'com.shop.order', stem: 'com.shop' },
    ],
    isComplete: true,
  });
});

test('finds none where one of both is retired: nobody draws from it', async () => {
  const tags = ['acct', 'acct.v2', 'pay', 'pay.v2'];
  expect(await pairsOf(tags, ['acct', 'pay.v2'])).toMatchObject({ count: 0, named: [] });
});

test('names ten of many', async () => {
  const tags = ['a', ...Array.from({ length: 30 }, (_, n) => `a.${n}`)];
  const { count, named } = await pairsOf(tags);
  expect([count, named.length]).toEqual([30, 10]);
});
