import { afterEach, describe, expect, test } from '@jest/globals';
import type { ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { layoutFingerprint } from '@leafcutter/shared/layout';
import type { ReportRequest } from '@leafcutter/shared/wire';
import { ClockWatch } from '../domain/snowflake/clock-watch.ts';
import {
  CoordinatorServer,
  json,
  problem,
  type Received,
  type ScriptedAnswer,
  serving,
} from '../fakes/coordinator-server.ts';
import { EMPTY_STATUS, LAYOUT } from '../fakes/samples.ts';
import { CoordinatorClient } from './client.ts';
import { CoordinatorEndpoint } from './endpoint.ts';

const CALM = { ratePerSecond: 1.5, waitingIds: 2, blockIds: 0 };
const INSTANCE = '11111111-1111-4111-8111-111111111111';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function server(answer: (request: Received) => ScriptedAnswer = serving()): Promise<CoordinatorServer> {
  const started = await CoordinatorServer.start(answer);
  closing.push(() => started.close());
  return started;
}

function report(names: string[]): ReportRequest {
  return { ...EMPTY_STATUS, tagCount: 0, names, intervalMs: 15_000, leaving: false };
}

/** Makes a call that `silent` does not answer, and lets it time out. */
async function outlast<T>(silent: CoordinatorServer, clock: FakeClock, call: () => Promise<T>): Promise<T> {
  const arrived = silent.nextRequest();
  const answer = call();
  await arrived;
  await clock.advance(TIMEOUT_MS);
  return answer;
}

/** An address where nobody listens. */
async function deadUrl(): Promise<string> {
  const started = await CoordinatorServer.start(serving());
  await started.close();
  return started.url;
}

const TIMEOUT_MS = 5_000;

/** A client that asks the first of `urls` first. */
function client(urls: string[], own: { token?: string } = {}) {
  const clock = new FakeClock();
  const watch = new ClockWatch(clock, 2_000);
  const options = { token: own.token, timeoutMs: TIMEOUT_MS, clock };
  const heard: (string | undefined)[] = [];
  const words: string[] = [];
  const made = new CoordinatorClient({
    endpoints: urls.map((url) => new CoordinatorEndpoint(url, options)),
    identity: { agentId: 'agent-1', instanceId: INSTANCE },
    layout: LAYOUT,
    clock,
    watch,
    random: () => 0,
    heard: (failure) => {
      heard.push(failure?.code);
      words.push([failure?.message, (failure?.cause as Error | undefined)?.message].join(': '));
    },
  });
  closing.push(() => made.close());
  return { made, clock, watch, heard, words };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'served',
    (error: LeafcutterError) => [error.code, error.reason].filter(Boolean).join(' '),
  );
}

/** The words with which a coordinator answers a request. */
function said(request: Received): Exclude<ScriptedAnswer, 'silent'> {
  const answer = serving()(request);
  if (answer === 'silent') throw new Error('it says nothing');
  return answer;
}

