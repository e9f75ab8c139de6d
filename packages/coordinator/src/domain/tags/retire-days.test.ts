import { beforeEach, expect, test } from '@jest/globals';
import { datedName } from '@leafcutter/shared/dated';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { newTag } from '../../fakes/samples.ts';
import { DatedTags } from './dated-tags.ts';
import { retireDays } from './retire-days.ts';

const DAY_MS = 86_400_000;
const BERLIN = 'o{yyyyMMdd@Europe/Berlin}';
const UTC = 'o{yyyyMMdd}';

let clock: FakeClock;
let store: MemoryStore;

async function retired(): Promise<string[]> {
  return (await store.listTags(undefined, 100)).filter((tag) => tag.retired).map(({ tag }) => tag);
}

/** Ten days of both templates; it is 23:30 UTC of the tenth, and already the eleventh in Berlin. */
beforeEach(async () => {
  clock = new FakeClock(Date.UTC(2026, 10, 1, 22, 30));
  store = new MemoryStore(clock);
  for (const tag of [UTC, BERLIN]) await store.createTag(newTag(tag, { shape: '{yyyyMMdd}{decimal:6}' }));
  const dated = new DatedTags(store, 2_000);
  for (let day = 0; day < 10; day++) {
    for (const tag of [UTC, BERLIN]) await dated.prepare(datedName(tag, clock.now()));
    await clock.advance(DAY_MS);
  }
  clock.jump(-DAY_MS + 3_600_000);
});

test('days that ended so long ago, in the time zone of their tag, are retired once; their rows stay', async () => {
  expect(await retireDays(store, 7 * DAY_MS)).toBe(2 + 3);
  expect(await retired()).toEqual([
    ...['o{20261101@Europe/Berlin}', 'o{20261101}', 'o{20261102@Europe/Berlin}', 'o{20261102}'],
    'o{20261103@Europe/Berlin}',
  ]);
  expect(await retireDays(store, 7 * DAY_MS)).toBe(0);
  expect(await store.listTags(undefined, 100)).toHaveLength(22);
});

test('what only looks like a day is left alone: of no template, or not made for it', async () => {
  await store.createTag(newTag('x{20200101}'));
  await store.createTag(newTag('o{20200101}', { shape: '{decimal:6}' }));
  await store.createTag(newTag('z{yyyyMMdd@Nowhere/Land}', { shape: '{yyyyMMdd}{decimal:6}' }));
  await store.createTag(newTag('z{20200101@Nowhere/Land}', { shape: '20200101{decimal:6}' }));
  expect(await retireDays(store, 365 * DAY_MS)).toBe(0);
  expect(await retired()).toEqual([]);
});

test('a day that is retired stays so: its counter never begins again', async () => {
  await retireDays(store, 0);
  const [, first = ''] = await retired();
  await expect(store.createTag(newTag(first, { shape: '20261101{decimal:6}' }))).rejects.toMatchObject({
    code: 'TAG_EXISTS',
  });
});
