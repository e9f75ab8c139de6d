import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PATIENCE_MS } from '../support/patience.ts';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const run = promisify(execFile);
const BUF = join(import.meta.dirname, '..', 'node_modules', '.bin', 'buf');
const NATIVE = 'leafcutter.v1.IdService';
const HEALTH = 'grpc.health.v1.Health';

let coordinator: Service;
let agent: Service;
let port = 0;
let goLeafPort = 0;
let socket = '';

beforeAll(async () => {
  const folder = await scratchDir('grpc-door');
  const data = ['--data-dir', join(folder, 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags: data });
  [port, goLeafPort] = [await freePort(), await freePort()];
  socket = join(folder, 'grpc.sock');
  const on = ['--coordinators', coordinator.url, '--snowflake-enabled', '--unix-grpc', socket];
  const doors = ['--grpc-listen', `127.0.0.1:${port}`, '--go-leaf-grpc-listen', `127.0.0.1:${goLeafPort}`];
  agent = await Service.start({ kind: 'agent', name: 'agent', flags: [...on, ...doors] });
});

afterAll(async () => {
  await agent.stop();
  await coordinator.stop();
});

/** A call by `buf curl`: Go's gRPC stack, which learns the service from the agent's reflection. */
async function buf(method: string, data: string, ...flags: string[]): Promise<string> {
  const at = method.startsWith('proto.') ? goLeafPort : port;
  const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--data', data, ...flags];
  const { stdout } = await run(BUF, [...args, `http://127.0.0.1:${at}/${method}`], {
    timeout: PATIENCE_MS,
    env: { ...process.env, BUF_CACHE_DIR: join(socket, '..', 'buf') },
  });
  return stdout;
}

const answerOf = async (method: string, data: object) => JSON.parse(await buf(method, JSON.stringify(data)));

describe('the gRPC door, to a client of another language that knows it by reflection only', () => {
  test('lists its services', async () => {
    const list = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', '--list-services'];
    const { stdout } = await run(BUF, [...list, `http://127.0.0.1:${port}`], { timeout: PATIENCE_MS });
    expect(stdout.trim().split('\n').sort()).toEqual([HEALTH, NATIVE]);
  });

  test('gives one ID, a list, ranges and a block, each above the one before', async () => {
    const first = BigInt((await answerOf(`${NATIVE}/NextId`, { tag: 'orders' })).id);
    const { ids } = await answerOf(`${NATIVE}/NextIds`, { tag: 'orders', count: 3 });
    expect(ids.map(BigInt)).toEqual([first + 1n, first + 2n, first + 3n]);
    const { ranges } = await answerOf(`${NATIVE}/NextRanges`, { tag: 'orders', count: 100 });
    expect(ranges).toEqual([{ start: String(first + 4n), end: String(first + 104n) }]);
    const { block } = await answerOf(`${NATIVE}/ReserveBlock`, { tag: 'orders', count: 10 });
    expect(block).toEqual({ start: String(first + 104n), end: String(first + 114n) });
  });

  test('gives snowflake IDs and takes them apart', async () => {
    const { id } = await answerOf(`${NATIVE}/NextSnowflake`, {});
    const { ids } = await answerOf(`${NATIVE}/NextSnowflakes`, { count: 5 });
    const rising = [id, ...ids].map(BigInt);
    expect(rising).toEqual([...new Set(rising)].sort((a, b) => (a < b ? -1 : 1)));
    const parts = await answerOf(`${NATIVE}/DecodeSnowflake`, { id });
    const shown = await (await fetch(`${agent.url}/v1/decode/${id}`)).json();
    expect(Number(parts.timestamp_ms ?? parts.timestampMs)).toBe(
      (shown as { timestampMs: number }).timestampMs,
    );
  });

  test('answers a stream in order, and a bad request in it does not end it', async () => {
    const asked = [
      { correlation: '1', tag: 'stream' },
      { correlation: '2', tag: 'stream', count: 10_001 },
      { correlation: '3', snowflake: true },
      { correlation: '4', tag: 'stream', count: 2 },
    ];
    const out = await buf(`${NATIVE}/Draw`, asked.map((one) => JSON.stringify(one)).join('\n'));
    const answers = JSON.parse(`[${out.trim().replace(/\}\s*\{/g, '},{')}]`);
    expect(answers).toMatchObject([
      { correlation: '1', ids: [expect.stringMatching(/^[1-9][0-9]*$/)] },
      { correlation: '2', failure: { code: 'BAD_REQUEST', reason: 'count' } },
      { correlation: '3', ids: [expect.stringMatching(/^[1-9][0-9]*$/)] },
      { correlation: '4', ids: [expect.anything(), expect.anything()] },
    ]);
  });

  test('tells its health', async () => {
    for (const service of ['', NATIVE, 'segment', 'snowflake']) {
      expect(await answerOf(`${HEALTH}/Check`, { service })).toEqual({ status: 'SERVING' });
    }
  });

  test('serves go-leaf’s Greeter, byte for byte in shape', async () => {
    const first = await answerOf('proto.Greeter/Segment', { biz_tag: 'leaf' });
    expect(first).toEqual({ Mag: 'success', Id: expect.stringMatching(/^[1-9][0-9]*$/) });
    const second = await answerOf('proto.Greeter/Segment', { biz_tag: 'leaf' });
    expect(BigInt(second.Id)).toBe(BigInt(first.Id) + 1n);
    const snowflake = await answerOf('proto.Greeter/Snowflake', { machineId: 7 });
    expect(snowflake).toMatchObject({ Mag: 'success', Id: expect.stringMatching(/^[1-9][0-9]{15,}$/) });
  });

  test('serves its Unix socket', async () => {
    const out = await buf(`${NATIVE}/NextId`, '{"tag":"orders"}', '--unix-socket', socket);
    expect(JSON.parse(out)).toEqual({ id: expect.stringMatching(/^[1-9][0-9]*$/) });
  });
});

test('what was drawn is counted by door', async () => {
  const metrics = await (await fetch(`${agent.url}/metrics`)).text();
  expect(metrics).toMatch(/ids_issued_total\{[^}]*door="grpc"[^}]*\} [1-9]/);
  expect(metrics).toMatch(/ids_issued_total\{[^}]*door="go-leaf"[^}]*\} [1-9]/);
});
