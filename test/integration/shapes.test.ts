import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectTexts } from '@leafcutter/client';
import type { Explanation } from '@leafcutter/shared/inspection';
import { Redis } from 'ioredis';
import { PATIENCE_MS } from '../support/patience.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const run = promisify(execFile);
const BUF = join(import.meta.dirname, '..', 'node_modules', '.bin', 'buf');
const SHAPE = 'ORD-{base36:8}';
const TEXT = /^ORD-[0-9A-Z]{8}$/;

let data = '';
let coordinator: Service;
let agents: Service[] = [];
let redis: Redis;
let [grpc, goLeaf, resp] = [0, 0, 0];

async function tag(...args: string[]): Promise<number | null> {
  await using process = leafcutter(['tag', ...args], { LEAFCUTTER_COORDINATOR: coordinator.url });
  return (await process.exited).code;
}

beforeAll(async () => {
  data = join(await scratchDir('shapes'), 'data');
  coordinator = await Service.start({ kind: 'coordinator', name: 'c1', flags: ['--data-dir', data] });
  expect(await tag('create', 'orders', '--shape', SHAPE, '--step', '50')).toBe(0);
  expect(await tag('create', 'plain')).toBe(0);
  expect(await tag('create', 'small', '--shape', '{decimal:1}')).toBe(0);
  [grpc, goLeaf, resp] = [await freePort(), await freePort(), await freePort()];
  const common = ['--coordinators', coordinator.url];
  const at = (port: number) => `127.0.0.1:${port}`;
  const doors = ['--grpc-listen', at(grpc), '--go-leaf-grpc-listen', at(goLeaf), '--resp-listen', at(resp)];
  agents = await Promise.all([
    Service.start({
      kind: 'agent',
      name: 'a1',
      flags: [...common, ...doors, '--tinyid-tokens', 'orders=own'],
    }),
    Service.start({ kind: 'agent', name: 'a2', flags: common }),
  ]);
  redis = new Redis({ port: resp, host: '127.0.0.1' });
  redis.on('error', () => undefined);
});

afterAll(async () => {
  redis?.disconnect();
  for (const agent of agents) await agent.stop();
  await coordinator?.stop();
});

async function ask(path: string, headers: Record<string, string> = {}, agent = agents[0]) {
  const response = await fetch(`${agent?.url}${path}`, { headers });
  return { status: response.status, body: await response.text() };
}

const json = { accept: 'application/json' };

/** What `buf curl` says of a gRPC call. */
function callGrpc(port: number, method: string, request: object) {
  const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--data', JSON.stringify(request)];
  return run(BUF, [...args, `http://127.0.0.1:${port}/${method}`], {
    timeout: PATIENCE_MS,
    env: { ...process.env, BUF_CACHE_DIR: join(data, '..', 'buf') },
  });
}

