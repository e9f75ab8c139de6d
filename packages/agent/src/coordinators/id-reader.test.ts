import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { ClockWatch } from '../domain/snowflake/clock-watch.ts';
import { CoordinatorServer, json } from '../fakes/coordinator-server.ts';
import { LAYOUT } from '../fakes/samples.ts';
import { CoordinatorClient } from './client.ts';
import { CoordinatorEndpoint } from './endpoint.ts';
import { IdReader } from './id-reader.ts';

const ANSWER = { tag: 'orders', number: '7', shape: 'S-{decimal:3}' };

test('asks the coordinators for no more than sixteen IDs at once, and again as soon as one is read', async () => {
  const open: ((answer: typeof ANSWER) => void)[] = [];
  const reader = new IdReader({ decode: () => new Promise((resolve) => open.push(resolve)) });
  const asked = Array.from({ length: 16 }, () => reader.read('orders', 'S-007'));
  await expect(reader.read('orders', 'S-007')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    reason: 'reads',
  });
  expect(open).toHaveLength(16);
  open[0]?.(ANSWER);
  expect(await asked[0]).toEqual(ANSWER);
  void reader.read('orders', 'S-007');
  expect(open).toHaveLength(17);
});

test('one that failed is under way no more', async () => {
  const reader = new IdReader({ decode: () => Promise.reject(new Error('away')) });
  for (let n = 0; n < 40; n++) await expect(reader.read('orders', 'S-007')).rejects.toThrow('away');
});

test('tells a coordinator tag and text, and gives on what it reads', async () => {
  const server = await CoordinatorServer.start(() => json(200, { deploymentId: 'd1', ...ANSWER }));
  const clock = new FakeClock();
  const client = new CoordinatorClient({
    endpoints: [new CoordinatorEndpoint(server.url, { token: 'a', timeoutMs: 2_000, clock })],
    identity: { agentId: 'agent-1', instanceId: '11111111-1111-4111-8111-111111111111' },
    layout: LAYOUT,
    clock,
    watch: new ClockWatch(clock, 2_000),
    random: () => 0,
  });
  try {
    expect(await new IdReader(client).read('order-{yyyy}', 'S-007')).toEqual(ANSWER);
    expect(server.received).toMatchObject([
      { path: '/v1/tags/order-%7Byyyy%7D/decode', body: { agentId: 'agent-1', id: 'S-007' } },
    ]);
  } finally {
    await client.close();
    await server.close();
  }
});
