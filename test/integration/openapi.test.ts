import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builtPage } from '@leafcutter/console/pages';
import { report } from '@leafcutter/shared/fakes/samples';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

interface Parameter {
  readonly in: 'path' | 'query';
  readonly name: string;
  readonly schema: { readonly type?: string; readonly maximum?: number; readonly enum?: readonly string[] };
}

interface Media {
  readonly schema: object;
  /** Of a stream: the JSON of each event's data, by the event's name. */
  readonly 'x-events'?: Readonly<Record<string, object>>;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { 'application/json': { schema: object } } };
  readonly responses: Readonly<Record<string, { content?: Record<string, Media> }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

/** A valid request of an operation. */
interface Sample {
  readonly path?: string;
  readonly body?: () => object;
  readonly accept?: string;
  /** The site whose page asks. */
  readonly origin?: string;
}

let coordinator: Service;
let agent: Service;
const lease = { machineId: 0, to: 0 };
const holder = { agentId: 'openapi', instanceId: randomUUID() };
const layout = '41-10-12-d0@1288834974657';

beforeAll(async () => {
  const flags = ['--data-dir', join(await scratchDir('openapi'), 'data')];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags });
  const on = ['--coordinators', coordinator.url, '--snowflake-enabled'];
  agent = await Service.start({ kind: 'agent', name: 'agent', flags: on });
});

afterAll(async () => {
  await agent.stop();
  await coordinator.stop();
});

const now = () => Date.now();
/** Something that both pages load. */
const [asset = ''] = [...(builtPage('agent')?.assets.keys() ?? [])].filter((name) => name.endsWith('.js'));

/** In this order: some need what others made. */
const COORDINATOR: Readonly<Record<string, Sample | readonly Sample[]>> = {
  'POST /v1/tags': { body: () => ({ tag: 'orders', step: 1_000, description: 'all of them' }) },
  'GET /v1/tags': { path: '/v1/tags?limit=10' },
  'GET /v1/tags/{tag}': { path: '/v1/tags/orders' },
  'PATCH /v1/tags/{tag}': { path: '/v1/tags/orders', body: () => ({ maxStep: 5_000 }) },
  'POST /v1/tags/{tag}/segments': {
    path: '/v1/tags/orders/segments',
    body: () => ({ ...holder, ratePerSecond: 10, waitingIds: 0 }),
  },
  'POST /v1/tags/{tag}/decode': {
    path: '/v1/tags/orders/decode',
    body: () => ({ ...holder, id: '5' }),
  },
  'POST /v1/leases': { body: () => ({ ...holder, agentTimeMs: now(), layout }) },
  'POST /v1/leases/{machineId}/renew': {
    path: '/v1/leases/:machineId/renew',
    body: () => ({ ...holder, agentTimeMs: now(), layout, to: lease.to, extend: false }),
  },
  'GET /v1/leases': { path: '/v1/leases?state=held' },
  'POST /v1/leases/{machineId}/end': { path: '/v1/leases/:machineId/end', body: () => holder },
  'POST /v1/agents/report': {
    body: () => report({ ...holder, timeMs: now(), names: ['orders', 'gone'] }),
  },
  'GET /v1/agents': {},
  'GET /v1/ledger': [
    { path: '/v1/ledger?tag=orders&limit=5' },
    { path: '/v1/ledger?tag=orders&order=newest' },
    { path: '/v1/ledger?machine=all' },
    { path: '/v1/ledger?machine=3&order=newest' },
  ],
  'GET /v1/audit': [{ path: '/v1/audit?limit=5' }, { path: '/v1/audit?tag=orders' }],
  'GET /v1/leases/{machineId}': { path: '/v1/leases/3' },
  'GET /v1/jobs': {},
  'GET /v1/events': [
    {},
    { path: '/v1/events?view=fleet' },
    { path: '/v1/events?tag=orders' },
    { path: '/v1/events?tag=nobody' },
    { path: '/v1/events?view=machine-ids' },
  ],
  'GET /v1/explain/{id}': [{ path: '/v1/explain/5' }, { path: '/v1/explain/5?tag=orders' }],
  'GET /v1/explain/snowflake/{id}': { path: '/v1/explain/snowflake/123456789012345678' },
  'GET /v1/explain/{tag}/{id}': { path: '/v1/explain/orders/5' },
  'POST /v1/tags/{tag}/lower': { path: '/v1/tags/typo/lower', body: () => ({ to: '5', force: true }) },
  'DELETE /v1/tags/{tag}': { path: '/v1/tags/typo' },
  'GET /': {},
  'GET /assets/{file}': { path: `/assets/${asset}` },
  'GET /livez': {},
  'GET /readyz': {},
  'GET /metrics': {},
};

