import { expect, test } from '@jest/globals';
import { agentRecord } from '../../fakes/samples.ts';
import { pageOf } from './page-of.ts';
import { joined, toText } from './record-text.ts';

/** A roster of so many agents, and how many of them each call was about. */
function rosterOf(count: number) {
  const all = Array.from({ length: count }, (_, n) => agentRecord(n, 0));
  const entries = all.map((agent) => {
    const text = toText(agent);
    return { place: `${text.place} ${agent.instanceId}`, text: joined(agent, text), ...agent };
  });
  entries.sort((a, b) => (a.place < b.place ? -1 : 1));
  const sizes = { places: [] as number[], records: [] as number[] };
  const reads = {
    async places(after: string | undefined, most: number) {
      const from = after === undefined ? 0 : entries.findIndex(({ place }) => place > after);
      const some = from === -1 ? [] : entries.slice(from, from + most).map(({ place }) => place);
      sizes.places.push(some.length);
      return some;
    },
    async records(instanceIds: readonly string[]) {
      sizes.records.push(instanceIds.length);
      return entries.filter(({ instanceId }) => instanceIds.includes(instanceId));
    },
  };
  return { reads, sizes };
}

test('agents are read by a hundred, so that no call holds anybody up', async () => {
  const { reads, sizes } = rosterOf(250);
  expect((await pageOf({ most: 1_000 }, reads)).agents).toHaveLength(250);
  expect(Math.max(...sizes.records)).toBe(100);
});

test('a full page that ends with the last agent has none after it', async () => {
  const { reads } = rosterOf(5);
  expect((await pageOf({ most: 5 }, reads)).next).toBeNull();
  expect((await pageOf({ most: 4 }, reads)).next).not.toBeNull();
});

test('a search reads the records of what it found only, and looks at 10,000 ids for a page', async () => {
  const { reads, sizes } = rosterOf(10_050);
  const { agents, next } = await pageOf({ most: 10, search: 'agent-1004' }, reads);
  expect([agents.length, sizes.records]).toEqual([1, [1]]);
  const found = await pageOf({ most: 10, search: 'agent-1004', after: next ?? undefined }, reads);
  expect([found.agents.length, found.next]).toEqual([10, null]);
  expect(Math.max(...sizes.places)).toBe(1_000);
});
