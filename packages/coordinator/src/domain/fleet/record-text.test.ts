import { expect, test } from '@jest/globals';
import { bufferView } from '@leafcutter/shared/fakes/samples';
import { agentRecord } from '../../fakes/samples.ts';
import { agentIdAt, fromText, holds, joined, placeOf, toText } from './record-text.ts';
import { type AgentRecord, MAX_RECORD_BYTES } from './roster.ts';

const kept = (agent: AgentRecord) => joined(agent, toText(agent));

const DRAWN = bufferView('orders', {
  current: { start: '9223372036854775000', end: '9223372036854775807', used: 400, size: 807 },
  next: { start: '20000001', end: '20001001', used: 0, size: 500 },
  prefetchAt: 100,
  remaining: 907,
  ratePerSecond: 1.5,
  runwaySeconds: 604.667,
  refill: 'waiting',
  lastError: 'STORE_UNAVAILABLE',
  waiting: 2,
});
const ODD = bufferView('tab\there, line\nthere, "quotes" and ünïcode 😀');

test.each<[string, Partial<AgentRecord>]>([
  ['one without anything', { version: '', tags: [] }],
  ['a buffer with both segments', { tags: [DRAWN] }],
  ['names with anything in them', { tags: [ODD, DRAWN, ODD] }],
  ['a clock that is wrong', { clock: { offsetMs: -0.5, skewed: true }, revision: 17 }],
  [
    'a lease',
    {
      snowflake: {
        state: 'holding',
        machineId: 1_023,
        window: { from: 1, to: 2 },
        windowRemainingMs: 0.25,
        lastTimestampMs: 3,
        issued: 4,
        lastError: 'STORE_UNAVAILABLE',
      },
    },
  ],
])('a record is read as it was written: %s', (_what, own) => {
  const agent = { ...agentRecord(1, 1_000), ...own };
  expect(fromText(agent.instanceId, kept(agent))).toEqual(agent);
});

test('ten tags take a quarter of what they take as JSON', () => {
  const tags = Array.from({ length: 10 }, (_, n) => ({ ...DRAWN, tag: `orders-${n}`, lastError: null }));
  const agent = agentRecord(1, 1_764_512_345_678, tags);
  expect(kept(agent).length).toBeLessThan(JSON.stringify(agent).length / 3);
});

test('a record is known to hold a tag by its whole name', () => {
  const text = kept(agentRecord(1, 0, [ODD, bufferView('orders-1')]));
  expect([ODD.tag, 'orders-1', 'orders', 'rders-1'].map((tag) => holds(text, tag))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('of too many tags as many are kept as fit, and the text says so', () => {
  const tags = Array.from({ length: 100 }, (_, n) => bufferView(`${'\u0001'.repeat(120)}${n}`));
  const agent = agentRecord(1, 0, tags);
  const text = toText(agent);
  expect([text.isWhole, text.rows.length > 30, text.rows.length < 100]).toEqual([false, true, true]);
  expect(joined(agent, text).length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
});

test('agents are in the order of the numbers in their ids, which can be read back', () => {
  const ids = ['pod-1', 'pod-9', 'pod-10', 'pod-10a', 'pod-0100', 'pod-x', 'v12345678901234567890'];
  const places = ids.map(placeOf);
  expect(places.toSorted()).toEqual(places);
  expect(places.map(agentIdAt)).toEqual(ids);
});