const json = 'application/json';
const AGENT: Readonly<Record<string, Sample | readonly Sample[]>> = {
  'GET /v1/ids/{tag}': [
    { path: '/v1/ids/orders' },
    { path: '/v1/ids/orders', accept: json },
    { path: '/v1/ids/orders?count=10000' },
    { path: '/v1/ids/orders?count=3', accept: json },
    { path: '/v1/ids/orders?count=3&format=ranges' },
    { path: '/v1/ids/orders?count=3&format=block' },
  ],
  'POST /v1/ids/{tag}': { path: '/v1/ids/orders?count=2', accept: json },
  'GET /v1/snowflake': [{}, { path: '/v1/snowflake?count=7', accept: json }],
  'POST /v1/snowflake': { accept: json },
  'GET /v1/decode/{id}': [{ path: '/v1/decode/123456789012345678' }, { path: '/v1/decode/5?tag=orders' }],
  'GET /v1/status': {},
  'GET /v1/events': {},
  'GET /cache': {},
  'GET /': {},
  'GET /assets/{file}': { path: `/assets/${asset}` },
  'GET /livez': {},
  'GET /readyz': { path: '/readyz?mode=segment' },
  'GET /metrics': {},
};

async function documentOf(service: Service): Promise<Document> {
  const response = await fetch(`${service.url}/openapi.json`);
  expect(response.status).toBe(200);
  return (await response.json()) as Document;
}

const operations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      key: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );

