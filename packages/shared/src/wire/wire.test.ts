import { describe, expect, test } from '@jest/globals';
import { ASKING, bufferView, report } from '../fakes/samples.ts';
import {
  changeTagRequest,
  createTagRequest,
  MAX_REPORTED_BUFFERS,
  MAX_REPORTED_TAGS,
  reportRequest,
  segmentRequest,
  tagList,
} from './wire.ts';

const INSTANCE = '6f1c9f0e-6a44-4d0e-9d3e-3b1f0c6f2a11';
const FORGED = 'all orders\u001b[2K\ninvoices  active\u202e';

const demand = { agentId: 'agent-1', instanceId: INSTANCE, ratePerSecond: 0, waitingIds: 0 };

describe('what a terminal would obey is refused', () => {
  test.each([
    ['the description of a new tag', createTagRequest, { tag: 'orders', description: FORGED }, 'description'],
    ['the changed description of a tag', changeTagRequest, { description: FORGED }, 'description'],
    ['the version of an agent', reportRequest, report({ version: FORGED }), 'version'],
    [
      'the last error of a buffer',
      reportRequest,
      report({ tags: [bufferView('orders', { lastError: FORGED })] }),
      'tags.0.lastError',
    ],
    [
      'the last error of a lease',
      reportRequest,
      report({ snowflake: { ...ASKING, lastError: FORGED } }),
      'snowflake.lastError',
    ],
    ['the id of an agent that reports', reportRequest, report({ agentId: FORGED }), 'agentId'],
    ['the id of an agent that refills', segmentRequest, { ...demand, agentId: FORGED }, 'agentId'],
  ])('in %s', (_what, schema, body, field) => {
    const { error } = schema.safeParse(body);
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});

test('the same bodies are taken without it', () => {
  expect(createTagRequest.safeParse({ tag: 'orders', description: 'für 注文' }).success).toBe(true);
  expect(changeTagRequest.safeParse({ description: '' }).success).toBe(true);
  expect(reportRequest.safeParse(report()).success).toBe(true);
  expect(reportRequest.safeParse(report({ tags: [bufferView()], snowflake: ASKING })).success).toBe(true);
  expect(segmentRequest.safeParse(demand).success).toBe(true);
});

test.each([
  ['buffers', MAX_REPORTED_BUFFERS, (count: number) => report({ tags: Array(count).fill(bufferView()) })],
  ['names', MAX_REPORTED_TAGS, (count: number) => report({ names: Array(count).fill('orders') })],
])('a report holds a bounded number of %s', (_what, most, reportOf) => {
  const taken = [most, most + 1].map((count) => reportRequest.safeParse(reportOf(count)).success);
  expect(taken).toEqual([true, false]);
});

test('a tag that stands in a store already is read, whatever its name and description hold', () => {
  const stored = {
    tag: 'old\u202e',
    state: 'active',
    nextId: '1',
    step: 1,
    maxStep: 1,
    targetDurationS: 1,
    highestId: '9',
    description: FORGED,
  };
  expect(tagList.parse({ tags: [stored], next: null }).tags[0]).toMatchObject({ description: FORGED });
});
