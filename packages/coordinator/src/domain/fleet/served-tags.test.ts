import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryDatabase } from '../../fakes/memory-database.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { newTag } from '../../fakes/samples.ts';
import { ServedTags } from './served-tags.ts';

async function serving(...names: string[]) {
  const clock = new FakeClock();
  const store = new MemoryStore(clock, new MemoryDatabase());
  for (const name of names) await store.createTag(newTag(name));
  const statements: string[][] = [];
  const served = new ServedTags(
    {
      findTags(tags) {
        statements.push([...tags]);
        return store.findTags(tags);
      },
    },
    clock,
  );
  return { clock, store, served, statements };
}

test('what is asked meanwhile shares one statement, and what is served is not asked again for two seconds', async () => {
  const { clock, served, statements } = await serving('a', 'b', 'c');
  const answers = await Promise.all([['a'], ['a', 'b'], ['c', 'b']].map((tags) => served.goneOf(tags)));
  expect(answers).toEqual([[], [], []]);
  expect(statements).toEqual([['a', 'b', 'c']]);
  await clock.advance(1_999);
  await served.goneOf(['a', 'b', 'c']);
  expect(statements).toHaveLength(1);
  await clock.advance(1);
  await served.goneOf(['b']);
  expect(statements).toEqual([['a', 'b', 'c'], ['b']]);
});

test('that a tag is gone is asked each time, so that one that came back is not dropped', async () => {
  const { store, served } = await serving('a');
  expect(await served.goneOf(['a', 'b'])).toEqual([{ tag: 'b', code: 'TAG_UNKNOWN' }]);
  await store.createTag(newTag('b'));
  expect(await served.goneOf(['a', 'b'])).toEqual([]);
});

test('a tag that is retired through this coordinator is gone at once, even during a statement', async () => {
  const { store, served } = await serving('a');
  const before = served.goneOf(['a']);
  served.forget();
  await store.changeTag('a', { retired: true });
  await before;
  expect(await served.goneOf(['a'])).toEqual([{ tag: 'a', code: 'TAG_RETIRED' }]);
});

test('a report with as many names as it may have is asked in full', async () => {
  const { served, statements } = await serving();
  const names = (from: number) => Array.from({ length: 1_000 }, (_, n) => `t${from + n}`);
  const [first, second] = await Promise.all([served.goneOf(names(0)), served.goneOf(names(500))]);
  expect([first?.length, second?.length]).toEqual([1_000, 1_000]);
  expect(statements.map(({ length }) => length)).toEqual([1_000, 1_000]);
});
