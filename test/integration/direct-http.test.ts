import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { runningMs } from '../support/running-time.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

/** Ends the connection, whatever came before it. */
const LAST = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const TOKEN = 'a-token-that-is-long-enough';

/** Two agents that differ in one setting: one answers from the socket when it can, the other never does. */
interface Pair {
  readonly direct: Service;
  readonly ordinary: Service;
}

let coordinator: Service;
let open: Pair;
let guarded: Pair;
const running: Service[] = [];

async function agent(directHttp: boolean, env: Record<string, string>): Promise<Service> {
  const service = await Service.start({
    kind: 'agent',
    name: `direct-${directHttp}`,
    flags: ['--coordinators', coordinator.url, '--snowflake-enabled'],
    env: { LEAFCUTTER_DIRECT_HTTP: String(directHttp), ...env },
  });
  running.push(service);
  return service;
}

async function pair(env: Record<string, string> = {}): Promise<Pair> {
  return { direct: await agent(true, env), ordinary: await agent(false, env) };
}

/** IDs of ten digits, so that the answers of both agents have the same length. */
async function makeTag(tag: string, step = 100_000, shape?: string): Promise<void> {
  await coordinator.json('/v1/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag, step, start: '1000000000', shape }),
  });
}

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'direct',
    flags: ['--data-dir', await scratchDir('direct-http')],
  });
  for (const tag of ['demo', 'a.b:c-d_e', 'cold-1', 'cold-2', 'cold-3']) await makeTag(tag);
  await makeTag('greedy', 1_000_000);
  await makeTag('shaped', 100_000, 'ORD-{decimal:10}-x');
  open = await pair();
  guarded = await pair({ LEAFCUTTER_TOKENS: TOKEN });
});

afterAll(async () => {
  for (const service of running) await service.stop();
  await coordinator?.stop();
});

/** When the next chunk is sent: after a moment, or after an answer. If no answer comes, the moment is longer. */
type Pace = 'soon' | 'answered';

const SOON_MS = 10;
const LONGER_MS = 1_000;
/** Some requests end the talk without closing the connection. Then everything up to this much silence is compared. */
const SILENT_MS = 2_000;

/** Sends the chunks one after the other and gives back all that came until the connection was closed. */
function exchange({ url }: Service, chunks: readonly string[], pace: Pace = 'soon'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const parts: Buffer[] = [];
    const rest = [...chunks];
    let isAnswered = false;
    let sinceMs = 0;
    const sendNext = () => {
      const next = rest.shift();
      if (next === undefined) socket.destroy();
      else socket.write(next, 'latin1');
      isAnswered = false;
      sinceMs = runningMs();
    };
    const timer = setInterval(() => {
      const moment = pace === 'soon' || isAnswered ? SOON_MS : LONGER_MS;
      if (runningMs() - sinceMs >= (rest.length === 0 ? SILENT_MS : moment)) sendNext();
    }, SOON_MS / 2);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      parts.push(bytes);
      isAnswered = true;
      sinceMs = runningMs();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve(Buffer.concat(parts).toString('latin1'));
    });
    sendNext();
  });
}

/** What may differ between two agents: the date and the IDs. The fields of each answer are in order of their names. */
function comparable(text: string): string {
  return text
    .replaceAll(/^Date: .*$/gm, 'Date')
    .replaceAll(/(?<!\d)(\d{10}|\d{19})(?!\d)/g, 'ID')
    .replaceAll(/(HTTP\/1\.1 [^\r]*\r\n)((?:[^\r\n]+\r\n)*)/g, (_, line: string, fields: string) =>
      [line, ...fields.split('\r\n').filter(Boolean).sort()].join('\n'),
    );
}

async function sameAnswers(
  { direct, ordinary }: Pair,
  chunks: readonly string[],
  pace: Pace = 'soon',
): Promise<string> {
  const [ours, theirs] = await Promise.all([
    exchange(direct, chunks, pace),
    exchange(ordinary, chunks, pace),
  ]);
  expect(comparable(ours)).toBe(comparable(theirs));
  return ours;
}

