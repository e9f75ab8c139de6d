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
  // The first request that needs Express loads it. On a busy machine that may outlast the silence that ends a talk.
  await fetch(`${service.url}/v1/status`);
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

/** In place of a chunk: the client sends nothing more. */
const END = 'the end';

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
      else if (next === END) socket.end();
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
  name = '',
): Promise<string> {
  const [ours, theirs] = await Promise.all([
    exchange(direct, chunks, pace),
    exchange(ordinary, chunks, pace),
  ]);
  expect(`${name}\n${comparable(ours)}`).toBe(`${name}\n${comparable(theirs)}`);
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

/** The upgrade that Java's client and `curl --http2` offer. */
const H2C = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
];
const post = (body: string, ...fields: string[]) =>
  `${demo(`Content-Length: ${body.length}`, ...fields).replace('GET', 'POST')}${body}`;
const traced = (n: number, ...fields: string[]) =>
  demo(`X-Request-Id: ${n}`, `traceparent: 00-${n}-${n}-01`, ...fields);

/** What clients and proxies send, and what comes between plain requests. */
const CLIENTS: readonly (readonly [string, string])[] = [
  ['Java 17, HTTP/1.1', demo('Content-Length: 0').repeat(3)],
  ['Perl', demo('TE: deflate,gzip;q=0.3', 'Keep-Alive: 300', 'Connection: Keep-Alive, TE').repeat(2)],
  ['Perl, a connection each', demo('TE: deflate,gzip;q=0.3', 'Connection: TE, close')],
  ['nginx’s websocket snippet', demo('Connection: upgrade').repeat(2)],
  ['a client’s settings through nginx', demo('HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA')],
  ['fields that change', traced(1) + traced(2) + traced(3) + traced(4)],
  ['fields that change, and one that matters', traced(1) + traced(2) + traced(3, 'Accept: application/json')],
  [
    'fields that change, and a body',
    `${traced(1) + traced(2) + traced(3, 'Content-Length: 2')}{}${traced(4)}`,
  ],
  ['an empty body of a type', demo('Content-Length: 0', 'Content-Type: application/json')],
  ['an empty body of a wrong charset', demo('Content-Length: 0', 'Content-Type: application/json;charset=x')],
  ['an empty body that is packed', demo('Content-Length: 0', 'Content-Encoding: gzip')],
  ['a type and an encoding without a body', demo('Content-Type: application/json', 'Content-Encoding: gzip')],
  ['Accept twice', demo('Accept: text/plain', 'Accept: application/json')],
  ['a browser', demo('User-Agent: Mozilla/5.0')],
  ['another site’s page', demo('Origin: http://elsewhere.example') + demo('Sec-Fetch-Site: cross-site')],
  ['POST, no body', demo().replace('GET', 'POST').repeat(2)],
  ['POST, an empty body', post('').repeat(2)],
  ['POST, a body that looks like a request', post(demo()) + demo() + post(demo())],
  ['POST, broken JSON', post('{', 'Content-Type: application/json')],
  ['POST, a body that is too long', post('x'.repeat(17_000))],
  ['POST, the last one', post('{}', 'Connection: close')],
  ['PUT and DELETE', demo().replace('GET', 'PUT') + demo().replace('GET', 'DELETE')],
  ['small batches', get('/v1/ids/demo?count=2').repeat(3) + get('/v1/ids/demo?count=100')],
  ['a batch that is not small', get('/v1/ids/demo?count=101')],
  ['batches as JSON', get('/v1/ids/demo?count=3', 'Accept: application/json').repeat(2)],
  ['a batch in a shape', get('/v1/ids/shaped?count=3')],
  ['a batch in a shape as JSON', get('/v1/ids/shaped?count=3', 'Accept: application/json')],
  ['batches of a tag that is not there', get('/v1/ids/nowhere?count=2').repeat(2)],
  ['batches of snowflakes', get('/v1/snowflake?count=3') + get('/v1/snowflake?count=1')],
  ['batches of snowflakes as JSON', get('/v1/snowflake?count=3', 'Accept: application/json')],
  ...['0', '', '007', '1e1', '-1', '2&count=2', '2&format=ids', '2&format=ranges'].map(
    (count) => [`a count of ${count}`, get(`/v1/ids/demo?count=${count}`)] as const,
  ),
  [
    'others between, of all kinds',
    demo() + get('/nothing') + post('{}') + demo() + get('/v1/ids/demo?count=2'),
  ],
  ['HTTP/1.0, another', 'GET /nothing HTTP/1.0\r\n\r\n'],
  ['HTTP/1.0, another, kept alive', 'GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
  ['another, the last one, and more', get('/nothing', 'Connection: close') + demo()],
];

/** Requests whose end two readers may find in two places (RFC 9112). Behind each stands one that would draw an ID. */
const SMUGGLED: readonly (readonly [string, string])[] = [
  ['lengths that differ', post('ab', 'Content-Length: 3')],
  ['lengths that agree', post('ab', 'Content-Length: 2')],
  ['lengths in a list', demo('Content-Length: 0, 0')],
  ['a length with a sign', demo('Content-Length: +0')],
  ['a length in hexadecimal', demo('Content-Length: 0x0')],
  ['a length below nothing', demo('Content-Length: -1')],
  ['a length with a zero before', `${demo('Content-Length: 02')}ab`],
  ['a length with a space in it', demo('Content-Length: 0 0')],
  ['a length of nothing at all', demo('Content-Length:')],
  ['a length beyond all numbers', demo('Content-Length: 99999999999999999999')],
  ['a length with a space before the colon', demo('Content-Length : 5')],
  ['a length in a fold', demo('X: a', ' Content-Length: 5')],
  ['a length behind a bare line feed', demo('X: a\nContent-Length: 5')],
  ['a length behind a bare carriage return', demo('X: a\rContent-Length: 5')],
  ['a length behind a zero byte', demo('X: a\0Content-Length: 5')],
  ['chunks and a length', `${demo('Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n`],
  ['chunks that are not', demo('Transfer-Encoding: xchunked')],
  ['chunks in other letters', `${demo('Transfer-Encoding: CHUNKED')}0\r\n\r\n`],
  ['chunks not last', demo('Transfer-Encoding: chunked, identity')],
  ['chunks twice', `${demo('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['chunks with a space before the colon', `${demo('Transfer-Encoding : chunked')}0\r\n\r\n`],
  ['chunks at HTTP/1.0', `GET /v1/ids/demo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a chunk of a broken size', `${demo('Transfer-Encoding: chunked')}5x\r\nhello\r\n0\r\n\r\n`],
  ['a chunk that ends with a bare line feed', `${demo('Transfer-Encoding: chunked')}1\na\n0\n\n`],
  ['a chunk with an extension', `${demo('Transfer-Encoding: chunked')}1;a=b\r\na\r\n0\r\n\r\n`],
  ['chunks with a trailer', `${demo('Transfer-Encoding: chunked')}0\r\nHost: b\r\n\r\n`],
  ['a head that ends with bare line feeds', demo().replaceAll('\r\n', '\n')],
  ['a head that ends with one', demo().replace(/\r\n\r\n$/, '\r\n\n')],
  ['a line of spaces', demo(' ')],
  ['no name', demo(': a')],
  ['a tab in the request line', demo().replace('GET ', 'GET\t')],
  ['a proxy’s connection', demo('Proxy-Connection: close')],
  ['an empty option', demo('Connection: ,')],
  ['options that contradict', demo('Connection: keep-alive', 'Connection: close')],
];

describe('an answer straight from the socket is the one that the HTTP server would give', () => {
  test.each(CASES)('in one go: %s', async (_, request) => {
    await sameAnswers(open, [request + LAST]);
  });

  test.each(CASES)('one after the other: %s', async (_, request) => {
    await sameAnswers(open, [request, LAST], 'answered');
  });

  test.each([
    ['clients and proxies', CLIENTS],
    ['smugglers', SMUGGLED],
  ])('in one go, and one after the other: what %s send', async (_, cases) => {
    const exchanges = cases.flatMap(([name, request]) => [
      { name, chunks: [request + demo() + LAST], pace: 'soon' as const },
      { name: `${name}, then more`, chunks: [request, demo(), LAST], pace: 'answered' as const },
    ]);
    for (let at = 0; at < exchanges.length; at += 24) {
      const some = exchanges.slice(at, at + 24);
      await Promise.all(some.map(({ name, chunks, pace }) => sameAnswers(open, chunks, pace, name)));
    }
  });

  test('to an h2c offer, which it declines', async () => {
    // The ordinary server ends each connection with the answer to an offer, so these end by themselves.
    const [connection = '', ...offer] = H2C;
    const last = [`${connection}, close`, ...offer];
    const requests = [
      demo(...last, 'Content-Length: 0'),
      demo(...last),
      get('/nothing', ...last),
      post('{}', ...last),
      `${get('/nothing', ...last, 'Content-Length: 2')}{}`,
    ];
    for (const request of requests) await sameAnswers(open, [request], 'answered', request);
  });

  test('to a client that sends no more, whatever it sent', async () => {
    const parts = [demo(), demo().slice(0, 20), post('{}'), post('{}').slice(0, -1), get('/nothing')];
    const talks = [...parts, ...parts.map((part) => demo() + part), ''];
    await Promise.all(talks.map((text) => sameAnswers(open, [text, END], 'answered', text)));
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