/** Whether a value is what the document says of this answer. */
function expectDescribed(document: Document, key: string, response: Answered): void {
  const { status, type, body } = response;
  const found = operations(document).find((operation) => operation.key === key);
  const described = found?.operation.responses[status];
  expect({ key, status, body, isDescribed: described !== undefined }).toMatchObject({ isDescribed: true });
  if (described?.content === undefined) {
    expect({ key, body }).toEqual({ key, body: '' });
    return;
  }
  const media = described.content[type];
  expect({ key, type, isDescribed: media !== undefined }).toMatchObject({ isDescribed: true });
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  const expectValid = (schema: object | undefined, value: unknown) => {
    const validate = ajv.compile({ ...schema, components: document.components });
    expect({ key, valid: validate(value), errors: validate.errors }).toMatchObject({ valid: true });
  };
  expectValid(media?.schema, type.endsWith('json') ? JSON.parse(body) : body);
  if (type !== 'text/event-stream') return;
  const events = [...body.matchAll(/^event: (\S+)\ndata: (.*)\n\n/gm)];
  expect({ key, body, told: events.length > 0 }).toMatchObject({ told: true });
  for (const [, name = '', data = ''] of events) {
    const schema = media?.['x-events']?.[name];
    expect({ key, name, isDescribed: schema !== undefined }).toMatchObject({ isDescribed: true });
    expectValid(schema, JSON.parse(data));
  }
}

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function send(service: Service, method: string, path: string, sample: Sample): Promise<Answered> {
  const body = sample.body?.();
  const leaving = new AbortController();
  const response = await fetch(service.url + path.replace(':machineId', String(lease.machineId)), {
    method,
    headers: {
      ...(sample.accept === undefined ? {} : { accept: sample.accept }),
      ...(sample.origin === undefined ? {} : { origin: sample.origin }),
      'content-type': json,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: leaving.signal,
  });
  const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
  if (type === 'text/event-stream') {
    let body = '';
    for await (const chunk of response.body ?? []) {
      body += new TextDecoder().decode(chunk as Uint8Array);
      if (body.endsWith('\n\n')) break;
    }
    leaving.abort();
    return { status: response.status, type, body };
  }
  return { status: response.status, type, body: await response.text() };
}

describe.each([
  ['coordinator', () => coordinator, COORDINATOR],
  ['agent', () => agent, AGENT],
] as const)('the document of the %s', (_, serviceOf, samples) => {
  test('is valid OpenAPI 3.1', async () => {
    const document = await documentOf(serviceOf());
    const checked = await new Validator().validate(
      structuredClone(document) as unknown as Record<string, unknown>,
    );
    expect(checked.errors).toBeUndefined();
    expect(checked.valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  test('describes what the service answers, operation by operation', async () => {
    const document = await documentOf(serviceOf());
    expect(
      operations(document)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(Object.keys(samples).sort());
    if (serviceOf() === coordinator) await coordinatorTag('typo');
    for (const [key, sample] of Object.entries(samples)) {
      const [method = '', path = ''] = key.split(' ');
      for (const one of [sample].flat() as Sample[]) {
        const answered = await send(serviceOf(), method, one.path ?? path, one);
        const isSuccess = answered.status < 300;
        expect({ key, isSuccess, body: answered.body.slice(0, 300) }).toMatchObject({ isSuccess: true });
        expectDescribed(document, key, answered);
        if (key === 'POST /v1/leases') Object.assign(lease, JSON.parse(answered.body));
      }
    }
  });

  test('describes refusals: a foreign page, a parameter past its limit, a choice that is none, a body without its fields', async () => {
    const document = await documentOf(serviceOf());
    let asked = 0;
    for (const { key, method, path, operation } of operations(document)) {
      const filled = path.replace('{tag}', 'orders').replace('{machineId}', '1').replace('{id}', '1');
      const foreign = await send(serviceOf(), method, filled, { origin: 'http://elsewhere.example' });
      expect({ key, status: foreign.status }).toEqual({ key, status: 403 });
      expectDescribed(document, key, foreign);
      const bad = (operation.parameters ?? []).flatMap(({ in: where, name, schema }) => {
        const wrong =
          schema.maximum === undefined
            ? schema.enum === undefined
              ? undefined
              : 'neither'
            : String(schema.maximum + 1);
        if (wrong === undefined) return [];
        return [where === 'query' ? `${filled}?${name}=${wrong}` : path.replace(`{${name}}`, wrong)];
      });
      for (const wrong of bad) {
        const answered = await send(
          serviceOf(),
          method,
          wrong,
          operation.requestBody ? { body: () => ({}) } : {},
        );
        expect({ wrong, status: answered.status }).toEqual({ wrong, status: 400 });
        expectDescribed(document, key, answered);
        asked += 1;
      }
      if (operation.requestBody !== undefined) {
        const answered = await send(serviceOf(), method, filled, { body: () => ({ nonsense: 1 }) });
        expect({ key, status: answered.status }).toEqual({ key, status: 400 });
        expectDescribed(document, key, answered);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(5);
  });

  test('tells every method, but HEAD and OPTIONS, which follow from GET: others are 405', async () => {
    for (const [path, methods] of Object.entries((await documentOf(serviceOf())).paths)) {
      const response = await fetch(serviceOf().url + path.replaceAll(/\{\w+\}/g, '1'), { method: 'PUT' });
      const allowed = (response.headers.get('allow') ?? '')
        .split(', ')
        .filter((method) => method !== 'HEAD' && method !== 'OPTIONS')
        .map((method) => method.toLowerCase());
      expect({ path, status: response.status, allowed: allowed.sort() }).toEqual({
        path,
        status: 405,
        allowed: Object.keys(methods).sort(),
      });
    }
  });
});

test('the ops door serves health and metrics, no document and no IDs', async () => {
  const port = await freePort();
  const flags = ['--coordinators', coordinator.url, '--ops-listen', `127.0.0.1:${port}`];
  const other = await Service.start({ kind: 'agent', name: 'ops', flags });
  try {
    const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    for (const path of ['/livez', '/readyz', '/metrics'])
      expect([path, await statusOf(path)]).toEqual([path, 200]);
    for (const path of ['/openapi.json', '/v1/ids/orders', '/v1/status', '/cache']) {
      expect([path, await statusOf(path)]).toEqual([path, 404]);
    }
  } finally {
    await other.stop();
  }
});

test('CONTROL: an answer that the document does not describe is noticed', async () => {
  const document = await documentOf(agent);
  const described = { status: 200, type: 'application/json', body: '{"status":"live"}' };
  expectDescribed(document, 'GET /livez', described);
  for (const wrong of [{ body: '{"status":"dead"}' }, { status: 418 }, { type: 'text/html' }]) {
    expect(() => expectDescribed(document, 'GET /livez', { ...described, ...wrong })).toThrow();
  }
  const stream = { status: 200, type: 'text/event-stream' };
  for (const body of ['', 'event: status\ndata: {}\n\n', 'event: other\ndata: {}\n\n']) {
    expect(() => expectDescribed(document, 'GET /v1/events', { ...stream, body })).toThrow();
  }
});

async function coordinatorTag(tag: string): Promise<void> {
  await send(coordinator, 'POST', '/v1/tags', { body: () => ({ tag, start: '1000000' }) });
}
