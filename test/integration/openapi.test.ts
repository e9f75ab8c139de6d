import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Agent } from '@leafcutter/agent/agent';
import { agentApp } from '@leafcutter/agent/doors/http/routes';
import type { Coordinator } from '@leafcutter/coordinator/coordinator';
import { coordinatorApp } from '@leafcutter/coordinator/http/routes';
import { VERSION } from '@leafcutter/shared/version';
import type { LeaseAnswer } from '@leafcutter/shared/wire';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type Answered, ApiDocument, type ApiOperation, type OpenApi } from '../support/api-document.ts';
import { type Example, type Probe, probeOf, refusedProbes } from '../support/api-probes.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { compareRoutes, documentOf, servedPaths } from '../support/served-routes.ts';
import { Service } from '../support/service.ts';

jest.setTimeout(120_000);

const LAYOUT = '41-10-12-d0@1288834974657';
/** By security scheme; the agent's own scheme has another token than the coordinator's of that name. */
const TOKENS = {
  coordinator: { agentToken: 'agent', adminToken: 'admin' },
  agent: { agentToken: 'application' },
} as const satisfies Record<string, Record<string, string>>;
const HOLDER = { agentId: 'walker', instanceId: randomUUID() };

type Kind = keyof typeof TOKENS;
const services = {} as Record<Kind, Service>;
const documents = {} as Record<Kind, ApiDocument>;
const texts = {} as Record<Kind, OpenApi>;
let lonely: Service;
let lease: LeaseAnswer;
let snowflake = '';

beforeAll(async () => {
  services.coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(await scratchDir('openapi'), 'data')],
    env: { LEAFCUTTER_ADMIN_TOKENS: 'admin', LEAFCUTTER_AGENT_TOKENS: 'agent' },
  });
  const env = { LEAFCUTTER_TOKENS: 'application', LEAFCUTTER_COORDINATOR_TOKEN: 'agent' };
  const flags = ['--snowflake-enabled', '--wait-ms', '300'];
  services.agent = await Service.start({
    kind: 'agent',
    name: 'agent',
    flags: ['--coordinators', services.coordinator.url, ...flags],
    env,
  });
  // Nobody listens on port 1: this agent has to say so in the words of its document.
  lonely = await Service.start(
    { kind: 'agent', name: 'lonely', flags: ['--coordinators', 'http://127.0.0.1:1', ...flags], env },
    'live',
  );
  for (const kind of ['coordinator', 'agent'] as const) {
    texts[kind] = await services[kind].json<OpenApi>('/openapi.json');
    documents[kind] = new ApiDocument(texts[kind]);
  }
  await prepare();
});

afterAll(async () => {
  await Promise.all([lonely?.stop(), services.agent?.stop()]);
  await services.coordinator?.stop();
});

/** Tags in every state, and a lease that the examples renew. */
async function prepare(): Promise<void> {
  for (const tag of ['orders', 'retired', 'short', 'lowered']) {
    const body = { tag, ...(tag === 'short' ? { highestId: '2', step: 1 } : { step: 10_000 }) };
    await must('coordinator', 'createTag', { body, status: 201 });
  }
  await must('coordinator', 'retireTag', { path: { tag: 'retired' }, status: 200 });
  lease = JSON.parse((await must('coordinator', 'grantLease', { body: leaseBody(), status: 201 })).text);
  snowflake = (await must('agent', 'drawSnowflakes', { status: 200 })).text;
  for (let id = 1; id <= 2; id++) await must('agent', 'drawIds', { path: { tag: 'short' }, status: 200 });
}

function leaseBody() {
  return { ...HOLDER, agentTimeMs: Date.now(), layout: LAYOUT };
}

const aTag = (tag: string) => ({ path: { tag } });
const json = 'application/json';

