import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AgentApi, sharedApi } from './agent-api.ts';

let server: Server;
let endpoint = '';
let answer: { status: number; body: string };

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.statusCode = answer.status;
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function asking<T>(body: unknown, call: (api: AgentApi) => Promise<T>, status = 200): Promise<T> {
  answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
  const api = new AgentApi(endpoint, { token: undefined, timeoutMs: 2_000 });
  try {
    return await call(api);
  } finally {
    api.close();
  }
}

const range = (start: unknown, end: unknown) => ({ start, end });

describe('an agent’s answer', () => {
  test('with the IDs asked for is taken', async () => {
    const ranges = { ranges: [range('1', '4'), range('9223372036854775800', '9223372036854775807')] };
    expect(await asking(ranges, (api) => api.ranges('orders', 10))).toEqual([
      { start: 1n, end: 4n },
      { start: 9_223_372_036_854_775_800n, end: 9_223_372_036_854_775_807n },
    ]);
  });

  test('with texts is taken as it is, or not at all', async () => {
    const texts = (body: unknown) => asking(body, (api) => api.texts('orders', 2));
    expect(await texts({ ids: ['ORD-00000001', 'ORD-00000002'] })).toEqual(['ORD-00000001', 'ORD-00000002']);
    for (const ids of [['ORD-1'], ['ORD-1', ''], [1, 2], 'ORD', undefined])
      await expect(texts({ ids })).rejects.toMatchObject({ code: 'AGENT_UNAVAILABLE' });
  });

  test.each([
    ['more IDs', { ranges: [range('1', '12')] }],
    ['fewer IDs', { ranges: [range('1', '10')] }],
    ['none', { ranges: [] }],
    ['a range backwards', { ranges: [range('11', '1')] }],
    ['numbers, which may be rounded', { ranges: [range(1, 11)] }],
    ['no digits', { ranges: [range('-1', '9')] }],
    ['no ranges', { ids: ['1'] }],
    ['null', 'null'],
    ['a page', '<html>hello</html>'],
    ['too long a text', `{"ranges":"${'x'.repeat(1_100_000)}"}`],
  ])('with %s is refused whole', async (_, body) => {
    await expect(asking(body, (api) => api.ranges('orders', 10))).rejects.toMatchObject({
      code: 'AGENT_UNAVAILABLE',
      retryable: true,
    });
  });

  test.each([
    ['a shorter block', range('1', '10')],
    ['a longer block', range('1', '12')],
  ])('with %s than asked for is refused', async (_, body) => {
    await expect(asking(body, (api) => api.block('orders', 10))).rejects.toMatchObject({
      code: 'AGENT_UNAVAILABLE',
    });
  });

  test('that is a problem document is the error it says', async () => {
    const problem = { code: 'TAG_RETIRED', detail: 'It is retired.', retryable: false, reason: 'x' };
    await expect(asking(problem, (api) => api.snowflake(), 410)).rejects.toMatchObject({
      name: 'IdError',
      code: 'TAG_RETIRED',
      message: 'It is retired.',
      retryable: false,
      reason: 'x',
    });
    await expect(asking('upstream is down', (api) => api.snowflake(), 502)).rejects.toMatchObject({
      code: 'AGENT_UNAVAILABLE',
      reason: 'no_agent',
    });
  });
});

describe('an agent that several tags are drawn from', () => {
  const open = (token?: string, timeoutMs = 2_000) => sharedApi(endpoint, { token, timeoutMs });

  test('has one API for all who ask alike, until the last has closed it', async () => {
    const [first, second] = [open(), open()];
    expect(second).toBe(first);
    first.close();
    expect(open()).toBe(first);
    first.close();
    answer = { status: 200, body: JSON.stringify(range('1', '3')) };
    expect(await second.block('orders', 2)).toEqual({ start: 1n, end: 3n });
    second.close();
    const next = open();
    expect(next).not.toBe(first);
    next.close();
  });

  test('has another for another token or timeout', () => {
    const apis = [open(), open('secret'), open(undefined, 3_000)];
    expect(new Set(apis).size).toBe(3);
    for (const api of apis) api.close();
  });
});
