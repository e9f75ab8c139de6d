import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Explanation } from '@leafcutter/shared/inspection';
import type { Problem } from '@leafcutter/shared/problem';
import { Redis } from 'ioredis';
import { type FakeTime, fakeTime } from '../support/faketime.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const TEMPLATE = 'order-{yyyyMMdd}';
const PATH = `/v1/ids/${encodeURIComponent(TEMPLATE)}`;
const DAY_S = 86_400;

let data = '';
let time: FakeTime;
let wrongTime: FakeTime;
let coordinator: Service;
let agents: Service[] = [];
let wrong: Service;
let redis: Redis;
/** All texts of all agents, in all tests. */
const seen: string[] = [];

async function tag(...args: string[]): Promise<number | null> {
  await using process = leafcutter(['tag', ...args], { LEAFCUTTER_COORDINATOR: coordinator.url });
  return (await process.exited).code;
}

/** Sets all clocks so that noon of a day comes, `days` from today: no test may run over midnight. */
function noon(days: number): string {
  const now = Date.now();
  const atMs = (Math.floor(now / 1_000 / DAY_S) + days + 0.5) * DAY_S * 1_000;
  time.set(Math.round((atMs - now) / 1_000));
  return new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');
}

async function draw(count: number, agent = agents[0]): Promise<string[]> {
  const response = await fetch(`${agent?.url}${PATH}?count=${count}`);
  const text = await response.text();
  expect(`${response.status} ${text}`).toMatch(/^200/);
  const texts = text.trim().split('\n');
  seen.push(...texts);
  return texts;
}

beforeAll(async () => {
  data = join(await scratchDir('dated'), 'data');
  time = await fakeTime();
  wrongTime = await fakeTime();
  noon(0);
  const { env } = time;
  coordinator = await Service.start({ kind: 'coordinator', name: 'c1', flags: ['--data-dir', data], env });
  expect(await tag('create', TEMPLATE, '--shape', '{yyyyMMdd}{decimal:6}', '--step', '50')).toBe(0);
  const port = await freePort();
  const flags = ['--coordinators', coordinator.url];
  const start = (name: string, more: string[] = []) =>
    Service.start({ kind: 'agent', name, flags: [...flags, ...more], env });
  agents = await Promise.all([
    start('a1', ['--resp-listen', `127.0.0.1:${port}`, '--tinyid-enabled']),
    start('a2'),
  ]);
  wrongTime.set(-10 * DAY_S);
  // It is refused when its callers have waited in vain, which need not take long.
  const impatient = [...flags, '--wait-ms', '1000'];
  wrong = await Service.start({ kind: 'agent', name: 'wrong', flags: impatient, env: wrongTime.env });
  redis = new Redis({ port, host: '127.0.0.1' });
  redis.on('error', () => undefined);
});

afterAll(async () => {
  redis?.disconnect();
  for (const service of [wrong, ...agents, coordinator]) await service?.stop();
  await time?.dispose();
  await wrongTime?.dispose();
});

test('each day begins anew at 1 with its date in the text, on all agents, none twice; explain tells of both days', async () => {
  const today = noon(0);
  expect(await draw(2)).toEqual([`${today}000001`, `${today}000002`]);
  await Promise.all(Array.from({ length: 20 }, (_, n) => draw(10, agents[n % 2])));
  const tomorrow = noon(1);
  expect(tomorrow > today).toBe(true);
  const [first = ''] = await draw(1);
  expect(first).toBe(`${tomorrow}000001`);
  await Promise.all(Array.from({ length: 20 }, (_, n) => draw(10, agents[n % 2])));
  expect(seen.filter((text) => text.startsWith(tomorrow))).toHaveLength(201);
  expect(new Set(seen).size).toBe(403);
  for (const [text, day] of [
    [`${today}000002`, today],
    [first, tomorrow],
  ]) {
    const path = `/v1/explain/${encodeURIComponent(TEMPLATE)}/${text}`;
    const { segments } = await coordinator.json<Explanation>(path);
    expect(segments[0]).toMatchObject({ verdict: 'granted', tag: `order-{${day}}` });
    const decoded = await agents[1]?.json(`/v1/decode/${text}?tag=${encodeURIComponent(TEMPLATE)}`);
    expect(decoded).toMatchObject({ tag: `order-{${day}}`, number: String(Number(text?.slice(8))) });
  }
});

test('a clock that goes back over midnight gives nothing of the day before; a restart goes on where the day stood', async () => {
  const tomorrow = noon(1);
  const before = await draw(1);
  noon(0);
  const [after = ''] = await draw(1);
  expect(after > (before[0] ?? '')).toBe(true);
  expect(after).toMatch(new RegExp(`^${tomorrow}`));
  noon(1);
  await coordinator.stop();
  await coordinator.restart();
  await draw(200, agents[1]);
  expect(new Set(seen).size).toBe(seen.length);
});

test('an agent whose clock has another day is refused', async () => {
  const isRefused = async () => (await wrong.json<Problem>(PATH)).code === 'CLOCK_SKEWED';
  expect(await poll(isRefused)).toBe(true);
  expect((await coordinator.json<{ tags: { tag: string }[] }>('/v1/tags')).tags).toHaveLength(3);
});

test('every door gives texts of the day, or nothing', async () => {
  const today = noon(1);
  await draw(1);
  const own = new RegExp(`^"?${today}\\d{6}"?$`);
  expect(await redis.call('LC.NEXT', TEMPLATE)).toMatch(own);
  await expect(redis.incr(TEMPLATE)).rejects.toThrow('BAD_REQUEST');
  expect(await (await fetch(agents[0]?.url + PATH)).text()).toMatch(own);
  const json = await fetch(agents[0]?.url + PATH, { headers: { accept: 'application/json' } });
  expect(((await json.json()) as { id: string }).id).toMatch(own);
  const name = encodeURIComponent(TEMPLATE);
  for (const path of [
    ...[`${PATH}?count=2&format=ranges`, `${PATH}?count=2&format=block`, `/api/segment/get/${name}`],
    ...[`/alloc-segment?biz_tag=${name}`, `/tinyid/id/nextIdSimple?bizType=${name}&token=x`],
  ]) {
    const text = await (await fetch(agents[0]?.url + path)).text();
    expect(
      text.replaceAll(/"status":\d+|-1|"maxId":0|:0\b/g, '').match(/(?<![\w{-])[1-9]\d{0,3}(?![\w}])/g),
    ).toBeNull();
  }
});
