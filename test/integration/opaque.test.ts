import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Explanation } from '@leafcutter/shared/inspection';
import type { Problem } from '@leafcutter/shared/problem';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service, type ServiceOptions } from '../support/service.ts';

const OLD = '1=an-old-key-that-is-long-enough-to-count';
const NEW = '2=a-new-key-that-is-long-enough-to-count!';
const FALSE = '1=a-false-key-that-is-long-enough-to-count';
const FORM = /^ORD-([12])[0-9A-Z]{13}$/;

let data: string;
let coordinator: Service;
const running: Service[] = [];

async function start(options: ServiceOptions): Promise<Service> {
  const service = await Service.start(options);
  running.push(service);
  return service;
}

const startCoordinator = (keys: string) =>
  start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', data],
    env: { LEAFCUTTER_OPAQUE_KEYS: keys },
  });
const startAgent = (name: string, keys: string, flags: string[] = []) =>
  start({
    kind: 'agent',
    name,
    flags: ['--coordinators', coordinator.url, ...flags],
    env: { LEAFCUTTER_OPAQUE_KEYS: keys },
  });

beforeAll(async () => {
  data = join(await scratchDir('opaque'), 'data');
  coordinator = await startCoordinator(OLD);
  const response = await fetch(`${coordinator.url}/v1/tags`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag: 'orders', step: 50, shape: 'ORD-{opaque-base36}' }),
  });
  expect(response.status).toBe(201);
});

afterAll(async () => {
  for (const service of running.reverse()) await service.stop();
});

const draw = async (agent: Service, count: number) =>
  (await (await fetch(`${agent.url}/v1/ids/orders?count=${count}`)).text()).trim().split('\n');
/** Callers are refused when they have waited in vain, which need not take long. */
const IMPATIENT = ['--wait-ms', '1000'];
const isRefused = (agent: Service) =>
  poll(async () => (await agent.json<Problem>('/v1/ids/orders')).code === 'LAYOUT_MISMATCH');
const explained = (text: string) => coordinator.json<Explanation>(`/v1/explain/orders/${text}`);

test('two agents give texts that tell nothing of their number, none twice, and explain reads them', async () => {
  const agents = [await startAgent('one', OLD), await startAgent('two', OLD)];
  const drawn = await Promise.all(
    agents.flatMap((agent) => Array.from({ length: 20 }, () => draw(agent, 10))),
  );
  const texts = drawn.flat();
  expect(new Set(texts).size).toBe(400);
  for (const text of texts) expect(FORM.exec(text)?.[1]).toBe('1');
  const { id, segments } = await explained(texts[7] ?? '');
  expect(Number(id)).toBeLessThan(1_000);
  expect(segments[0]).toMatchObject({
    verdict: 'granted',
    sentence: expect.stringContaining(texts[7] ?? ''),
  });
});

test('no door tells the number of an opaque tag', async () => {
  const port = await freePort();
  const agent = await startAgent('doors', OLD, ['--resp-listen', `127.0.0.1:${port}`, '--tinyid-enabled']);
  await draw(agent, 1);
  const answers = await Promise.all(
    [
      ...['/v1/ids/orders?count=2&format=ranges', '/v1/ids/orders?count=2&format=block'],
      ...[
        '/api/segment/get/orders',
        '/alloc-segment?biz_tag=orders',
        '/tinyid/id/nextIdSimple?bizType=orders&token=x',
      ],
    ].map(async (path) => (await (await fetch(agent.url + path)).text()).replaceAll(/"status":\d+/g, '')),
  );
  // Their numbers would have one to three digits; go-leaf's and tinyid's own signs for "none" are 0 and -1.
  const numbers = answers.map((text) => text.match(/(?<![0-9A-Za-z-])[1-9][0-9]{0,2}(?![0-9A-Za-z])/g) ?? []);
  expect(numbers.flat()).toEqual([]);
});

test('an agent with another key under the same version, or with none, is refused: it would write what others write', async () => {
  for (const [name, keys] of [
    ['false', FALSE],
    ['none', ''],
    ['early', `${OLD},${NEW}`],
  ] as const)
    expect([name, await isRefused(await startAgent(name, keys, IMPATIENT))]).toEqual([name, true]);
});

test('a new key comes to the coordinators, then to the agents, and what the old one wrote is still read', async () => {
  const [before = ''] = await draw(await startAgent('before', OLD), 1);
  await coordinator.stop();
  coordinator = await startCoordinator(`${OLD},${NEW}`);
  const still = await startAgent('still', OLD);
  const after = await startAgent('after', `${OLD},${NEW}`);
  const [old = '', present = ''] = [...(await draw(still, 1)), ...(await draw(after, 1))];
  expect([old, present].map((text) => FORM.exec(text)?.[1])).toEqual(['1', '2']);
  for (const text of [before, old, present]) {
    const { id, segments } = await explained(text);
    expect(segments[0]).toMatchObject({ verdict: 'granted' });
    // The agent has no key of the new version, but it answers anyway: the coordinators have both.
    expect(await still.json(`/v1/decode/${text}?tag=orders`)).toMatchObject({ number: id });
  }
});

test('a coordinator whose key is another one than the deployment began with does not start', async () => {
  await coordinator.stop();
  const process = leafcutter(
    ['coordinator', '--listen', `127.0.0.1:${await freePort()}`, '--data-dir', data],
    {
      LEAFCUTTER_OPAQUE_KEYS: FALSE,
    },
  );
  expect((await process.exited).code).not.toBe(0);
  expect(process.tail()).toContain('is not the one that this deployment first used');
  expect(process.tail()).not.toContain('false-key');
});
