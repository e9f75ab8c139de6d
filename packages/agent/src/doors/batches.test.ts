import { expect, test } from '@jest/globals';
import { Shape } from '@leafcutter/shared/shape';
import type { Segment } from '../domain/segments/segment.ts';
import { issuing, rises } from '../fakes/issuing.ts';
import { Batches, digitsOf, SLICE, textsOf } from './batches.ts';

const joined = (texts: readonly string[]) => texts.join(',');
const at = (start: bigint, count: number): Segment => ({ start, end: start + BigInt(count) });

/** Batches whose turns come when the test says so. */
function turning() {
  const due: (() => void)[] = [];
  const batches = new Batches((work) => due.push(work));
  const turn = async () => {
    const works = due.splice(0);
    for (const work of works) work();
    await new Promise((resolve) => setImmediate(resolve));
    return works.length;
  };
  return { batches, turn };
}

test('a batch gives way after each slice', async () => {
  const { batches, turn } = turning();
  const written: number[] = [];
  const writing = batches.write(textsOf([at(1n, 3 * SLICE + 5)]), (texts) => written.push(texts.length));
  for (const slices of [1, 2, 3]) {
    expect(written).toHaveLength(slices);
    expect(await turn()).toBe(1);
  }
  await writing;
  expect(written).toEqual([SLICE, SLICE, SLICE, 5]);
  expect(await turn()).toBe(0);
});

test('all batches together write one slice a turn, each in its turn', async () => {
  const { batches, turn } = turning();
  const written: string[] = [];
  const writing = ['a', 'b', 'c'].map((name) =>
    batches.write(textsOf([at(1n, 2 * SLICE + 1)]), () => written.push(name)),
  );
  expect(written.splice(0)).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'b', 'c', 'a', 'b', 'c']) {
    await turn();
    expect(written.splice(0)).toEqual([name]);
  }
  await Promise.all(writing);
});

test('a batch whose caller has gone is written no further', async () => {
  const { batches, turn } = turning();
  const gone = new AbortController();
  let written = 0;
  const count = () => {
    written += 1;
  };
  const writing = batches.write(textsOf([at(1n, 10 * SLICE)]), count, gone.signal).catch(({ code }) => code);
  await turn();
  gone.abort();
  await turn();
  expect([await writing, written]).toEqual(['SEGMENTS_EXHAUSTED', 2]);
  expect(await turn()).toBe(0);
});

/** How many single requests are served while a batch of 50,000 IDs is written. */
async function servedBeside(batches: Batches): Promise<number> {
  let served = 0;
  let over = false;
  const neighbour = () => {
    served += 1;
    if (!over) setImmediate(neighbour);
  };
  setImmediate(neighbour);
  await batches.write(textsOf([at(1n, 50_000)]), joined);
  over = true;
  return served;
}

test('a neighbour is served between the slices of a batch', async () => {
  expect(await servedBeside(new Batches(setImmediate))).toBeGreaterThanOrEqual(49);
});

test('negative control: without turns it waits for the whole batch', async () => {
  expect(await servedBeside(new Batches((work) => work()))).toBe(0);
});

test('no ID is issued twice, and those of one request rise, with singles drawn between the slices (I1, I3)', async () => {
  const { newTags, source } = issuing();
  source.size = 7_000;
  const tags = newTags();
  const { batches, turn } = turning();
  await tags.take('orders', 1);
  const batch = async (count: number) =>
    (await batches.write(textsOf(await tags.take('orders', count)), joined)).join(',').split(',').map(BigInt);
  const writing = [batch(10_000), batch(4_321)];
  const singles: bigint[] = [];
  let over = false;
  const all = Promise.all(writing).finally(() => {
    over = true;
  });
  while (!over) {
    await turn();
    singles.push(tags.takeOne('orders') ?? 0n);
  }
  const drawn = [...(await all), singles.filter((id) => id > 0n)];
  expect(drawn.map(rises)).toEqual([true, true, true]);
  expect(drawn.map((ids) => ids.length).slice(0, 2)).toEqual([10_000, 4_321]);
  expect(new Set(drawn.flat()).size).toBe(drawn.flat().length);
  tags.close();
});

test.each([1n, BigInt(Number.MAX_SAFE_INTEGER) - 4n, 2n ** 53n - 2n, 2n ** 63n - 12n])(
  'the IDs from %s on are written exactly',
  (start) => {
    const ids = Array.from({ length: 10 }, (_, index) => start + BigInt(index));
    expect([...textsOf([at(start, 10)])].flat()).toEqual(ids.map(String));
    expect([...digitsOf(ids)].flat()).toEqual(ids.map(String));
  },
);

test('many short ranges fill slices together, and a shape writes its texts', () => {
  const short = Array.from({ length: 2_500 }, (_, index) => at(BigInt(2 * index), 1));
  expect([...textsOf(short)].map((texts) => texts.length)).toEqual([SLICE, SLICE, 500]);
  const shape = Shape.parse('O{base36:8}');
  const texts = [...textsOf([{ ...at(7n, 3), shape }])].flat();
  expect(texts).toEqual([7n, 8n, 9n].map((number) => shape?.write(number)));
});