const get = (path: string, ...fields: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`;
const demo = (...fields: string[]) => get('/v1/ids/demo', ...fields);

const CASES: readonly (readonly [string, string])[] = [
  ['native', demo()],
  ['native, a tag of all characters', get('/v1/ids/a.b:c-d_e')],
  ['native as JSON', demo('Accept: text/html, application/json')],
  ['native, Spring’s String', demo('Accept: text/plain, application/json, application/*+json, */*')],
  ['native, axios', demo('Accept: application/json, text/plain, */*')],
  ['native, no JSON', demo('Accept: application/json;q=0, */*')],
  ['native, JSON in other letters', demo('Accept: Application/JSON')],
  ['native, a type that begins as JSON does', demo('Accept: application/json-seq')],
  ['native, two fields', demo('Accept: text/plain', 'Accept: application/json')],
  ['native snowflake', get('/v1/snowflake')],
  ['native snowflake as JSON', get('/v1/snowflake', 'Accept: application/json')],
  ['native, in a shape', get('/v1/ids/shaped').repeat(3)],
  ['native as JSON, in a shape', get('/v1/ids/shaped', 'Accept: application/json')],
  ['Leaf, a tag with a shape', get('/api/segment/get/shaped')],
  ['go-leaf, a tag with a shape', get('/alloc-segment?biz_tag=shaped')],
  ['Leaf', get('/api/segment/get/demo', 'Accept: application/json')],
  ['Leaf, as text', get('/api/segment/get/demo', 'Accept: text/plain, application/json')],
  ['Leaf snowflake as JSON', get('/api/snowflake/get/any', 'Accept: application/json')],
  ['Leaf, OPTIONS', get('/api/segment/get/demo').replace('GET', 'OPTIONS')],
  ['Leaf, TRACE', get('/api/segment/get/demo').replace('GET', 'TRACE')],
  ['Leaf, PROPFIND', get('/api/segment/get/demo').replace('GET', 'PROPFIND')],
  ['Leaf, a key that it would cut', get('/api/segment/get/a.b:c-d_e')],
  ['Leaf, a key with a slash behind it', get('/api/segment/get/demo/')],
  ['Leaf snowflake', get('/api/snowflake/get/any')],
  ['go-leaf', get('/alloc-segment?biz_tag=demo')],
  ['go-leaf snowflake', get('/alloc-snowflake?machineid=7')],
  ['go-leaf snowflake, no such machine id', get('/alloc-snowflake?machineid=1024')],
  ['go-leaf, no tag', get('/alloc-segment?biz_tag=')],
  ['a tag that is not there', get('/v1/ids/nowhere')],
  ['Leaf, a tag that is not there', get('/api/segment/get/nowhere')],
  ['go-leaf, a tag that is not there', get('/alloc-segment?biz_tag=nowhere')],
  ['several in one go', demo().repeat(5)],
  ['others between', `${demo()}${get('/nothing')}${demo()}${get('/livez')}${demo()}`],
  ['different heads', `${demo('X: 1')}${demo('X: 2')}${get('/v1/snowflake')}${demo('X: 1')}`],
  ['HTTP/1.0', 'GET /v1/ids/demo HTTP/1.0\r\n\r\n'],
  ['HTTP/1.0, kept alive', 'GET /v1/ids/demo HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'],
  ['the last one', demo('Connection: close')],
  ['the last one, a tag that is not there', get('/v1/ids/nowhere', 'Connection: close')],
  ['kept alive by name', demo('Connection: keep-alive')],
  ['Connection with two options', demo('Connection: keep-alive, close')],
  ['HEAD', demo().replace('GET', 'HEAD')],
  [
    'POST with a body',
    `${demo('Content-Length: 2', 'Content-Type: application/json').replace('GET', 'POST')}{}`,
  ],
  ['GET with a body that looks like a request', `${demo('Content-Length: 20')}GET /v1/ids/demo HTT${demo()}`],
  ['GET with a chunked body', `${demo('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n${demo()}`],
  ['two lengths', `${demo('Content-Length: 2', 'Content-Length: 3')}ab`],
  ['a length and chunks', `${demo('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['Expect', demo('Expect: 100-continue')],
  ['Upgrade', demo('Connection: upgrade', 'Upgrade: websocket')],
  ['no Host', 'GET /v1/ids/demo HTTP/1.1\r\n\r\n'],
  ['Host twice', demo('Host: b')],
  ['a folded field', demo('X: a', ' b')],
  ['a space before the colon', demo('X : a')],
  ['a bare line feed', 'GET /v1/ids/demo HTTP/1.1\nHost: localhost\n\n'],
  ['a zero byte', demo('X: \0')],
  ['a byte beyond ASCII', demo('X: \xe9')],
  ['5,000 bytes of fields', demo(`X: ${'a'.repeat(5_000)}`)],
  ['9,000 bytes of fields', demo(`X: ${'a'.repeat(9_000)}`)],
  ['100 fields', demo(...Array.from({ length: 100 }, (_, n) => `X-${n}: a`))],
  ['an absolute target', demo().replace('/v1', 'http://a/v1')],
  ['an asterisk', demo().replace('/v1/ids/demo', '*')],
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['empty lines first', `\r\n\r\n${demo()}`],
  ['two spaces', demo().replace('GET ', 'GET  ')],
  ['HTTP/1.2', demo().replace('1.1', '1.2')],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['no HTTP at all', 'INCR demo\r\n'],
  ['a broken escape', get('/v1/ids/de%zzmo')],
  ['an escape', get('/v1/ids/de%6do')],
  ['a count', get('/v1/ids/demo?count=1')],
  ['an unknown parameter', get('/v1/ids/demo?x=1')],
  ['other letters', get('/V1/ids/demo')],
  ['a slash at the end', get('/v1/ids/demo/')],
  ['If-None-Match', demo('If-None-Match: *')],
  ['Range', demo('Range: bytes=0-1')],
];

describe('an answer straight from the socket is the one that the HTTP server would give', () => {
  test.each(CASES)('in one go: %s', async (_, request) => {
    await sameAnswers(open, [request + LAST]);
  });

  test.each(CASES)('one after the other: %s', async (_, request) => {
    await sameAnswers(open, [request, LAST], 'answered');
  });

  test('in the shape of its tag', async () => {
    const text = await sameAnswers(open, [`${get('/v1/ids/shaped')}${LAST}`]);
    expect(text).toMatch(/\r\n\r\nORD-\d{10}-xHTTP/);
  });

  test('wherever the network cuts the bytes', async () => {
    const text = `${demo()}${demo('Accept: application/json')}${LAST}`;
    const cuts = Array.from({ length: text.length - 1 }, (_, at) => at + 1);
    for (let at = 0; at < cuts.length; at += 16) {
      const some = cuts.slice(at, at + 16);
      await Promise.all(some.map((cut) => sameAnswers(open, [text.slice(0, cut), text.slice(cut)])));
    }
  });

  test('on a tag that has to be fetched first, in the order of the requests', async () => {
    const both = await sameAnswers(open, [`${get('/v1/ids/cold-1').repeat(3)}${get('/livez')}${LAST}`]);
    const ids = both.match(/(?<!\d)\d{10}(?!\d)/g)?.map(Number) ?? [];
    expect(ids).toHaveLength(3);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    await sameAnswers(open, [get('/v1/ids/cold-2'), get('/v1/ids/cold-2'), LAST]);
  });

  test('to requests that arrive while another waits, in their order', async () => {
    await coordinator.process.pause();
    const healing = setTimeout(() => void coordinator.process.resume(), 300);
    const behind = demo('Accept: application/json');
    const text = await sameAnswers(open, [get('/v1/ids/cold-3'), behind, behind + LAST]);
    clearTimeout(healing);
    await coordinator.process.resume();
    expect(text).toMatch(/\r\n\r\n\d{10}HTTP.*\{"id":"\d{10}"\}HTTP.*\{"id":"\d{10}"\}HTTP/s);
  });

  test.each([
    ['the right token', demo(`Authorization: Bearer ${TOKEN}`)],
    ['no token', demo()],
    ['a wrong token', demo('Authorization: Bearer wrong')],
    [
      'the right token, then a wrong one',
      `${demo(`Authorization: Bearer ${TOKEN}`)}${demo('Authorization: Bearer x')}`,
    ],
    ['two tokens', demo(`Authorization: Bearer ${TOKEN}`, 'Authorization: Bearer x')],
    ['Leaf without a token', get('/api/segment/get/demo')],
    ['go-leaf without a token', get('/alloc-segment?biz_tag=demo')],
  ])('with %s', async (_, request) => {
    await sameAnswers(guarded, [request + LAST]);
  });

  test('and burns no ID more: both agents issued equally many', async () => {
    for (const { direct, ordinary } of [open, guarded]) {
      const [ours, theirs] = await Promise.all([issued(direct), issued(ordinary)]);
      expect(ours.ids).toBe(theirs.ids);
      expect(ours.ids).toBeGreaterThan(0);
      // The comparison would mean nothing if the first agent had answered none directly, or the other one any.
      expect(ours.direct).toBeGreaterThan(ours.ids / 4);
      expect(theirs.direct).toBe(0);
    }
  });
});

test('a client that does not read its answers draws no IDs for nobody', async () => {
  const { direct } = open;
  const request = get('/v1/ids/greedy');
  // In memory already, because another guard would hold back what comes behind a request that waits.
  await exchange(direct, [request + LAST]);
  const before = (await issued(direct)).ids;
  const socket = connect(Number(new URL(direct.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  const sent = 400_000;
  for (let some = 0; some < sent / 1_000; some++) socket.write(request.repeat(1_000));
  const settled = await untilStill(async () => (await issued(direct)).ids);
  socket.destroy();
  // What fits into the buffers of two sockets, and no more: the system stops such a client even before our own pause does.
  expect(settled - before).toBeGreaterThan(0);
  expect(settled - before).toBeLessThan(sent / 2);
});

/** Reads until four readings in a row are equal. */
async function untilStill(read: () => Promise<number>): Promise<number> {
  let [last, times] = [-1, 0];
  const isStill = async () => {
    const now = await read();
    times = now === last ? times + 1 : 0;
    last = now;
    return times === 3;
  };
  if (!(await poll(isStill, PATIENCE_MS, 250))) throw new Error('IDs were drawn without end');
  return last;
}

async function issued({ url }: Service): Promise<{ ids: number; direct: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^leafcutter_agent_${name}(?:{.*})? (\\d+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return { ids: sum('ids_issued_total'), direct: sum('http_direct_answers_total') };
}
