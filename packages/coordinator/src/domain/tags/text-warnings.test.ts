import { beforeEach, describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { canShareTexts } from '@leafcutter/shared/shared-texts';
import { createTagRequest } from '@leafcutter/shared/wire';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { newTag } from '../../fakes/samples.ts';
import { DatedTags } from './dated-tags.ts';
import { TagAdmin } from './tags.ts';
import { textWarnings } from './text-warnings.ts';

let clock: FakeClock;
let store: MemoryStore;
let admin: TagAdmin;

beforeEach(() => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  admin = new TagAdmin(store, { maxStep: 1_000_000, targetDurationS: 600 });
});

/** Makes the tag; resolves to the codes and messages of the warnings. */
async function make(tag: string, shape?: string): Promise<string[]> {
  const { warnings } = await admin.create(createTagRequest.parse({ tag, shape }));
  return warnings.map(({ code, message }) => `${code}: ${message}`);
}

/** Puts rows for some tags into the store, as if others had made them. */
function fill(shapes: readonly string[]): void {
  for (const [n, shape] of shapes.entries()) store.database.shapes.set(`tag-${n}`, shape);
}

/** Gives the store many shapes, quickly; resolves to how many. */
function serve(shapes: readonly string[]): () => number {
  const sorted = shapes
    .map((shape, n) => ({ tag: `tag-${n}`, shape }))
    .sort((a, b) => (a.shape < b.shape ? -1 : 1));
  let given = 0;
  store.listShapes = async ({ above, below }, _, limit) => {
    const page = sorted.filter(({ shape }) => shape > above && shape < below).slice(0, limit);
    given += page.length;
    return page;
  };
  return () => given;
}

const shared = (...tags: string[]) => [
  expect.stringMatching(new RegExp(`^SHARED_TEXTS: .*${tags.join('.*')}`)),
];

describe('who makes a tag is warned', () => {
  test('that another one can write the same texts, and of which', async () => {
    expect(await make('one', 'X{decimal}')).toEqual([]);
    expect(await make('two', 'X{decimal}')).toEqual([
      'SHARED_TEXTS: An ID is unique within its tag only, and "one" (X{decimal}) can write the same texts. To keep IDs of both in one place, use a tag whose prefix or suffix sets its texts apart.',
    ]);
  });

  test('also later, when the tag is shown, and the one that was there first', async () => {
    await make('one', 'X{decimal}');
    await make('two', 'X{decimal}');
    expect((await admin.show('one')).warnings).toMatchObject([{ message: expect.stringContaining('"two"') }]);
    expect((await admin.show('two')).warnings).toMatchObject([{ message: expect.stringContaining('"one"') }]);
  });

  test.each([
    ['X{base36:4}', 'X1{decimal:3}'],
    ['X1{decimal:3}', 'X{base36:4}'],
    ['{base62:5}', 'ab{decimal:3}'],
    ['{yyyyMMdd}{decimal:6}', '2026{decimal:10}'],
    ['o-{opaque-base36}', 'o-{opaque-base36}'],
  ])('of %s after %s', async (shape, earlier) => {
    const dated = (text: string) => (text.includes('{yyyyMMdd}') ? 'dated-{yyyyMMdd}' : `of-${text.length}`);
    await make(`${dated(earlier)}-a`, earlier);
    expect(await make(`${dated(shape)}-b`, shape)).toEqual(shared('-a"'));
  });

  test('of a retired tag, and of one that was deleted by hand: their texts are in use', async () => {
    await make('retired', 'X{decimal}');
    await admin.retire('retired');
    await make('deleted', 'X{decimal}');
    store.database.tags.delete('deleted');
    expect(await make('new', 'X{decimal}')).toEqual(shared('"deleted"'));
    store.database.shapes.delete('deleted');
    expect((await admin.show('new')).warnings).toMatchObject([
      { message: expect.stringContaining('"retired"') },
    ]);
  });

  test('of one tag of each shape, of three by name, and that there are more', async () => {
    fill(['X{base36}', 'X{base36}', 'X{base36:2}', 'X{base62}', 'X{base62:2}', 'Y{decimal}']);
    expect(await make('new', 'X{decimal}')).toEqual(
      shared('"tag-2"', '"tag-0"', '"tag-4" .X.base62:2.. and others can'),
    );
  });

  test('of the template and not of each of its days', async () => {
    await make('dated-{yyyyMMdd}', '{yyyyMMdd}{decimal:6}');
    await new DatedTags(store, 2_000).prepare(
      `dated-{${new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '')}}`,
    );
    expect(store.database.shapes.size).toBe(2);
    expect(await make('other-{yyyyMMdd}', '{yyyyMMdd}{decimal:6}')).toEqual(shared('and "dated-{yyyyMMdd}"'));
    expect(store.database.shapes.size).toBe(3);
  });

  test('at least once where two are made at the same moment', async () => {
    const both = await Promise.all([make('one', 'X{decimal}'), make('two', 'X{decimal}')]);
    expect(both.flat().length).toBeGreaterThanOrEqual(1);
  });

  test('NEGATIVE CONTROL: asked before they are made, neither is', async () => {
    const tags = ['one', 'two'].map((tag) => newTag(tag, { shape: 'X{decimal}' }));
    const both = await Promise.all(tags.map(({ tag }) => textWarnings(store, { tag, shape: 'X{decimal}' })));
    await Promise.all(tags.map((tag) => store.createTag(tag)));
    expect(both).toEqual([[], []]);
  });
});

