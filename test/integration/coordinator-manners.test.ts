import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bufferView, report } from '@leafcutter/shared/fakes/samples';
import type { Problem } from '@leafcutter/shared/problem';
import type { ReportRequest, TagList } from '@leafcutter/shared/wire';
import { poll } from '../support/poll.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const AGENT = 'agent-token';
const ADMIN = 'admin-token';
const VIEWER = 'viewer-token';
const LAYOUT = '41-10-12-d0@1288834974657';
let coordinator: Service;

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: [
      '--data-dir',
      join(await scratchDir('coordinator-manners'), 'data'),
      '--body-limit-bytes',
      '4096',
    ],
    env: { LEAFCUTTER_ADMIN_TOKENS: ADMIN, LEAFCUTTER_VIEWER_TOKENS: VIEWER, LEAFCUTTER_AGENT_TOKENS: AGENT },
  });
  expect((await send('POST', '/v1/tags', { tag: 'orders', step: 10 })).status).toBe(201);
});

afterAll(() => coordinator.stop());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly document: Problem & Record<string, unknown>;
}

/** Sends `body`, unchanged if it is a text, with the token that the address takes unless another one is given. */
async function send(
  method: string,
  path: string,
  body?: unknown,
  token = tokenOf(method, path),
): Promise<Answer> {
  const response = await fetch(coordinator.url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  expect(text).not.toMatch(/node_modules|\.ts:|\bat \w+ \(/);
  const document = (text === '' ? {} : JSON.parse(text)) as Answer['document'];
  if (!response.ok && text !== '') {
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(document.status).toBe(response.status);
  }
  return { status: response.status, headers: response.headers, document };
}

function tokenOf(method: string, path: string): string {
  const isAgents = /segments|renew|end|report/.test(path) || (method === 'POST' && path === '/v1/leases');
  return isAgents ? AGENT : ADMIN;
}

const who = () => ({ agentId: 'a', instanceId: randomUUID() });
const segment = () => ({ ...who(), ratePerSecond: 0, waitingIds: 1 });
const lease = () => ({ ...who(), agentTimeMs: Date.now(), layout: LAYOUT });

describe('a coordinator refuses', () => {
  test.each<[string, string, unknown, string]>([
    ['POST', '/v1/tags', { tag: '' }, 'tag'],
    ['POST', '/v1/tags', { tag: '-a' }, 'tag'],
    ['POST', '/v1/tags', { tag: 'a b' }, 'tag'],
    ['POST', '/v1/tags', { tag: 'a/b' }, 'tag'],
    ['POST', '/v1/tags', { tag: 'é' }, 'tag'],
    ['POST', '/v1/tags', { tag: 'a'.repeat(129) }, 'tag'],
    ['POST', '/v1/tags', { tag: 7 }, 'tag'],
    ['POST', '/v1/tags', {}, 'tag'],
    ['POST', '/v1/tags', { tag: 'a', step: 0 }, 'step'],
    ['POST', '/v1/tags', { tag: 'a', step: -1 }, 'step'],
    ['POST', '/v1/tags', { tag: 'a', step: 1.5 }, 'step'],
    ['POST', '/v1/tags', { tag: 'a', step: '5' }, 'step'],
    ['POST', '/v1/tags', { tag: 'a', step: 2_147_483_648 }, 'step'],
    ['POST', '/v1/tags', { tag: 'a', step: 10, maxStep: 9 }, 'maxStep'],
    ['POST', '/v1/tags', { tag: 'a', start: '0' }, 'start'],
    ['POST', '/v1/tags', { tag: 'a', start: '-5' }, 'start'],
    ['POST', '/v1/tags', { tag: 'a', start: 5 }, 'start'],
    ['POST', '/v1/tags', { tag: 'a', start: '01' }, 'start'],
    ['POST', '/v1/tags', { tag: 'a', start: '9223372036854775807' }, 'start'],
    ['POST', '/v1/tags', { tag: 'a', start: '11', highestId: '10' }, 'highestId'],
    ['POST', '/v1/tags', { tag: 'a', highestId: '9223372036854775807' }, 'highestId'],
    ['POST', '/v1/tags', { tag: 'a', targetDurationS: 0 }, 'targetDurationS'],
    ['POST', '/v1/tags', { tag: 'a', description: 'x'.repeat(257) }, 'description'],
    ['POST', '/v1/tags', { tag: 'a', size: 5 }, 'size'],
    ['POST', '/v1/tags', '{"tag":"a","__proto__":{"step":5}}', '__proto__'],
    ['POST', '/v1/tags', '{"tag":', 'body'],
    ['POST', '/v1/tags', '[]', 'body'],
    ['POST', '/v1/tags', '"a"', 'body'],
    ['PATCH', '/v1/tags/orders', {}, 'body'],
    ['PATCH', '/v1/tags/orders', { step: 0 }, 'step'],
    ['PATCH', '/v1/tags/orders', { start: '5' }, 'start'],
    ['PATCH', '/v1/tags/orders', { maxStep: 9 }, 'maxStep'],
    ['GET', '/v1/tags?limit=0', undefined, 'limit'],
    ['GET', '/v1/tags?limit=1001', undefined, 'limit'],
    ['GET', '/v1/tags?limit=1&limit=2', undefined, 'limit'],
    ['GET', '/v1/tags?page=2', undefined, 'page'],
    ['GET', '/v1/leases?state=busy', undefined, 'state'],
    ['GET', '/v1/agents?all=1', undefined, 'all'],
    ['GET', '/v1/tags/%zz', undefined, 'path'],
    ['GET', '/v1/tags/a%00', undefined, 'tag'],
    ['POST', '/v1/tags/orders/segments', {}, 'agentId'],
    ['POST', '/v1/tags/orders/segments', { ...segment(), waitingIds: -1 }, 'waitingIds'],
    ['POST', '/v1/tags/orders/segments', { ...segment(), instanceId: '7' }, 'instanceId'],
    ['POST', '/v1/tags/orders/segments', { ...segment(), agentId: 'a b' }, 'agentId'],
    ['POST', '/v1/leases', { ...lease(), agentTimeMs: 'now' }, 'agentTimeMs'],
    ['POST', '/v1/leases/x/renew', { ...lease(), to: 1, extend: true }, 'machineId'],
    ['POST', '/v1/leases/99999999/end', who(), 'machineId'],
    ['POST', '/v1/agents/report', { ...report(), names: [''] }, 'names.0'],
    ['POST', '/v1/agents/report', { ...report(), tags: Array(101).fill({}) }, 'tags'],
    ['POST', '/v1/agents/report', { ...report(), intervalMs: 0 }, 'intervalMs'],
    ['GET', '/v1/events?view=all', undefined, 'view'],
    ['GET', '/v1/events?view=fleet&tag=orders', undefined, 'view'],
    ['GET', '/v1/events?tag=a%00', undefined, 'tag'],
    ['GET', '/v1/ledger?order=oldest&tag=orders', undefined, 'order'],
    ['GET', '/v1/ledger?order=newest', undefined, 'tag'],
    ['GET', '/v1/ledger?order=newest&machine=all', undefined, 'machine'],
    ['GET', '/v1/ledger?order=newest&machine=3&tag=orders', undefined, 'machine'],
    ['GET', '/v1/ledger?order=newest&tag=orders&after=x', undefined, 'after'],
    ['GET', '/v1/leases/5000', undefined, 'machineId'],
  ])('%s %s %p and names %s', async (method, path, body, reason) => {
    const { status, document } = await send(method, path, body);
    expect({ status, code: document.code, reason: document.reason }).toEqual({
      status: 400,
      code: 'BAD_REQUEST',
      reason,
    });
    expect(document.retryable).toBe(false);
  });

  test.each<[string, string, unknown, number, string]>([
    ['GET', '/v1/tags/nobody', undefined, 404, 'TAG_UNKNOWN'],
    ['PATCH', '/v1/tags/nobody', { step: 5 }, 404, 'TAG_UNKNOWN'],
    ['DELETE', '/v1/tags/nobody', undefined, 404, 'TAG_UNKNOWN'],
    ['POST', '/v1/tags/nobody/segments', segment(), 404, 'TAG_UNKNOWN'],
    ['POST', '/v1/tags/Orders/segments', segment(), 404, 'TAG_UNKNOWN'],
    ['POST', '/v1/tags', { tag: 'orders' }, 409, 'TAG_EXISTS'],
    ['POST', '/v1/tags', `{"tag":"${'a'.repeat(5_000)}"}`, 413, 'PAYLOAD_TOO_LARGE'],
    ['GET', '/v1/nothing', undefined, 404, 'NOT_FOUND'],
    ['POST', '/v1/leases', () => ({ ...lease(), layout: '41-5-7-d0@0' }), 409, 'LAYOUT_MISMATCH'],
    ['POST', '/v1/leases', () => ({ ...lease(), agentTimeMs: Date.now() + 3_600_000 }), 503, 'CLOCK_SKEWED'],
    ['POST', '/v1/leases/5/renew', () => ({ ...lease(), to: 1, extend: true }), 503, 'LEASE_LOST'],
    ['POST', '/v1/leases/5000/renew', () => ({ ...lease(), to: 1, extend: false }), 503, 'LEASE_LOST'],
    ['POST', '/v1/leases/5000/end', who(), 400, 'BAD_REQUEST'],
  ])('%s %s %p with %p %s', async (method, path, body, status, code) => {
    // Texts that carry the time are made when they are sent: this table is built long before.
    const answer = await send(method, path, typeof body === 'function' ? body() : body);
    expect({ status: answer.status, code: answer.document.code }).toEqual({ status, code });
    expect(answer.headers.has('retry-after')).toBe(answer.document.retryable);
  });

  test.each([
    ['/v1/tags', 'PUT', 'GET, POST'],
    ['/v1/tags/orders', 'HEAD', 'GET, PATCH, DELETE'],
    ['/v1/tags/orders/segments', 'GET', 'POST'],
    ['/v1/leases', 'DELETE', 'GET, POST'],
    ['/v1/agents', 'POST', 'GET'],
    ['/metrics', 'POST', 'GET, HEAD, OPTIONS'],
  ])('%s %s with 405 and Allow: %s', async (path, method, allow) => {
    const { status, headers } = await send(method, path);
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe(allow);
  });

  test.each([
    ['GET', '/v1/tags', AGENT],
    ['POST', '/v1/tags', AGENT],
    ['DELETE', '/v1/tags/orders', AGENT],
    ['GET', '/v1/agents', AGENT],
    ['GET', '/v1/leases', AGENT],
    ['POST', '/v1/leases', ADMIN],
    ['POST', '/v1/tags/orders/segments', ADMIN],
    ['POST', '/v1/agents/report', ADMIN],
    ['POST', '/v1/leases/1/end', ADMIN],
    ['GET', '/v1/tags', 'guess'],
    ['GET', '/v1/tags', ''],
    ['GET', '/v1/events', AGENT],
    ['GET', '/v1/explain/5', AGENT],
    ['GET', '/v1/leases/3', ''],
    ['GET', '/v1/ledger?tag=orders', 'guess'],
  ])('%s %s with the token %p', async (method, path, token) => {
    const { status, headers, document } = await send(method, path, method === 'GET' ? undefined : {}, token);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(document).toMatchObject({
      code: 'UNAUTHORIZED',
      reason: token === '' ? 'missing_token' : 'wrong_token',
    });
  });
});

describe('a viewer', () => {
  test.each([
    '/v1/tags',
    '/v1/tags/orders',
    '/v1/agents',
    '/v1/leases',
    '/v1/leases/3',
    '/v1/ledger?tag=orders',
  ])('may look at %s', async (path) => {
    expect((await send('GET', path, undefined, VIEWER)).status).toBe(200);
  });

  test.each([
    ['POST', '/v1/tags'],
    ['PATCH', '/v1/tags/orders'],
    ['DELETE', '/v1/tags/orders'],
    ['POST', '/v1/tags/orders/lower'],
  ])('may not %s %s', async (method, path) => {
    const { status, document } = await send(method, path, { tag: 'x', step: 5 }, VIEWER);
    expect([status, document.code, document.reason]).toEqual([403, 'FORBIDDEN', 'viewer']);
    expect((await send('GET', '/v1/tags/x', undefined, ADMIN)).status).toBe(404);
  });

  test('takes no segments and no leases', async () => {
    for (const path of ['/v1/tags/orders/segments', '/v1/leases', '/v1/agents/report'])
      expect((await send('POST', path, {}, VIEWER)).status).toBe(401);
  });
});

describe('event streams', () => {
  const open = async (path: string) => {
    const leaving = new AbortController();
    const response = await fetch(coordinator.url + path, {
      headers: { authorization: `Bearer ${VIEWER}` },
      signal: leaving.signal,
    });
    return { response, leave: () => leaving.abort() };
  };

  test('begin with what is known, and go on', async () => {
    for (const [path, event] of [
      ['/v1/events', 'fleet'],
      ['/v1/events?tag=orders', 'tag'],
      ['/v1/events?view=machine-ids', 'machine-ids'],
    ] as const) {
      const { response, leave } = await open(path);
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      let text = '';
      for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += part;
        if (text.split(`event: ${event}\n`).length > 3) break;
      }
      expect(JSON.parse(/data: (.*)/.exec(text)?.[1] ?? '')).toMatchObject({ timeMs: expect.any(Number) });
      leave();
    }
  });

  test('are bounded in number, and one that is left makes room', async () => {
    const streams = await Promise.all(Array.from({ length: 64 }, () => open('/v1/events?tag=orders')));
    expect(streams.map(({ response }) => response.status)).toEqual(Array(64).fill(200));
    const refused = await send('GET', '/v1/events', undefined, VIEWER);
    expect([refused.status, refused.document.code]).toEqual([429, 'RATE_LIMITED']);
    for (const { leave } of streams) leave();
    const again = await poll(async () => {
      const { response, leave } = await open('/v1/events');
      leave();
      return response.status === 200;
    });
    expect(again).toBe(true);
  });
});

describe('a coordinator answers', () => {
  test('segments one after the other, and nothing that was refused took any', async () => {
    const first = await send('POST', '/v1/tags/orders/segments', segment());
    expect(first.document).toMatchObject({ tag: 'orders', start: '1', end: '11' });
    const second = await send('POST', '/v1/tags/orders/segments', segment());
    expect(second.document).toMatchObject({ start: '11' });
  });

  test('health and metrics without a token', async () => {
    for (const path of ['/livez', '/readyz', '/metrics']) {
      expect((await fetch(coordinator.url + path)).status).toBe(200);
    }
    expect(await coordinator.json('/readyz')).toEqual({
      status: 'ready',
      store: 'up',
      redis: 'none',
      dependencies: [
        { name: 'store', state: 'up', ok: true, sinceMs: expect.any(Number), reason: null },
        { name: 'jobs', state: 'in_time', ok: true, sinceMs: expect.any(Number), reason: null },
      ],
    });
  });

  test('tags in pages that hold each once', async () => {
    for (const tag of ['p1', 'p2', 'p3', 'P4', 'p.5']) await send('POST', '/v1/tags', { tag });
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const { document } = await send(
        'GET',
        `/v1/tags?limit=2${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
      );
      const page = document as unknown as TagList;
      seen.push(...page.tags.map(({ tag }) => tag));
      after = page.next;
    }
    expect(seen).toEqual(['P4', 'orders', 'p.5', 'p1', 'p2', 'p3']);
  });

  describe('reports', () => {
    const own = (n: number) => ({ agentId: `paged-${n}`, instanceId: randomUUID(), intervalMs: 60_000 });
    /** What it says that the roster has. */
    const entered = async (body: Partial<ReportRequest>) =>
      (await send('POST', '/v1/agents/report', report(body))).document.revision;

    test('with what the roster has now, and whole ones of releases that count none', async () => {
      const who = own(0);
      const tags = [bufferView('a'), bufferView('b')];
      expect(await entered({ ...who, tags })).toBeUndefined();
      expect(await entered({ ...who, tags, revision: 5 })).toBe(5);
      const next = { ...who, revision: 6, tags: [bufferView('c')], without: ['a'] };
      expect(await entered({ ...next, since: 4 })).toBeUndefined();
      expect(await entered({ ...next, since: 5 })).toBe(6);
      expect(await entered({ ...who, revision: 7, leaving: true })).toBeUndefined();
    });

    test('and shows them in pages and to those who search', async () => {
      for (const n of [1, 2, 10]) await entered(own(n));
      const agents = async (query: string) => {
        const { document } = await send('GET', `/v1/agents?${query}`, undefined, VIEWER);
        const rows = document.agents as { agentId: string; state: string }[];
        expect(rows.every(({ state }) => state === 'alive')).toBe(true);
        return { ids: rows.map(({ agentId }) => agentId), next: document.next as string | null };
      };
      const first = await agents('q=paged&limit=2');
      expect(first.ids).toEqual(['paged-1', 'paged-2']);
      const rest = await agents(`q=PAGED&limit=2&after=${encodeURIComponent(first.next ?? '')}`);
      expect(rest).toEqual({ ids: ['paged-10'], next: null });
    });
  });

  test('a lease, its heartbeat and its end', async () => {
    const holder = lease();
    const granted = await send('POST', '/v1/leases', holder);
    expect(granted.status).toBe(201);
    const { machineId, from, to } = granted.document as unknown as Record<string, number>;
    expect(Number(to)).toBeGreaterThan(Number(from));
    const beat = await send('POST', `/v1/leases/${machineId}/renew`, { ...holder, to, extend: false });
    expect(beat.document).toMatchObject({ to });
    const { agentId, instanceId } = holder;
    expect((await send('POST', `/v1/leases/${machineId}/end`, { agentId, instanceId })).status).toBe(204);
    const { document } = await send('GET', '/v1/leases?state=waiting');
    expect(document.machineIds).toContainEqual(
      expect.objectContaining({ machineId, state: 'waiting', agentId }),
    );
  });
});