describe('a call', () => {
  test('for a segment says who asks and why, and takes the range', async () => {
    const coordinator = await server();
    const { made } = client([coordinator.url]);
    const lastSegment = { step: 10, lastedMs: 5 };
    expect(await made.fetchSegment('a b/ü', { ...CALM, lastSegment })).toEqual({ start: 1n, end: 11n });
    expect(coordinator.received).toMatchObject([
      {
        path: '/v1/tags/a%20b%2F%C3%BC/segments',
        body: { agentId: 'agent-1', instanceId: INSTANCE, ...CALM, lastSegment, understands: ['shapes'] },
      },
    ]);
  });

  test('tells how the coordinators do: one that serves is enough', async () => {
    const coordinator = await server();
    const dead = await deadUrl();
    const served = client([dead, coordinator.url]);
    await served.made.fetchSegment('orders', CALM);
    expect([served.heard, served.made.wasServed]).toEqual([[undefined], true]);
    const lonely = client([dead]);
    await codeOf(lonely.made.fetchSegment('orders', CALM));
    expect([lonely.heard, lonely.made.wasServed]).toEqual([['COORDINATOR_UNAVAILABLE'], false]);
  });

  test('tells nothing of the coordinators if Redis takes no heartbeat; an extension needs their stores', async () => {
    const { made, heard } = client([(await server(() => problem('STORE_UNAVAILABLE', 'redis'))).url]);
    const lease = { machineId: 5, from: 0, to: 60_000 };
    await codeOf(made.renew(lease, false));
    expect(heard).toEqual([]);
    await codeOf(made.renew(lease, true));
    expect(heard).toEqual(['STORE_UNAVAILABLE']);
  });

  test('says which wire version it speaks, and goes past a coordinator that speaks none it understands', async () => {
    const [old, present] = [await server((request) => ({ ...said(request), wire: '0' })), await server()];
    const { made } = client([old.url, present.url]);
    expect(await made.fetchSegment('orders', CALM)).toEqual({ start: 1n, end: 11n });
    expect(old.received[0]?.headers['leafcutter-wire']).toBe('1');
    expect(present.received).toHaveLength(1);
    expect(await codeOf(client([old.url]).made.fetchSegment('orders', CALM))).toBe('VERSION_UNSUPPORTED');
  });

  test('for leases carries layout and clock, and the answer sets the clock watch', async () => {
    const coordinator = await server(serving('d1', 1_800_000_000_000 - 7_000));
    const { made, watch, clock } = client([coordinator.url]);
    const lease = await made.grant();
    expect(lease).toMatchObject({ machineId: 5, heartbeatMs: 15_000 });
    expect(watch.offsetMs).toBe(7_000);
    expect(await made.renew(lease, true)).toBe(1_800_000_083_000);
    await made.end(lease);
    const layout = layoutFingerprint(LAYOUT);
    expect(coordinator.received.map(({ path, body }) => [path, body])).toMatchObject([
      ['/v1/leases', { layout, agentTimeMs: clock.now() }],
      ['/v1/leases/5/renew', { layout, agentTimeMs: clock.now(), to: lease.to, extend: true }],
      ['/v1/leases/5/end', { agentId: 'agent-1' }],
    ]);
  });

  test('that reports learns which tags are gone', async () => {
    const coordinator = await server();
    const { made } = client([coordinator.url]);
    expect((await made.report(report(['a', 'old']))).gone).toEqual([{ tag: 'old', code: 'TAG_RETIRED' }]);
    expect(coordinator.received[0]?.body).toMatchObject({ version: '1.2.3', names: ['a', 'old'] });
  });

  test('carries the token, and none where there is none', async () => {
    const coordinator = await server();
    await client([coordinator.url], { token: 'secret-1' }).made.report(report([]));
    await client([coordinator.url]).made.report(report([]));
    expect(coordinator.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer secret-1',
      undefined,
    ]);
  });

  test('sends no trace headers where no SDK is loaded', async () => {
    const coordinator = await server();
    await client([coordinator.url]).made.report(report([]));
    const names = Object.keys(coordinator.received[0]?.headers ?? {});
    expect(names.filter((name) => /^(traceparent|tracestate|baggage)$/.test(name))).toEqual([]);
  });

  test('goes below the path of the coordinator’s address', async () => {
    const coordinator = await server();
    await client([`${coordinator.url}/leaf/`]).made.report(report([]));
    expect(coordinator.received[0]?.path).toBe('/leaf/v1/agents/report');
  });
});

describe('failing over', () => {
  const nonsense: ScriptedAnswer[] = [
    { status: 200, body: 'hello' },
    json(200, { deploymentId: 'd1', tag: 'orders', start: '1' }),
    json(200, { deploymentId: 'd1', tag: 'orders', start: '-5', end: '0x10' }),
    json(200, { deploymentId: 'd1', tag: 'another', start: '1', end: '11' }),
    { status: 502, body: '<html>Bad gateway</html>', type: 'text/html' },
    { status: 404, body: '{}' },
  ];

  test('passes over a dead coordinator', async () => {
    const { made } = client([await deadUrl(), (await server()).url]);
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('served');
  });

  test.each<[ErrorCode, string | undefined]>([
    ['STORE_UNAVAILABLE', undefined],
    ['RATE_LIMITED', undefined],
    ['INTERNAL', undefined],
    ['CLOCK_SKEWED', 'coordinator'],
  ])('passes over one that answers %s %s', async (code, reason) => {
    const first = await server(() => problem(code, reason));
    const { made } = client([first.url, (await server()).url]);
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('served');
    expect(first.received).toHaveLength(1);
  });

  test.each(nonsense)('passes over one that talks nonsense, and does not prefer it (%#)', async (answer) => {
    const first = await server(() => answer);
    const second = await server();
    const { made } = client([first.url, second.url]);
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('served');
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('served');
    expect([first, second].map(({ received }) => received.length)).toEqual([1, 2]);
  });

  test.each<[ErrorCode, string | undefined]>([
    ['TAG_UNKNOWN', undefined],
    ['TAG_RETIRED', undefined],
    ['TAG_EXHAUSTED', undefined],
    ['BAD_REQUEST', undefined],
    ['LEASE_LOST', undefined],
    ['LAYOUT_MISMATCH', undefined],
    ['MACHINE_IDS_EXHAUSTED', undefined],
    ['CLOCK_SKEWED', 'agent'],
  ])('does not ask another where the answer is %s %s: it would be the same', async (code, reason) => {
    const second = await server();
    const { made } = client([(await server(() => problem(code, reason))).url, second.url]);
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe([code, reason].filter(Boolean).join(' '));
    expect(second.received).toHaveLength(0);
  });

  test('stays with the coordinator that answered, whatever it answered', async () => {
    const dead = await server(() => 'silent');
    const alive = await server(() => problem('TAG_UNKNOWN'));
    const { made, clock } = client([dead.url, alive.url]);
    const first = outlast(dead, clock, () => codeOf(made.fetchSegment('orders', CALM)));
    expect(await first).toBe('TAG_UNKNOWN');
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('TAG_UNKNOWN');
    expect([dead, alive].map(({ received }) => received.length)).toEqual([1, 2]);
  });

  test('tells the time anew: a silent coordinator must not make this clock look late to the next', async () => {
    const slow = await server(() => 'silent');
    const second = await server();
    const { made, clock } = client([slow.url, second.url]);
    await outlast(slow, clock, () => made.grant());
    const [first, next] = [slow, second].map(({ received }) => Number(received[0]?.body.agentTimeMs));
    expect((next ?? 0) - (first ?? 0)).toBe(TIMEOUT_MS);
  });

  test('ends after one round: what a coordinator said tells more than that another is silent', async () => {
    const urls = [
      await deadUrl(),
      (await server(() => problem('STORE_UNAVAILABLE', 'mysql'))).url,
      await deadUrl(),
    ];
    const { made } = client(urls);
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('STORE_UNAVAILABLE mysql');
  });

  test('with all of them dead says that none answers', async () => {
    const { made } = client([await deadUrl(), await deadUrl()]);
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('COORDINATOR_UNAVAILABLE no_answer');
  });
});

