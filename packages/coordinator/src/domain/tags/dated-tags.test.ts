import { beforeEach, expect, test } from '@jest/globals';
import { datedName } from '@leafcutter/shared/dated';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { newTag } from '../../fakes/samples.ts';
import { DatedTags } from './dated-tags.ts';

const TEMPLATE = 'order-{yyyyMMdd}';
const SHAPE = '{yyyyMMdd}{decimal:6}';
const DAY_MS = 86_400_000;
const SKEW_MS = 2_000;

let clock: FakeClock;
let store: MemoryStore;
let dated: DatedTags;
let today: string;

beforeEach(async () => {
  clock = new FakeClock(Date.UTC(2026, 10, 26, 12));
  store = new MemoryStore(clock);
  dated = new DatedTags(store, SKEW_MS);
  await store.createTag(newTag(TEMPLATE, { shape: SHAPE, step: 7, highestId: 999_999n }));
  today = datedName(TEMPLATE, clock.now());
});

test('the tag of today is made with the settings of its template and the date in its shape', async () => {
  await dated.prepare(today);
  expect(await store.findTag(today)).toMatchObject({
    nextId: 1n,
    step: 7,
    highestId: 999_999n,
    retired: false,
    shape: '20261126{decimal:6}',
  });
});

test('several coordinators that make it at once make one', async () => {
  await Promise.all(Array.from({ length: 5 }, () => new DatedTags(store, SKEW_MS).prepare(today)));
  expect((await store.listTags(undefined, 10)).map(({ tag }) => tag)).toEqual([today, TEMPLATE]);
});

test.each([-DAY_MS, DAY_MS])(
  'a day that is %d ms off is refused, also where its tag is there',
  async (off) => {
    const other = datedName(TEMPLATE, clock.now() + off);
    await expect(dated.prepare(other)).rejects.toMatchObject({ code: 'CLOCK_SKEWED', reason: 'day' });
    expect(await store.findTag(other)).toBeUndefined();
    await store.createTag(newTag(other, { shape: SHAPE }));
    await expect(dated.prepare(other)).rejects.toMatchObject({ code: 'CLOCK_SKEWED', reason: 'day' });
  },
);

test('around midnight both days are given, for as long as clocks may differ', async () => {
  const midnight = Date.UTC(2026, 10, 27);
  const tomorrow = datedName(TEMPLATE, midnight);
  clock.jump(midnight - SKEW_MS - 1 - clock.now());
  await expect(dated.prepare(tomorrow)).rejects.toMatchObject({ code: 'CLOCK_SKEWED' });
  clock.jump(1);
  await dated.prepare(tomorrow);
  clock.jump(2 * SKEW_MS - 1);
  await dated.prepare(today);
  clock.jump(1);
  await expect(dated.prepare(today)).rejects.toMatchObject({ code: 'CLOCK_SKEWED' });
});

test('the next day is given ten minutes ahead to those whose clock is right, and to nobody else', async () => {
  const midnight = Date.UTC(2026, 10, 27);
  const tomorrow = datedName(TEMPLATE, midnight);
  clock.jump(midnight - 600_000 - 1 - clock.now());
  const ask = (agentTimeMs?: number) => expect(dated.prepare(tomorrow, agentTimeMs));
  await ask(clock.now()).rejects.toMatchObject({ code: 'CLOCK_SKEWED', reason: 'day' });
  clock.jump(1);
  await ask().rejects.toMatchObject({ code: 'CLOCK_SKEWED' });
  await ask(clock.now() + SKEW_MS + 1).rejects.toMatchObject({ code: 'CLOCK_SKEWED' });
  await ask(clock.now() + SKEW_MS).resolves.toBeUndefined();
  expect(await store.findTag(tomorrow)).toMatchObject({ nextId: 1n, shape: '20261127{decimal:6}' });
});

test('a row of that name that writes otherwise is refused: its texts could be those of another day', async () => {
  await store.createTag(newTag(today));
  await expect(dated.prepare(today)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'shape' });
});

test('a retired template retires its days', async () => {
  await dated.prepare(today);
  await store.changeTag(TEMPLATE, { retired: true });
  await expect(dated.prepare(today)).rejects.toMatchObject({ code: 'TAG_RETIRED' });
});

test('tags that are of no template are left alone', async () => {
  for (const tag of ['order', 'nothing-{20261126}']) await dated.prepare(tag);
  expect(await store.listTags(undefined, 10)).toHaveLength(1);
});
