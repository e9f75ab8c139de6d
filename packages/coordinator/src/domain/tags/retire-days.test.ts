import { beforeEach, describe, expect, test } from '@jest/globals';
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

/** Ten days of both templates; it is 23:30 UTC of the tenth, and already the eleventh in Berlin, which is there, too. */
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
  await dated.prepare(datedName(BERLIN, clock.now()));
});

function retire(days: number, wrongByMs = 0): Promise<number> {
  return retireDays(store, days * DAY_MS, clock.now() + wrongByMs);
}

test('days that ended so long ago, in the time zone of their tag, are retired once; their rows stay', async () => {
  expect(await retire(7)).toBe(2 + 3);
  expect(await retired()).toEqual([
    ...['o{20261101@Europe/Berlin}', 'o{20261101}', 'o{20261102@Europe/Berlin}', 'o{20261102}'],
    'o{20261103@Europe/Berlin}',
  ]);
  expect(await retire(7)).toBe(0);
  expect(await store.listTags(undefined, 100)).toHaveLength(23);
});

test('what only looks like a day is left alone: of no template, or not made for it', async () => {
  await store.createTag(newTag('x{20200101}'));
  await store.createTag(newTag('o{20200101}', { shape: '{decimal:6}' }));
  await store.createTag(newTag('z{yyyyMMdd@Nowhere/Land}', { shape: '{yyyyMMdd}{decimal:6}' }));
  await store.createTag(newTag('z{20200101@Nowhere/Land}', { shape: '20200101{decimal:6}' }));
  expect(await retire(365)).toBe(0);
  expect(await retired()).toEqual([]);
});

test('a day that is retired stays so: its counter never begins again', async () => {
  await retire(0);
  const [, first = ''] = await retired();
  await expect(store.createTag(newTag(first, { shape: '20261101{decimal:6}' }))).rejects.toMatchObject({
    code: 'TAG_EXISTS',
  });
});

describe('a clock that is 400 days ahead', () => {
  const AHEAD_MS = 400 * DAY_MS;

  test('retires no day that so many later ones were not made after, so today goes on', async () => {
    expect(await retire(7, AHEAD_MS)).toBe(2 + 3);
    expect(await retired()).toEqual([
      ...['o{20261101@Europe/Berlin}', 'o{20261101}', 'o{20261102@Europe/Berlin}', 'o{20261102}'],
      'o{20261103@Europe/Berlin}',
    ]);
    expect(await retire(7, AHEAD_MS)).toBe(0);
  });

  test('also if it is everybody’s for a moment, in which a day is made, and it steps back and forth', async () => {
    const dated = new DatedTags(store, 2_000);
    for (const days of [400, -400, 400, -400, 401, -401]) {
      clock.jump(days * DAY_MS);
      await dated.prepare(datedName(UTC, clock.now()));
      await retire(7);
    }
    // Two days were made that nobody has come to.
    expect((await retired()).filter((tag) => tag.includes('2026'))).toEqual([
      ...['o{20261101@Europe/Berlin}', 'o{20261101}', 'o{20261102@Europe/Berlin}', 'o{20261102}'],
      ...['o{20261103@Europe/Berlin}', 'o{20261103}', 'o{20261104}'],
    ]);
  });

  test('a template of hours, months or years keeps as much time', async () => {
    const [HOURS, MONTHS, YEARS] = ['h{yyyyMMddHH}', 'm{yyyyMM}', 'y{yyyy}'];
    const shapes = ['{yyyyMMddHH}{decimal:6}', '{yyyyMM}{decimal:6}', '{yyyy}{decimal:6}'];
    const dated = new DatedTags(store, 2_000);
    for (const [index, tag] of [HOURS, MONTHS, YEARS].entries())
      await store.createTag(newTag(tag, { shape: shapes[index] ?? '' }));
    const make = async (tag: string, stepMs: number, count: number) => {
      for (let n = 0; n < count; n++) {
        await dated.prepare(datedName(tag, clock.now()));
        await clock.advance(stepMs);
      }
    };
    await make(HOURS, 3_600_000, 30);
    await make(MONTHS, 31 * DAY_MS, 4);
    await make(YEARS, 366 * DAY_MS, 3);
    await retire(1, AHEAD_MS);
    const gone = await retired();
    expect(gone.filter((tag) => tag.startsWith('h'))).toHaveLength(30 - 25);
    expect(gone.filter((tag) => tag.startsWith('m'))).toHaveLength(4 - 1);
    expect(gone.filter((tag) => tag.startsWith('y'))).toHaveLength(3 - 1);
  });
});