describe('nobody is warned', () => {
  test('of tags without a shape: bare numbers are common to all', async () => {
    await make('bare');
    expect([await make('another'), await make('digits', '{decimal:3}')]).toEqual([[], []]);
  });

  test('of texts that cannot meet', async () => {
    await make('one', 'X{decimal}');
    await make('dated-{yyyy}', 'D{yyyy}-{decimal}');
    expect(await make('two', 'Y{decimal}')).toEqual([]);
    expect(await make('three', '{decimal:8}')).toEqual([]);
  });
});

describe('what could not be compared is said, and the tag is made', () => {
  test('where the store does not answer', async () => {
    store.listShapes = () => Promise.reject(new LeafcutterError('STORE_UNAVAILABLE', 'away'));
    expect(await make('one', 'X{decimal}')).toEqual([
      'TEXTS_NOT_COMPARED: Whether other tags can write the same texts is not known: the store did not answer. An ID is unique within its tag only.',
    ]);
    expect(store.database.tags.has('one')).toBe(true);
  });

  test('where there are too many, unless one was found before', async () => {
    const many = Array.from({ length: 12_000 }, (_, n) => `X${n}-{decimal}`);
    serve(many);
    expect(await make('one', 'X{base36:9}')).toEqual([
      expect.stringMatching(/^TEXTS_NOT_COMPARED: .*there are too many tags with shapes/),
    ]);
    serve([...many, 'X00000{base36:4}']);
    expect(await make('two', 'X{base36:9}')).toEqual(shared('"tag-12000"'));
  });

  test('and 12,000 tags of one shape are not too many: they are passed over together', async () => {
    const read = serve([...Array.from({ length: 12_000 }, () => 'X-{decimal}'), 'X{base62:9}']);
    expect(await make('one', 'X{base36:9}')).toEqual(shared('"tag-12000"'));
    expect(read()).toBeLessThan(1_010);
  });
});

test('among the shapes that are looked at are all that can share a text', async () => {
  const begins = ['', 'A', 'A1', 'A1b', 'A-', 'AA', 'B', '1', '~', 'z'];
  const shapes = begins.flatMap((begin) =>
    ['{base36:2}', '{base62}', '{decimal:3}~', '{opaque-base62:4}'].map((digits) => `${begin}${digits}`),
  );
  for (const shape of shapes) {
    for (const other of shapes) {
      store.database.shapes.clear();
      store.database.shapes.set('other', other);
      const warnings = await textWarnings(store, { tag: 'new', shape });
      expect([shape, other, warnings.length === 1]).toEqual([shape, other, canShareTexts(shape)(other)]);
    }
  }
});
