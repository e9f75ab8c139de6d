import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let coordinator: Service;
let agent: Service;

beforeAll(async () => {
  const flags = ['--data-dir', join(await scratchDir('http-answers'), 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags });
  agent = await Service.start({
    kind: 'agent',
    name: 'agent',
    flags: ['--coordinators', coordinator.url, '--snowflake-enabled', '--report-interval-ms', '100'],
  });
  await createTag('orders', { step: 100_000 });
});

afterAll(async () => {
  await agent.stop();
  await coordinator.stop();
});

async function createTag(tag: string, fields: object = {}): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ tag, ...fields });
  const response = await fetch(`${coordinator.url}/v1/tags`, { method: 'POST', headers, body });
  expect(response.status).toBe(201);
}

async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; type: string; body: string }> {
  const response = await fetch(agent.url + path, init);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: await response.text() };
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse((await ask(path, { headers: { accept: 'application/json' } })).body) as T;
}

describe('an agent answers', () => {
  test('one ID as text without a line end, by GET and POST, consecutively', async () => {
    const first = await ask('/v1/ids/orders');
    expect(first).toMatchObject({ status: 200, type: expect.stringContaining('text/plain') });
    expect(first.body).toMatch(/^[1-9][0-9]*$/);
    const second = await ask('/v1/ids/orders', { method: 'POST' });
    expect(BigInt(second.body)).toBe(BigInt(first.body) + 1n);
  });

  test.each([
    ['application/json', true],
    ['application/json, text/plain;q=0.5', true],
    ['text/plain', false],
    ['*/*', false],
    ['text/html', false],
  ])('Accept: %s with JSON: %p', async (accept, isJson) => {
    const one = await ask('/v1/ids/orders', { headers: { accept } });
    expect(one.type).toContain(isJson ? 'application/json' : 'text/plain');
    if (isJson) expect(JSON.parse(one.body)).toEqual({ id: expect.stringMatching(/^\d+$/) });
    const many = await ask('/v1/snowflake?count=2', { headers: { accept } });
    expect(many.type).toContain(isJson ? 'application/json' : 'text/plain');
  });

  test('a batch as lines, as a list and as ranges, each rising and above the one before', async () => {
    const lines = (await ask('/v1/ids/orders?count=10000')).body;
    expect(lines.endsWith('\n')).toBe(true);
    const text = lines.trimEnd().split('\n').map(BigInt);
    const list = (await json<{ ids: string[] }>('/v1/ids/orders?count=3')).ids.map(BigInt);
    const { ranges } = await json<{ ranges: { start: string; end: string }[] }>(
      '/v1/ids/orders?count=500&format=ranges',
    );
    const ranged = ranges.flatMap(({ start, end }) =>
      Array.from(
        { length: Number(BigInt(end) - BigInt(start)) },
        (_, index) => BigInt(start) + BigInt(index),
      ),
    );
    expect([text.length, list.length, ranged.length]).toEqual([10_000, 3, 500]);
    const all = [...text, ...list, ...ranged];
    expect(all.every((id, index) => index === 0 || id > (all[index - 1] ?? id))).toBe(true);
  });

  test('a block of consecutive IDs in one piece, also one larger than the tag’s step', async () => {
    const sizes = [1, 500, 10_000, 500];
    let highest = 0n;
    for (const count of sizes) {
      const block = await json<{ start: string; end: string }>(`/v1/ids/orders?count=${count}&format=block`);
      expect(BigInt(block.end) - BigInt(block.start)).toBe(BigInt(count));
      expect(BigInt(block.start)).toBeGreaterThanOrEqual(highest);
      highest = BigInt(block.end);
    }
    expect(BigInt((await ask('/v1/ids/orders')).body)).toBeGreaterThanOrEqual(highest);
  });

  test('ranges without a count as one ID, and a list of one where count is 1', async () => {
    const { ranges } = await json<{ ranges: { start: string; end: string }[] }>(
      '/v1/ids/orders?format=ranges',
    );
    expect(ranges.map(({ start, end }) => BigInt(end) - BigInt(start))).toEqual([1n]);
    expect((await json<{ ids: string[] }>('/v1/ids/orders?count=1')).ids).toHaveLength(1);
  });

  test('what is in a snowflake ID', async () => {
    const { body: id } = await ask('/v1/snowflake');
    const parts = await json<{ id: string; timestampMs: number; time: string; machineId: number }>(
      `/v1/decode/${id}`,
    );
    const { snowflake } = await json<{ snowflake: { machineId: number } }>('/v1/status');
    expect(parts.id).toBe(id);
    expect(parts.machineId).toBe(snowflake.machineId);
    expect(Math.abs(parts.timestampMs - Date.now())).toBeLessThan(PATIENCE_MS);
    expect(new Date(parts.time).getTime()).toBe(parts.timestampMs);
    expect(await json('/v1/decode/0')).toMatchObject({
      timestampMs: 1_288_834_974_657,
      machineId: 0,
      sequence: 0,
    });
  });

  test('its status and its readiness', async () => {
    await ask('/v1/ids/orders');
    type Status = {
      tags: { tag: string; refill: string }[];
      snowflake: { window: { from: number; to: number } };
    };
    const idle = async () => {
      const told = await json<Status>('/v1/status');
      return told.tags.some(({ tag, refill }) => tag === 'orders' && refill === 'idle') && told;
    };
    const status = (await poll(idle)) as Status;
    expect(status).toMatchObject({
      agentId: 'agent',
      clock: { skewed: false },
      snowflake: { state: 'holding' },
    });
    expect(status.tags).toContainEqual(expect.objectContaining({ tag: 'orders', waiting: 0 }));
    expect(status.snowflake.window.to).toBeGreaterThan(Date.now());
    for (const mode of ['segment', 'snowflake']) {
      const ready = await ask(`/readyz?mode=${mode}`);
      expect(ready.status).toBe(200);
      expect(JSON.parse(ready.body)).toEqual({
        status: 'ready',
        modes: { [mode]: { ready: true } },
        dependencies: [
          { name: 'coordinators', state: 'up', ok: true, reason: null, sinceMs: expect.any(Number) },
        ],
      });
    }
    expect((await ask('/livez')).status).toBe(200);
  });

  test('its status as events', async () => {
    const stop = new AbortController();
    const response = await fetch(`${agent.url}/v1/events`, { signal: stop.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const decoder = new TextDecoder();
    let heard = '';
    for await (const chunk of response.body ?? []) {
      heard += decoder.decode(chunk, { stream: true });
      if (heard.split('\n\n').length > 2) break;
    }
    stop.abort();
    const [first = ''] = heard.split('\n\n');
    expect(first).toMatch(/^event: status\ndata: \{/);
    expect(JSON.parse(first.slice(first.indexOf('{')))).toMatchObject({ agentId: 'agent' });
  });

  test('its metrics, with what it issued and what it refused', async () => {
    const issued = async (tag: string) => {
      const { body } = await ask('/metrics');
      const lines = body.split('\n').filter((line) => line.startsWith('leafcutter_agent_ids_issued_total{'));
      return Number(
        lines
          .find((line) => line.includes(`tag="${tag}"`))
          ?.split(' ')
          .at(-1) ?? 0,
      );
    };
    const before = await issued('orders');
    await ask('/v1/ids/orders?count=25');
    await ask('/v1/ids/orders');
    expect((await issued('orders')) - before).toBe(26);
    await ask('/v1/ids/orders?count=0');
    const { type, body } = await ask('/metrics');
    expect(type).toContain('text/plain; version=0.0.4');
    expect(body).toMatch(/^leafcutter_agent_requests_refused_total\{code="BAD_REQUEST",door="http"\} [1-9]/m);
    expect(body).toMatch(/^leafcutter_agent_window_remaining_seconds [1-9]/m);
    expect(body).toMatch(/^leafcutter_agent_ids_remaining\{tag="orders"\} [1-9]/m);
    const scraped = await (await fetch(`${coordinator.url}/metrics`)).text();
    expect(scraped).toMatch(/^leafcutter_coordinator_ids_granted_total\{tag="orders"\} [1-9]/m);
    expect(scraped).toMatch(/^leafcutter_coordinator_machine_ids\{state="held"\} 1$/m);
  });
});

describe('a tag', () => {
  test('that is created while the agent runs can be drawn from at once', async () => {
    await createTag('late', { start: '500', step: 5 });
    expect((await ask('/v1/ids/late')).body).toBe('500');
  });

  test('with an odd name is found by its escaped name', async () => {
    await createTag('a.b:c_d-1');
    expect((await ask('/v1/ids/a.b:c_d-1')).body).toBe('1');
    expect((await ask('/v1/ids/a.b%3Ac_d-1')).body).toBe('2');
  });

  test('that is asked for and missing is made where autoCreateTags is on, if its name is allowed', async () => {
    expect((await ask('/v1/ids/spontaneous')).body).toBe('1');
    expect(await coordinator.json('/v1/tags/spontaneous')).toMatchObject({ state: 'active', step: 1_000 });
    expect(await ask('/v1/ids/.hidden')).toMatchObject({
      status: 404,
      body: expect.stringContaining('TAG_UNKNOWN'),
    });
    expect((await ask('/v1/ids/b%C3%BCcher')).status).toBe(404);
  });

  test('at its highest ID answers TAG_EXHAUSTED, again and again, and never starts over', async () => {
    await createTag('short', { start: '8', step: 100, highestId: '10' });
    const drawn = [await ask('/v1/ids/short'), await ask('/v1/ids/short'), await ask('/v1/ids/short')];
    expect(drawn.map(({ body }) => body)).toEqual(['8', '9', '10']);
    for (let again = 0; again < 3; again++) {
      const { status, body } = await ask('/v1/ids/short');
      expect(status).toBe(409);
      expect(JSON.parse(body)).toMatchObject({ code: 'TAG_EXHAUSTED', retryable: false });
    }
    expect((await ask('/v1/ids/short?count=2')).status).toBe(409);
  });

  test('at the end of all numbers hands out 2^63 − 2 and no more', async () => {
    await createTag('last', { start: '9223372036854775805', step: 100 });
    expect((await ask('/v1/ids/last')).body).toBe('9223372036854775805');
    expect((await ask('/v1/ids/last')).body).toBe('9223372036854775806');
    expect((await ask('/v1/ids/last')).status).toBe(409);
  });

  test('that is retired is refused within a report, and stays so', async () => {
    await createTag('old', { step: 100_000 });
    expect((await ask('/v1/ids/old')).body).toBe('1');
    expect((await fetch(`${coordinator.url}/v1/tags/old`, { method: 'DELETE' })).status).toBe(200);
    const refused = await poll(async () => {
      const answer = await ask('/v1/ids/old');
      return answer.status === 410 && answer;
    });
    expect(JSON.parse(refused?.body ?? '{}')).toMatchObject({ code: 'TAG_RETIRED', retryable: false });
    expect((await ask('/v1/ids/old')).status).toBe(410);
  });
});
