import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type ClientDuplexStream,
  credentials,
  Metadata,
  makeClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { MessageTypeDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { loadProto, serviceIn } from '@leafcutter/agent/doors/grpc/protos';
import type { DrawRequest } from '@leafcutter/agent/generated/leafcutter/v1/DrawRequest';
import type { DrawResponse__Output } from '@leafcutter/agent/generated/leafcutter/v1/DrawResponse';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

jest.setTimeout(60_000);

const run = promisify(execFile);
const BUF = join(import.meta.dirname, '..', 'node_modules', '.bin', 'buf');
const NATIVE = 'leafcutter.v1.IdService';
const HEALTH = 'grpc.health.v1.Health';

const native = serviceIn(loadProto('leafcutter/v1/id_service.proto'), NATIVE);
const goLeaf = serviceIn(loadProto('go-leaf/greeter.proto'), 'proto.Greeter');
const errors = loadProto('google/rpc/error_details.proto');

let coordinator: Service;
let agent: Service;
let guarded: Service;
let port = 0;
let goLeafPort = 0;
let guardedPort = 0;
let socket = '';
const clients: { close(): void }[] = [];

beforeAll(async () => {
  const folder = await scratchDir('grpc-door');
  const data = ['--data-dir', join(folder, 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags: data });
  [port, goLeafPort, guardedPort] = [await freePort(), await freePort(), await freePort()];
  socket = join(folder, 'grpc.sock');
  const common = ['--coordinators', coordinator.url, '--snowflake-enabled', '--grpc-listen'];
  const doors = ['--go-leaf-grpc-listen', `127.0.0.1:${goLeafPort}`, '--unix-grpc', socket];
  agent = await Service.start({
    kind: 'agent',
    name: 'agent',
    flags: [...common, `127.0.0.1:${port}`, ...doors],
  });
  const closed = [...common, `127.0.0.1:${guardedPort}`, '--tokens', 'secret'];
  guarded = await Service.start({ kind: 'agent', name: 'guarded', flags: closed });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await agent.stop();
  await guarded.stop();
  await coordinator.stop();
});

/** A call by `buf curl`: Go's gRPC stack, which learns the service from the agent's reflection. */
async function buf(method: string, data: string, ...flags: string[]): Promise<string> {
  const at = method.startsWith('proto.') ? goLeafPort : port;
  const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--data', data, ...flags];
  const { stdout } = await run(BUF, [...args, `http://127.0.0.1:${at}/${method}`], {
    timeout: 20_000,
    env: { ...process.env, BUF_CACHE_DIR: '/tmp/leafcutter-buf' },
  });
  return stdout;
}

const answerOf = async (method: string, data: object) => JSON.parse(await buf(method, JSON.stringify(data)));

interface Answer {
  readonly error: ServiceError | null;
  readonly value: Record<string, unknown> | undefined;
}

type Unary = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, value: Record<string, unknown> | undefined) => void,
) => { cancel(): void };

/** A client of this project's own stack, for what `buf` does not tell: codes, details, deadlines. */
function client(service: ServiceDefinition, at: string) {
  const Constructor = makeClientConstructor(service as never, 'test');
  const made = new Constructor(at, credentials.createInsecure());
  clients.push(made);
  return made as unknown as Record<string, Unary>;
}

function call(
  made: Record<string, Unary>,
  method: string,
  request: object,
  more: { token?: string; deadline?: number } = {},
) {
  const metadata = new Metadata();
  if (more.token !== undefined) metadata.set('authorization', `Bearer ${more.token}`);
  return new Promise<Answer>((resolve) => {
    const unary = made[method];
    if (unary === undefined) throw new Error(`there is no ${method}`);
    const options = more.deadline === undefined ? {} : { deadline: Date.now() + more.deadline };
    unary.call(made, request, metadata, options, (error, value) => resolve({ error, value }));
  });
}

