import { join } from 'node:path';
import { type ServiceError, status } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadProto, serviceIn } from '@leafcutter/agent/doors/grpc/protos';
import type { DrawResponse__Output } from '@leafcutter/agent/generated/leafcutter/v1/DrawResponse';
import { detailsOf, GREETER, GrpcClient, ID_SERVICE } from '../support/grpc-client.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let coordinator: Service;
let agent: Service;
let guarded: Service;
let port = 0;
let goLeafPort = 0;
let guardedPort = 0;

beforeAll(async () => {
  const data = ['--data-dir', join(await scratchDir('grpc-calls'), 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags: data });
  [port, goLeafPort, guardedPort] = [await freePort(), await freePort(), await freePort()];
  const on = ['--coordinators', coordinator.url, '--snowflake-enabled', '--grpc-listen'];
  const goLeaf = ['--go-leaf-grpc-listen', `127.0.0.1:${goLeafPort}`];
  agent = await Service.start({
    kind: 'agent',
    name: 'agent',
    flags: [...on, `127.0.0.1:${port}`, ...goLeaf],
  });
  const closed = [...on, `127.0.0.1:${guardedPort}`, '--tokens', 'secret'];
  guarded = await Service.start({ kind: 'agent', name: 'guarded', flags: closed });
});

afterAll(async () => {
  await agent.stop();
  await guarded.stop();
  await coordinator.stop();
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
    using made = new GrpcClient(ID_SERVICE, port);
    const answer = await made.call(method, request);
    expect(answer.value).toBeUndefined();
    expect(status[answer.error?.code ?? 0]).toBe(code);
    expect(detailsOf(answer)).toEqual([
      { reason: 'BAD_REQUEST', domain: 'leafcutter', metadata: { retryable: 'false', reason } },
    ]);
  });

  const BAD_GREETINGS: readonly [string, object, string][] = [
    ['Segment', {}, 'INVALID_ARGUMENT'],
    ['Snowflake', { machineId: -1 }, 'INVALID_ARGUMENT'],
    ['Snowflake', { machineId: 1_024 }, 'INVALID_ARGUMENT'],
  ];

  test.each(BAD_GREETINGS)('go-leaf’s %s %j is refused with %s and no ID', async (method, request, code) => {
    using made = new GrpcClient(GREETER, goLeafPort);
    const { error, value } = await made.call(method, request);
    expect(value).toBeUndefined();
    expect(status[error?.code ?? 0]).toBe(code);
  });

  test('a message over the limit and bytes that are no message are refused, the next call is served', async () => {
    using made = new GrpcClient(ID_SERVICE, port);
    const large = await made.call('NextId', { tag: 'x'.repeat(20_000) });
    expect(status[large.error?.code ?? 0]).toBe('RESOURCE_EXHAUSTED');
    const garbled = { ...(ID_SERVICE.NextId as object), requestSerialize: () => Buffer.from([0x0f]) };
    using broken = new GrpcClient({ NextId: garbled } as unknown as ServiceDefinition, port);
    const { error, value } = await broken.call('NextId', {});
    expect(value).toBeUndefined();
    expect(status[error?.code ?? 0]).toBe('INTERNAL');
    expect((await made.call('NextId', { tag: 'orders' })).error).toBeNull();
  });

  test('a method that is not there is unimplemented', async () => {
    const path = `/leafcutter.v1.IdService/Nothing`;
    const unknown = { Nothing: { ...(ID_SERVICE.NextId as object), path } } as unknown as ServiceDefinition;
    using made = new GrpcClient(unknown, port);
    const { error } = await made.call('Nothing', {});
    expect(status[error?.code ?? 0]).toBe('UNIMPLEMENTED');
  });

  test('without a token, or with a wrong one, a call and a stream are refused; health is not', async () => {
    using made = new GrpcClient(ID_SERVICE, guardedPort);
    for (const [token, reason] of [
      [undefined, 'missing_token'],
      ['wrong', 'wrong_token'],
    ] as const) {
      const answer = await made.call('NextId', { tag: 'orders' }, token === undefined ? {} : { token });
      expect(status[answer.error?.code ?? 0]).toBe('UNAUTHENTICATED');
      expect(detailsOf(answer)).toMatchObject([{ reason: 'UNAUTHORIZED', metadata: { reason } }]);
    }
    expect((await made.call('NextId', { tag: 'orders' }, { token: 'secret' })).error).toBeNull();
    const stream = made.draw();
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
      using made = new GrpcClient(ID_SERVICE, waitPort);
      const late = await made.call('NextId', { tag: 'late' }, { deadlineMs: 300 });
      expect(status[late.error?.code ?? 0]).toBe('DEADLINE_EXCEEDED');
      await gone.restart();
      const { value } = await made.call('NextId', { tag: 'late' }, { deadlineMs: 30_000 });
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
    using made = new GrpcClient(ID_SERVICE, streamPort);
    const stream = made.draw();
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

describe('health', () => {
  const HEALTH = serviceIn(loadProto('grpc/health/v1/health.proto'), 'grpc.health.v1.Health');

  test('of a service that is not there is NOT_FOUND, and says so without a token', async () => {
    using made = new GrpcClient(HEALTH, guardedPort);
    expect((await made.call('Check', { service: 'segment' })).value).toMatchObject({ status: 1 });
    for (const service of ['nobody', 'constructor']) {
      expect((await made.call('Check', { service })).error?.code).toBe(status.NOT_FOUND);
    }
  });

  test('is told to a watcher once, then when it changes, and the watch ends when the agent stops', async () => {
    const watchPort = await freePort();
    const flags = ['--coordinators', coordinator.url, '--grpc-listen', `127.0.0.1:${watchPort}`];
    const watched = await Service.start({ kind: 'agent', name: 'watched', flags });
    using made = new GrpcClient(HEALTH, watchPort);
    const told: number[] = [];
    const stream = made.watch('');
    const ended = new Promise<void>((resolve) => stream.once('end', resolve));
    stream.on('data', ({ status: now }: { status: number }) => told.push(now));
    stream.on('error', () => undefined);
    await poll(() => told.length > 0);
    // Longer than the agent needs to look three times.
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    expect(told).toEqual([1]);
    await watched.stop();
    await ended;
    expect(told).toEqual([1, 2]);
  });
});