describe('a tag with a shape', () => {
  test('gives texts, one or many, as text and as JSON, each above the one before', async () => {
    const texts = [
      (await ask('/v1/ids/orders')).body,
      JSON.parse((await ask('/v1/ids/orders', json)).body).id,
      ...(await ask('/v1/ids/orders?count=3')).body.trimEnd().split('\n'),
      ...JSON.parse((await ask('/v1/ids/orders?count=60', json)).body).ids,
      await redis.call('LC.NEXT', 'orders'),
      ...((await redis.call('LC.NEXT', 'orders', '3')) as string[]),
    ];
    expect(texts.filter((text) => !TEXT.test(text))).toEqual([]);
    expect(texts).toEqual([...new Set(texts)].sort());
  });

  test.each(['format=ranges', 'format=block&count=5', 'format=ranges&count=5'])(
    'is refused with %s, which tells numbers',
    async (query) => {
      const { status, body } = await ask(`/v1/ids/orders?${query}`);
      expect(status).toBe(400);
      expect(JSON.parse(body)).toMatchObject({ code: 'BAD_REQUEST', reason: 'shape' });
    },
  );

  test.each([
    ['/api/segment/get/orders', 500],
    ['/alloc-segment?biz_tag=orders', 500],
    ['/tinyid/id/nextId?bizType=orders&token=own', 200],
    ['/tinyid/id/nextIdSimple?bizType=orders&token=own', 200],
    ['/tinyid/id/nextSegmentId?bizType=orders&token=own', 200],
    ['/tinyid/id/nextSegmentIdSimple?bizType=orders&token=own', 200],
  ])('is refused by %s, whose IDs are numbers', async (path, status) => {
    const before = (await ask('/v1/ids/orders')).body;
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    // Such an answer may only hold its door's sign that there is no ID.
    expect(answer.body.replace(/ORD-\{base36:8\}|"(code|errno)":-?\d+|"id":0|\/v1/g, '')).not.toMatch(/\d/);
    const after = (await ask('/v1/ids/orders')).body;
    expect(numberOf(after)).toBe(numberOf(before) + 1);
  });

  test.each([['INCR'], ['INCRBY', '5']])('is refused by %s', async (command, ...args) => {
    await expect(redis.call(command, 'orders', ...args)).rejects.toThrow(/^BAD_REQUEST .*shape/);
  });

  test.each([
    ['leafcutter.v1.IdService/NextId', { tag: 'orders' }],
    ['leafcutter.v1.IdService/NextIds', { tag: 'orders', count: 3 }],
    ['leafcutter.v1.IdService/NextRanges', { tag: 'orders', count: 3 }],
    ['leafcutter.v1.IdService/ReserveBlock', { tag: 'orders', count: 3 }],
    ['leafcutter.v1.IdService/Draw', { correlation: 1, tag: 'orders' }],
    ['proto.Greeter/Segment', { biz_tag: 'orders' }],
  ])('is refused by %s', async (method, request) => {
    const port = method.startsWith('proto.') ? goLeaf : grpc;
    const told = await callGrpc(port, method, request).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    expect(told.stdout).not.toMatch(/"(id|ids|ranges|block)": *["[{]/);
    expect(told.stdout + told.stderr).toMatch(/shape|no available id/);
  });

  test('is written by gRPC’s NextTexts, in a Draw stream that asks for texts, and for the Node client', async () => {
    const curl = async (method: string, request: object) => {
      const { stdout } = await callGrpc(grpc, `leafcutter.v1.IdService/${method}`, request);
      return (JSON.parse(stdout) as { texts: string[] }).texts;
    };
    await using client = await connectTexts({
      endpoint: agents[0]?.url ?? '',
      tag: 'orders',
      timeoutMs: PATIENCE_MS,
    });
    const texts = [
      ...(await curl('NextTexts', { tag: 'orders', count: 3 })),
      ...(await curl('Draw', { correlation: 1, tag: 'orders', count: 2, text: true })),
      ...(await client.batch(3)),
      await client.next(),
    ];
    expect(texts).toHaveLength(9);
    expect(new Set(texts.map(numberOf)).size).toBe(9);
    expect(await curl('NextTexts', { tag: 'plain' })).toEqual([expect.stringMatching(/^[1-9]\d*$/)]);
  });

  test('is explained by the text that was issued, and by no other', async () => {
    const { body: text } = await ask('/v1/ids/orders');
    const explain = (path: string) => coordinator.json<Explanation>(`/v1/explain/${path}`);
    for (const path of [`orders/${text}`, `${text}?tag=orders`]) {
      const { id, segments } = await explain(path);
      expect(id).toBe(String(numberOf(text)));
      expect(segments).toMatchObject([{ tag: 'orders', verdict: 'granted', range: { agentId: 'a1' } }]);
    }
    // Without a tag the question is about a number, and the answer says how the tag that owns it writes it.
    const { segments: all } = await explain(String(numberOf(text)));
    expect(all.find((segment) => segment.tag === 'orders')?.sentence).toContain(`writes it ${text}.`);
    const bare = await fetch(`${coordinator.url}/v1/explain/orders/${numberOf(text)}`);
    expect(await bare.json()).toMatchObject({ code: 'BAD_REQUEST', reason: 'id' });
    await using told = leafcutter(['explain', text, '--tag', 'orders', '--coordinator', coordinator.url]);
    expect((await told.exited).code).toBe(0);
    expect(told.tail(2_000)).toContain('granted to agent a1');
  });

  test('is decoded by every agent, also by one that never drew from the tag, and by no other text', async () => {
    const { body: text } = await ask('/v1/ids/orders');
    const decode = async (id: string, query = '?tag=orders', agent = agents[1]) =>
      JSON.parse((await ask(`/v1/decode/${id}${query}`, {}, agent)).body);
    for (const agent of agents) {
      expect(await decode(text, '?tag=orders', agent)).toEqual({
        id: text,
        tag: 'orders',
        number: String(numberOf(text)),
        shape: SHAPE,
      });
    }
    expect(await decode('7', '?tag=plain')).toEqual({ id: '7', tag: 'plain', number: '7', shape: null });
    for (const other of [String(numberOf(text)), text.toLowerCase(), `${text}0`, text.slice(0, -1)])
      expect(await decode(other)).toMatchObject({ code: 'BAD_REQUEST', reason: 'id' });
    expect(await decode(text, '?tag=nowhere')).toMatchObject({ code: 'TAG_UNKNOWN' });
    expect(await decode(text, '?tag=')).toMatchObject({ code: 'BAD_REQUEST', reason: 'tag' });
    expect(await decode(text, '')).toMatchObject({
      code: 'BAD_REQUEST',
      reason: 'id',
      detail: expect.stringContaining('?tag='),
    });
  });

  test('ends where its width has no more room, and never writes a longer text', async () => {
    const texts = (await ask('/v1/ids/small?count=9')).body.trimEnd().split('\n');
    expect(texts).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(JSON.parse((await ask('/v1/ids/small')).body)).toMatchObject({ code: 'TAG_EXHAUSTED' });
  });

  test('keeps its shape: no change takes one', async () => {
    const change = (shape: string | null) =>
      fetch(`${coordinator.url}/v1/tags/orders`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ shape }),
      });
    for (const shape of ['{decimal:8}', SHAPE, null]) expect((await change(shape)).status).toBe(400);
    expect(await coordinator.json('/v1/tags/orders')).toMatchObject({ shape: SHAPE });
  });

  test('never gives one text twice, by two agents, with a restart between', async () => {
    const draw = () =>
      Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const { body } = await ask('/v1/ids/orders?count=10', {}, agents[n % 2]);
          return body.trimEnd().split('\n');
        }),
      );
    const before = (await draw()).flat();
    await coordinator.restart();
    await agents[1]?.restart();
    const texts = [...before, ...(await draw()).flat()];
    expect(texts.filter((text) => !TEXT.test(text))).toEqual([]);
    expect(texts).toHaveLength(800);
    expect(new Set(texts).size).toBe(800);
  });
});

test('to a coordinator of an earlier release, which reads one column, a tag with a shape is retired', async () => {
  await coordinator.stop();
  const file = new DatabaseSync(join(data, 'leafcutter.db'), { readOnly: true });
  const rows = file.prepare('SELECT tag, retired FROM leafcutter_tag ORDER BY tag').all();
  file.close();
  expect(Object.fromEntries(rows.map(({ tag: name, retired }) => [name, retired]))).toEqual({
    orders: 1,
    plain: 0,
    small: 1,
  });
});

/** The part after `ORD-`, decoded independently of our own code. */
function numberOf(text: string): number {
  return Number.parseInt(text.slice(4), 36);
}