describe('a silent coordinator', () => {
  test('is given up after the timeout', async () => {
    const silent = await server(() => 'silent');
    const { made, clock } = client([silent.url]);
    expect(await outlast(silent, clock, () => codeOf(made.grant()))).toBe(
      'COORDINATOR_UNAVAILABLE no_answer',
    );
  });

  test('is passed over after three calls in a row, and tried again a second later', async () => {
    const coordinator = await server(() => 'silent');
    const { made, clock } = client([coordinator.url]);
    const call = () => codeOf(made.report(report([])));
    for (let i = 0; i < 3; i++)
      expect(await outlast(coordinator, clock, call)).toBe('COORDINATOR_UNAVAILABLE no_answer');
    expect(await codeOf(made.report(report([])))).toBe('COORDINATOR_UNAVAILABLE circuit_open');
    expect(coordinator.received).toHaveLength(3);
    coordinator.answer = serving();
    await clock.advance(1_000);
    expect(await codeOf(made.report(report([])))).toBe('served');
    expect(await codeOf(made.report(report([])))).toBe('served');
  });

  test('is told of in the same words while its circuit is open, so the log has it once', async () => {
    const { made, words } = client([await deadUrl()]);
    for (let i = 0; i < 5; i++) await codeOf(made.report(report([])));
    expect(words).toHaveLength(5);
    expect(new Set(words).size).toBe(1);
  });

  test('is not one that answers with problems: its circuit stays closed', async () => {
    const coordinator = await server(() => problem('STORE_UNAVAILABLE'));
    const { made } = client([coordinator.url]);
    for (let i = 0; i < 10; i++) await codeOf(made.report(report([])));
    expect(coordinator.received).toHaveLength(10);
  });

  test('fails its open calls when the client closes', async () => {
    const { made } = client([(await server(() => 'silent')).url]);
    const call = codeOf(made.report(report([])));
    await made.close();
    expect(await call).toBe('COORDINATOR_UNAVAILABLE no_answer');
  });
});

describe('a coordinator of another deployment', () => {
  test('is refused, and nothing of its answer is used', async () => {
    const coordinator = await server();
    const { made } = client([coordinator.url]);
    await made.report(report([]));
    coordinator.answer = serving('d2');
    expect(await codeOf(made.fetchSegment('orders', CALM))).toBe('LAYOUT_MISMATCH deployment');
    expect(await codeOf(made.grant())).toBe('LAYOUT_MISMATCH deployment');
  });

  test('negative control: a client that did not see the first deployment takes the same numbers again', async () => {
    const ours = await server();
    const theirs = await server(serving('d2'));
    const [a, b] = [client([ours.url]).made, client([theirs.url]).made];
    expect(await b.fetchSegment('orders', CALM)).toEqual(await a.fetchSegment('orders', CALM));
  });

  test('in the list does not keep the agent from its own once that answers again', async () => {
    const ours = await server();
    const theirs = await server(serving('d2'));
    const { made } = client([ours.url, theirs.url]);
    expect(await codeOf(made.report(report([])))).toBe('served');
    ours.answer = () => problem('STORE_UNAVAILABLE');
    expect(await codeOf(made.report(report([])))).not.toBe('served');
    ours.answer = serving();
    expect(await codeOf(made.report(report([])))).toBe('served');
  });
});