/** For each operation requests that it takes, the first of which the refused ones are made from, and some it refuses. */
const EXAMPLES: Record<Kind, Record<string, () => readonly Example[]>> = {
  coordinator: {
    grantSegment() {
      const body = { ...HOLDER, ratePerSecond: 1, waitingIds: 1, blockIds: 0 };
      return [
        { ...aTag('orders'), body: { ...body, lastSegment: { step: 1, lastedMs: 1 } }, status: 200 },
        { ...aTag('orders'), body, status: 200 },
        { ...aTag('unknown'), body, status: 404 },
        { ...aTag('retired'), body, status: 410 },
        { ...aTag('short'), body, status: 409 },
        { ...aTag('x'.repeat(129)), body, status: 400 },
      ];
    },
    listLeases: () => [
      { status: 200 },
      { query: '?state=held', status: 200 },
      { query: '?state=free', status: 200 },
      { query: '?state=lost', status: 400 },
    ],
    grantLease: () => [
      { body: leaseBody(), status: 201 },
      { body: { ...leaseBody(), layout: 'other' }, status: 409 },
      { body: { ...leaseBody(), agentTimeMs: 1 }, status: 503 },
    ],
    renewLease() {
      const path = { machineId: String(lease.machineId) };
      const body = { ...leaseBody(), to: lease.to, extend: false };
      return [
        { path, body, status: 200 },
        { path, body: { ...body, extend: true }, status: 200 },
        { path, body: { ...body, extend: true, to: 1 }, status: 503 },
        { path, body: { ...body, layout: 'other' }, status: 409 },
        { path: { machineId: '-1' }, body, status: 400 },
      ];
    },
    endLease: () => [
      { path: { machineId: String(lease.machineId) }, body: HOLDER, status: 204 },
      { path: { machineId: '1048576' }, body: HOLDER, status: 400 },
    ],
    report: () => [
      { body: { ...HOLDER, version: VERSION, tags: ['orders', 'unknown', 'retired'] }, status: 200 },
    ],
    listAgents: () => [{ status: 200 }],
    listTags: () => [
      { status: 200 },
      { query: '?limit=1', status: 200 },
      { query: '?limit=1000&after=orders', status: 200 },
      { query: '?limit=1001', status: 400 },
    ],
    createTag: () => [
      {
        body: {
          ...{ tag: `fresh-${randomUUID()}`, start: '5', step: 10, maxStep: 100, targetDurationS: 60 },
          ...{ highestId: '1000', description: 'All of it.' },
        },
        status: 201,
      },
      { body: { tag: 'orders' }, status: 409 },
      { body: { tag: 'zero', start: '0' }, status: 400 },
    ],
    showTag: () => [
      { ...aTag('orders'), status: 200 },
      { ...aTag('retired'), status: 200 },
      { ...aTag('unknown'), status: 404 },
      { ...aTag('a\nb'), status: 400 },
    ],
    changeTag: () => [
      {
        ...aTag('orders'),
        body: {
          step: 10_000,
          maxStep: 1_000_000,
          targetDurationS: 600,
          highestId: null,
          description: 'Mine.',
        },
        status: 200,
      },
      { ...aTag('orders'), body: { maxStep: null }, status: 200 },
      { ...aTag('orders'), body: {}, status: 400 },
      { ...aTag('unknown'), body: { step: 1 }, status: 404 },
      { ...aTag('retired'), body: { step: 1 }, status: 410 },
    ],
    retireTag: () => [
      { ...aTag('retired'), status: 200 },
      { ...aTag('unknown'), status: 404 },
    ],
    lowerTag: () => [
      { ...aTag('lowered'), body: { to: '1', force: true }, status: 200 },
      { ...aTag('unknown'), body: { to: '1' }, status: 404 },
      { ...aTag('retired'), body: { to: '1' }, status: 410 },
      { ...aTag('orders'), body: { to: '1' }, status: 400 },
    ],
    listLedger: () => [
      { query: '?tag=orders', status: 200 },
      { query: '?tag=orders&limit=1', status: 200 },
      { query: '?machine=all&limit=1', status: 200 },
      { query: '?tag=orders&machine=all', status: 400 },
      { query: '?machine=all&after=5', status: 400 },
      { status: 400 },
    ],
    live: () => [{ status: 200 }],
    ready: () => [{ status: 200 }],
    metrics: () => [{ status: 200 }],
    showDocument: () => [{ status: 200 }],
  },
  agent: {
    drawIds: drawIds,
    drawIdsByPost: drawIds,
    drawSnowflakes: drawSnowflakes,
    drawSnowflakesByPost: drawSnowflakes,
    decodeSnowflake: () => [
      { path: { id: snowflake }, status: 200 },
      { path: { id: 'abc' }, status: 400 },
      { path: { id: '9'.repeat(19) }, status: 400 },
    ],
    showStatus: () => [{ status: 200 }],
    listenToStatus: () => [{ status: 200 }],
    live: () => [{ status: 200 }],
    ready: () => [
      { status: 200 },
      { query: '?mode=segment', status: 200 },
      { query: '?mode=snowflake', status: 200 },
      { query: '?mode=both', status: 400 },
    ],
    metrics: () => [{ status: 200 }],
    showDocument: () => [{ status: 200 }],
  },
};

