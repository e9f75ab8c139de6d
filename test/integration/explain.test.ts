import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Explanation } from '@leafcutter/shared/inspection';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let coordinator: Service;
let agent: Service;
let ids: { order: string; invoice: string; snowflake: string };

const take = async (path: string) => (await fetch(agent.url + path)).text();

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'c1',
    flags: ['--data-dir', await scratchDir('explain')],
  });
  for (const body of [
    { tag: 'orders', step: 10 },
    { tag: 'invoices', start: '1000000' },
    { tag: 'snowflake' },
  ]) {
    await fetch(`${coordinator.url}/v1/tags`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }
  agent = await Service.start({
    kind: 'agent',
    name: 'pod-7',
    flags: ['--coordinators', coordinator.url, '--snowflake-enabled'],
  });
  ids = {
    order: await take('/v1/ids/orders'),
    invoice: await take('/v1/ids/invoices'),
    snowflake: await take('/v1/snowflake'),
  };
});
afterAll(async () => {
  await agent?.stop();
  await coordinator?.stop();
});

const explain = (path: string) => coordinator.json<Explanation>(`/v1/explain/${path}`);

describe('an ID is explained', () => {
  test('as a number of every tag that was granted it', async () => {
    const { segments, snowflake } = await explain(ids.invoice);
    expect(segments).toMatchObject([
      {
        tag: 'invoices',
        verdict: 'granted',
        sentence: expect.stringContaining('number 1 of 1000 in a segment granted to agent pod-7'),
        range: { start: '1000000', end: '1001000', agentId: 'pod-7', coordinatorId: 'c1' },
      },
    ]);
    expect(snowflake).toBeNull();
  });

  test('as a number of one tag', async () => {
    expect((await explain(`orders/${ids.order}`)).segments[0]).toMatchObject({
      verdict: 'granted',
      range: { start: '1', agentId: 'pod-7' },
    });
    expect((await explain('orders/999999')).segments[0]).toMatchObject({
      verdict: 'not_granted',
      range: null,
    });
    expect((await explain('invoices/5')).segments[0]).toMatchObject({ verdict: 'unrecorded', range: null });
  });

  test('as a snowflake, with its parts and the window that its holder had', async () => {
    for (const path of [ids.snowflake, `snowflake/${ids.snowflake}`, `${ids.snowflake}?mode=snowflake`]) {
      const { segments, snowflake } = await explain(path);
      expect(segments).toEqual([]);
      expect(snowflake).toMatchObject({ verdict: 'granted', machineId: 0, range: { agentId: 'pod-7' } });
      expect(Math.abs((snowflake?.timestampMs ?? 0) - Date.now())).toBeLessThan(600_000);
    }
    const later = String(BigInt(ids.snowflake) + (86_400_000n << 22n));
    expect((await explain(`snowflake/${later}`)).snowflake).toMatchObject({ verdict: 'future', range: null });
    const before = String(BigInt(ids.snowflake) - (86_400_000n << 22n));
    expect((await explain(`snowflake/${before}`)).snowflake).toMatchObject({
      verdict: 'unrecorded',
      range: null,
    });
  });

  test('also where a tag is named as the mode is', async () => {
    await take('/v1/ids/snowflake');
    expect((await explain('1?tag=snowflake')).segments[0]).toMatchObject({
      tag: 'snowflake',
      verdict: 'granted',
    });
  });

  test.each([
    ['abc', 400, 'BAD_REQUEST', 'id'],
    ['9223372036854775807', 400, 'BAD_REQUEST', 'id'],
    ['orders/-1', 400, 'BAD_REQUEST', 'id'],
    ['nobody/5', 404, 'TAG_UNKNOWN', undefined],
    ['5?tag=orders&mode=snowflake', 400, 'BAD_REQUEST', 'mode'],
    ['5?mode=segment', 400, 'BAD_REQUEST', 'mode'],
    ['5?all=1', 400, 'BAD_REQUEST', 'all'],
  ])('but not %s', async (path, status, code, reason) => {
    const response = await fetch(`${coordinator.url}/v1/explain/${path}`);
    expect(response.status).toBe(status);
    const problem = (await response.json()) as { code: string; reason?: string };
    expect([problem.code, problem.reason]).toEqual([code, reason]);
  });
});

describe('leafcutter explain', () => {
  const run = async (...args: string[]) => {
    const process = leafcutter(['explain', ...args, '--coordinator', coordinator.url]);
    const { code } = await process.exited;
    return { code, output: process.tail(200) };
  };

  test('tells it in words', async () => {
    const { code, output } = await run(ids.snowflake);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(
      /A snowflake of machine id 0, held by agent pod-7 .*\n {2}time .*Z\n {2}machine id {3}0\n/,
    );
  });

  test('and as JSON', async () => {
    const { code, output } = await run(ids.order, '--tag', 'orders', '--json');
    expect(code).toBe(0);
    expect((JSON.parse(output) as Explanation).segments[0]).toMatchObject({
      tag: 'orders',
      verdict: 'granted',
    });
  });

  test('ends with 1 where the ID was never handed out, and with 64 where it is none', async () => {
    expect(await run('999999', '--tag', 'orders')).toMatchObject({
      code: 1,
      output: expect.stringContaining('Not an ID of orders yet'),
    });
    expect(await run('77777777')).toMatchObject({
      code: 1,
      output: expect.stringContaining('No tag was granted'),
    });
    expect((await run('x')).code).toBe(64);
  });
});