/** The standard details of a failure, read with the public messages. */
function details({ error }: Answer): unknown[] {
  const [bytes] = error?.metadata.get('grpc-status-details-bin') ?? [];
  const read = (name: string, value: Buffer) =>
    (errors[name] as unknown as MessageTypeDefinition<object, Record<string, unknown>>).deserialize(value);
  const { details: found } = read('google.rpc.Status', bytes as Buffer) as {
    details: { type_url: string; value: Buffer }[];
  };
  return found.map(({ type_url, value }) => read(type_url.replace('type.googleapis.com/', ''), value));
}

describe('the gRPC door, to a client of another language that knows it by reflection only', () => {
  test('lists its services', async () => {
    const list = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', '--list-services'];
    const { stdout } = await run(BUF, [...list, `http://127.0.0.1:${port}`], { timeout: 20_000 });
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

describe('what a gRPC client asks wrongly', () => {
  const BAD: readonly [string, object, string, string][] = [
    ['NextId', {}, 'INVALID_ARGUMENT', 'tag'],
    ['NextId', { tag: 'x'.repeat(129) }, 'INVALID_ARGUMENT', 'tag'],
    ['NextId', { tag: 'a\nb' }, 'INVALID_ARGUMENT', 'tag'],
    ['NextIds', { tag: 'bad', count: 10_001 }, 'INVALID_ARGUMENT', 'count'],
    ['NextIds', { tag: 'bad', count: 4_294_967_295 }, 'INVALID_ARGUMENT', 'count'],
    ['NextRanges', { tag: 'bad', count: 10_001 }, 'INVALID_ARGUMENT', 'count'],
    ['ReserveBlock', { tag: 'bad', count: 10_001 }, 'INVALID_ARGUMENT', 'count'],
    ['NextSnowflakes', { count: 10_001 }, 'INVALID_ARGUMENT', 'count'],
    ['DecodeSnowflake', { id: '-1' }, 'INVALID_ARGUMENT', 'id'],
  ];

  test.each(BAD)('%s %j is refused with %s, reason %s', async (method, request, code, reason) => {
    const answer = await call(client(native, `127.0.0.1:${port}`), method, request);
    expect(answer.value).toBeUndefined();
    expect(status[answer.error?.code ?? 0]).toBe(code);
    expect(details(answer)).toEqual([
      { reason: 'BAD_REQUEST', domain: 'leafcutter', metadata: { retryable: 'false', reason } },
    ]);
  });

  const BAD_GREETINGS: readonly [string, object, string][] = [
    ['Segment', {}, 'INVALID_ARGUMENT'],
    ['Snowflake', { machineId: -1 }, 'INVALID_ARGUMENT'],
    ['Snowflake', { machineId: 1_024 }, 'INVALID_ARGUMENT'],
  ];

  test.each(BAD_GREETINGS)('go-leaf’s %s %j is refused with %s and no ID', async (method, request, code) => {
    const { error, value } = await call(client(goLeaf, `127.0.0.1:${goLeafPort}`), method, request);
    expect(value).toBeUndefined();
    expect(status[error?.code ?? 0]).toBe(code);
  });

  test('a message over the limit and bytes that are no message are refused, the next call is served', async () => {
    const made = client(native, `127.0.0.1:${port}`);
    const large = await call(made, 'NextId', { tag: 'x'.repeat(20_000) });
    expect(status[large.error?.code ?? 0]).toBe('RESOURCE_EXHAUSTED');
    const garbled = { ...(native.NextId as object), requestSerialize: () => Buffer.from([0x0f]) };
    const broken = client({ NextId: garbled } as unknown as ServiceDefinition, `127.0.0.1:${port}`);
    const { error, value } = await call(broken, 'NextId', {});
    expect(value).toBeUndefined();
    expect(status[error?.code ?? 0]).toBe('INTERNAL');
    expect((await call(made, 'NextId', { tag: 'orders' })).error).toBeNull();
  });

  test('a method that is not there is unimplemented', async () => {
    const path = `/${NATIVE}/Nothing`;
    const unknown = { Nothing: { ...(native.NextId as object), path } } as unknown as ServiceDefinition;
    const { error } = await call(client(unknown, `127.0.0.1:${port}`), 'Nothing', {});
    expect(status[error?.code ?? 0]).toBe('UNIMPLEMENTED');
  });

  test('without a token, or with a wrong one, a call and a stream are refused; health is not', async () => {
    const made = client(native, `127.0.0.1:${guardedPort}`);
    for (const [token, reason] of [
      [undefined, 'missing_token'],
      ['wrong', 'wrong_token'],
    ] as const) {
      const answer = await call(made, 'NextId', { tag: 'orders' }, token === undefined ? {} : { token });
      expect(status[answer.error?.code ?? 0]).toBe('UNAUTHENTICATED');
      expect(details(answer)).toMatchObject([{ reason: 'UNAUTHORIZED', metadata: { reason } }]);
    }
    expect((await call(made, 'NextId', { tag: 'orders' }, { token: 'secret' })).error).toBeNull();
    const stream = (made.Draw as unknown as () => ClientDuplexStream<DrawRequest, DrawResponse__Output>).call(
      made,
    );
    const ended = new Promise<ServiceError>((resolve) =>
      stream.once('error', resolve as (error: Error) => void),
    );
    stream.on('data', () => undefined);
    expect((await ended).code).toBe(status.UNAUTHENTICATED);
  });
});

describe('a gRPC call that waits', () => {
  test('never waits past its deadline, and one that went away takes no ID later', async () => {
    const folder = await scratchDir('grpc-wait');
    const waitPort = await freePort();
    const data = ['--data-dir', join(folder, 'data'), '--auto-create-tags'];
    const gone = await Service.start({ kind: 'coordinator', name: 'gone', flags: data });
    const flags = [
      '--coordinators',
      gone.url,
      '--grpc-listen',
      `127.0.0.1:${waitPort}`,
      '--wait-ms',
      '20000',
    ];
    const waiting = await Service.start({ kind: 'agent', name: 'waiting', flags });
    try {
      await gone.process.kill();
      const made = client(native, `127.0.0.1:${waitPort}`);
      const late = await call(made, 'NextId', { tag: 'late' }, { deadline: 300 });
      expect(status[late.error?.code ?? 0]).toBe('DEADLINE_EXCEEDED');
      await gone.restart();
      const { value } = await call(made, 'NextId', { tag: 'late' }, { deadline: 30_000 });
      expect(value).toEqual({ id: '1' });
    } finally {
      await waiting.stop();
      await gone.stop();
    }
  });

  test('a stream of 20,000 requests is answered whole and in order, and ends when the agent stops', async () => {
    const streamPort = await freePort();
    const flags = ['--coordinators', coordinator.url, '--grpc-listen', `127.0.0.1:${streamPort}`];
    const stopping = await Service.start({ kind: 'agent', name: 'stopping', flags });
    const made = client(native, `127.0.0.1:${streamPort}`);
    const stream = (made.Draw as unknown as () => ClientDuplexStream<DrawRequest, DrawResponse__Output>).call(
      made,
    );
    const seen: string[] = [];
    const ids = new Set<string>();
    const all = new Promise<void>((resolve) => {
      stream.on('data', ({ correlation, ids: given, failure }: DrawResponse__Output) => {
        if (failure === null) for (const id of given) ids.add(id);
        seen.push(correlation);
        if (seen.length === 20_000) resolve();
      });
    });
    const ended = new Promise<ServiceError>((resolve) =>
      stream.once('error', resolve as (error: Error) => void),
    );
    for (let correlation = 1; correlation <= 20_000; correlation++)
      stream.write({ correlation, tag: 'flood' });
    await all;
    expect(seen).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)));
    expect(ids.size).toBe(20_000);
    await stopping.stop();
    expect((await ended).code).toBe(status.UNAVAILABLE);
  });
});

test('what was drawn is counted by door', async () => {
  const metrics = await (await fetch(`${agent.url}/metrics`)).text();
  expect(metrics).toMatch(/ids_issued_total\{[^}]*door="grpc"[^}]*\} [1-9]/);
  expect(metrics).toMatch(/ids_issued_total\{[^}]*door="go-leaf"[^}]*\} [1-9]/);
});