function drawIds(): Example[] {
  return [
    { ...aTag('orders'), status: 200 },
    { ...aTag('orders'), accept: json, status: 200 },
    { ...aTag('orders'), query: '?count=3', status: 200 },
    { ...aTag('orders'), query: '?count=3&format=ids', accept: json, status: 200 },
    { ...aTag('orders'), query: '?count=3&format=ranges', status: 200 },
    { ...aTag('orders'), query: '?count=3&format=block', status: 200 },
    { ...aTag('unknown'), status: 404 },
    { ...aTag('short'), status: 409 },
    { ...aTag('retired'), status: 410 },
    { ...aTag('x'.repeat(129)), status: 400 },
  ];
}

function drawSnowflakes(): Example[] {
  return [
    { status: 200 },
    { accept: json, status: 200 },
    { query: '?count=3', status: 200 },
    { query: '?count=3&format=ids', accept: json, status: 200 },
    { query: '?format=ranges', status: 400 },
  ];
}

function operationOf(kind: Kind, id: string): ApiOperation {
  const found = documents[kind].operations.find((operation) => operation.id === id);
  if (found === undefined) throw new Error(`the document of the ${kind} has no ${id}`);
  return found;
}

/** The token that an operation takes, by the scheme that its document names. */
function tokenFor(kind: Kind, { facts }: ApiOperation): string | undefined {
  const scheme = facts.security.flatMap((need) => Object.keys(need))[0];
  if (scheme === undefined) return undefined;
  const token = new Map<string, string>(Object.entries(TOKENS[kind])).get(scheme);
  if (token === undefined) throw new Error(`no token is known for ${scheme}`);
  return token;
}

async function ask(url: string, { method, address, token, body, accept }: Probe): Promise<Answered> {
  const response = await fetch(url + address, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': json }),
      ...(accept === undefined ? {} : { accept }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const { status, headers } = response;
  if (headers.get('content-type') !== 'text/event-stream')
    return { status, headers, text: await response.text() };
  // A stream does not end by itself.
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return { status, headers, text: new TextDecoder().decode(value) };
}

/** Asks, and says how the answer departs from the document and from what was expected. */
async function departures(kind: Kind, operation: ApiOperation, probe: Probe, url: string): Promise<string[]> {
  const answered = await ask(url, probe);
  const wrong =
    probe.status === undefined || probe.status === answered.status ? [] : [`got ${answered.status}`];
  if (answered.status === 405) {
    const allow = answered.headers.get('allow')?.split(', ').sort() ?? [];
    if (String(allow) !== String([...operation.methods].sort())) wrong.push(`Allow: ${allow}`);
  }
  // HEAD is answered without the body that is documented.
  if (probe.method !== 'HEAD') wrong.push(...documents[kind].departures(operation, answered));
  return wrong.map((problem) => `${operation.id} ${probe.what}: ${problem}`);
}

async function must(kind: Kind, id: string, example: Example): Promise<Answered> {
  const operation = operationOf(kind, id);
  const answered = await ask(services[kind].url, probeOf(operation, example, tokenFor(kind, operation)));
  if (answered.status !== example.status) throw new Error(`${id}: ${answered.status} ${answered.text}`);
  return answered;
}

describe.each(['coordinator', 'agent'] as const)('the %s', (kind) => {
  test('serves a valid OpenAPI 3.1 document of its version without a token', async () => {
    const checked = await new Validator().validate(structuredClone(texts[kind]));
    expect(checked.errors ?? []).toEqual([]);
    expect(checked.valid).toBe(true);
    expect(texts[kind].openapi).toMatch(/^3\.1\./);
    expect(texts[kind].info.version).toBe(VERSION);
  });

  test('negative control: a document with an unknown place for a parameter is not valid', async () => {
    const text = JSON.stringify(texts[kind]).replaceAll('"in":"path"', '"in":"nowhere"');
    expect((await new Validator().validate(JSON.parse(text))).valid).toBe(false);
  });

  test('refers only to what the document has, and names each operation once', () => {
    const text = JSON.stringify(texts[kind]);
    const refs = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(refs.length).toBe(text.split('"$ref"').length - 1);
    const { components } = texts[kind] as unknown as { components: Record<string, object> };
    const missing = refs.filter(([, part = '', name = '']) => !Object.hasOwn(components[part] ?? {}, name));
    expect(missing).toEqual([]);
    const ids = documents[kind].operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has an example here for every documented operation', () => {
    const ids = documents[kind].operations.map(({ id }) => id);
    expect(Object.keys(EXAMPLES[kind]).sort()).toEqual(ids.sort());
  });

  test.each(Object.keys(EXAMPLES[kind]))('answers %s as its document says', async (id) => {
    const operation = operationOf(kind, id);
    const token = tokenFor(kind, operation);
    const found: string[] = [];
    for (const example of EXAMPLES[kind][id]?.() ?? []) {
      found.push(
        ...(await departures(kind, operation, probeOf(operation, example, token), services[kind].url)),
      );
    }
    expect(found).toEqual([]);
  });

  test.each(Object.keys(EXAMPLES[kind]))('refuses what the document of %s rules out', async (id) => {
    const operation = operationOf(kind, id);
    const token = tokenFor(kind, operation);
    const [example] = EXAMPLES[kind][id]?.() ?? [];
    if (example === undefined) throw new Error(`${id} has no example`);
    const others = ['wrong', ...Object.values(TOKENS[kind]).filter((other) => other !== token)];
    const probes = refusedProbes(documents[kind], operation, example, token, others);
    expect(probes.length).toBeGreaterThan(4);
    const found: string[] = [];
    for (const probe of probes) found.push(...(await departures(kind, operation, probe, services[kind].url)));
    expect(found).toEqual([]);
  });
});

describe('an agent that no coordinator answers', () => {
  test.each([
    ['ready', { status: 503 }],
    ['ready', { query: '?mode=snowflake', status: 503 }],
    ['drawIds', { ...aTag('orders'), status: 503 }],
    ['drawSnowflakes', { status: 503 }],
    ['showStatus', { status: 200 }],
  ] as const)('answers %s (%p) as the document says', async (id, example) => {
    const operation = operationOf('agent', id);
    const probe = probeOf(operation, example, tokenFor('agent', operation));
    expect(await departures('agent', operation, probe, lonely.url)).toEqual([]);
  });
});

test('an event of the agent holds the status that the document describes', async () => {
  const { text } = await must('agent', 'listenToStatus', { status: 200 });
  const [, data = ''] = /^event: status\ndata: (.*)\n\n$/.exec(text) ?? [];
  const schema = { $ref: '#/components/schemas/AgentStatus' };
  expect(documents.agent.strictProblems(schema, JSON.parse(data))).toEqual([]);
});

describe('negative control: an answer departs where', () => {
  const answered = { status: 200, headers: new Headers({ 'content-type': json }), text: '{"status":"live"}' };

  test.each([
    ['its status is not documented', { status: 202 }],
    ['its media type is not', { headers: new Headers({ 'content-type': 'text/html' }) }],
    ['a field is missing', { text: '{}' }],
    ['a field is not documented', { text: '{"status":"live","more":1}' }],
    ['a value is another', { text: '{"status":"dead"}' }],
  ])('%s', (_title, change) => {
    const operation = operationOf('agent', 'live');
    expect(documents.agent.departures(operation, answered)).toEqual([]);
    expect(documents.agent.departures(operation, { ...answered, ...change })).toHaveLength(1);
  });

  test('a header is missing, or a code is of another operation', () => {
    const operation = operationOf('agent', 'drawIds');
    const problem = (code: string) => ({
      ...{ type: `urn:leafcutter:error:${code}`, title: 'A title', detail: 'A sentence.', status: 429 },
      ...{ code, retryable: true },
    });
    const headers = { 'content-type': 'application/problem+json' };
    const late = { ...headers, 'retry-after': '1' };
    const depart = (code: string, fields: Record<string, string>) =>
      documents.agent.departures(operation, {
        status: 429,
        headers: new Headers(fields),
        text: JSON.stringify(problem(code)),
      });
    expect(depart('RATE_LIMITED', late)).toEqual([]);
    expect(depart('RATE_LIMITED', headers)).toEqual(['429 without Retry-After']);
    expect(depart('LEASE_LOST', late)).not.toEqual([]);
  });
});

describe('the routes', () => {
  const off = { enabled: false };
  /** What building the routes looks at; no request reaches them but the one for the document. */
  const anAgent = (door: object) =>
    agentApp({
      config: { tokens: [], bodyLimitBytes: 1_024, leaf: door, goLeaf: door, tinyid: door },
      metrics: { tally: () => ({ count: 0 }) },
    } as unknown as Agent);
  const aCoordinator = () =>
    coordinatorApp({
      config: { agentTokens: [], adminTokens: [], bodyLimitBytes: 1_024 },
    } as unknown as Coordinator);
  const build = { agent: () => anAgent(off), coordinator: aCoordinator };

  test.each(['coordinator', 'agent'] as const)(
    'of the %s are those of the document that the running one serves',
    async (kind) => {
      const app = build[kind]();
      expect(servedPaths(app).length).toBeGreaterThan(8);
      expect(await documentOf(app)).toEqual(texts[kind]);
      expect(compareRoutes(app, texts[kind])).toEqual({ undocumented: [], unserved: [] });
    },
  );

  test('of other systems’ clients alone are not documented', () => {
    const { undocumented, unserved } = compareRoutes(anAgent({ enabled: true, tokens: [] }), texts.agent);
    expect(unserved).toEqual([]);
    expect(undocumented.length).toBeGreaterThan(5);
    expect(undocumented.filter((path) => /^\/(v\d|livez|readyz|metrics)/.test(path))).toEqual([]);
  });

  test.each(['coordinator', 'agent'] as const)(
    'negative control: a route of the %s that is taken from the document, or from the service, is found',
    (kind) => {
      const app = build[kind]();
      const { '/livez': taken, ...paths } = texts[kind].paths;
      expect(taken).toBeDefined();
      expect(compareRoutes(app, { ...texts[kind], paths }).undocumented).toEqual(['/livez']);
      const more = { ...texts[kind], paths: { ...texts[kind].paths, '/v1/gone': {} } };
      expect(compareRoutes(app, more).unserved).toEqual(['/v1/gone']);
    },
  );
});
