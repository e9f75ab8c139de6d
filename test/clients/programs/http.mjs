/**
 * HTTP clients of Node, tried one by one: `node http.mjs CLIENT URL KEY`. Prints what each request gave as one line of
 * JSON. It runs where the clients are installed.
 */
import http from 'node:http';

const [name, base, key] = process.argv.slice(2);
const withAccept = (accept) => (accept === undefined ? {} : { accept });

const ofFetch = (fetch) => async (path, accept) => {
  const answer = await fetch(base + path, { headers: withAccept(accept) });
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
};

/** `body`: sent with each request, in chunks unless its length is told. */
function byHttp(agent, { method = 'GET', headers = {}, body } = {}) {
  return (path, accept) =>
    new Promise((resolve, reject) => {
      const options = { agent, method, headers: { ...withAccept(accept), ...headers } };
      const request = http.request(base + path, options, async (answer) => {
        const chunks = await answer.toArray();
        const text = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode, type: answer.headers['content-type'], body: text });
      });
      request.on('error', reject);
      if (headers.Expect === undefined) request.end(body);
      else request.on('continue', () => request.end(body));
    });
}

/** Undici's request, by a dispatcher of its own. */
async function byUndici(make, options = {}) {
  const undici = await import('undici');
  const dispatcher = make(undici);
  return async (path, accept) => {
    const asked = { dispatcher, headers: withAccept(accept), ...options };
    const { statusCode, headers, body } = await undici.request(base + path, asked);
    return { status: statusCode, type: headers['content-type'], body: await body.text() };
  };
}

async function byAxios(own) {
  const { default: axios } = await import('axios');
  const options = { validateStatus: () => true, transformResponse: (text) => text, ...own };
  return async (path, accept) => {
    const headers = accept === undefined ? {} : { Accept: accept };
    const { status, headers: told, data } = await axios.get(base + path, { ...options, headers });
    return { status, type: told['content-type'], body: data };
  };
}

async function byGot(own) {
  const { default: got } = await import('got');
  return async (path, accept) => {
    const options = { throwHttpErrors: false, headers: withAccept(accept), ...own };
    const answer = await got(base + path, options);
    return { status: answer.statusCode, type: answer.headers['content-type'], body: answer.body };
  };
}

async function byNeedle(own) {
  const { default: needle } = await import('needle');
  return async (path, accept) => {
    const options = { parse_response: false, ...own, ...(accept === undefined ? {} : { accept }) };
    const answer = await needle('get', base + path, null, options);
    return { status: answer.statusCode, type: answer.headers['content-type'], body: answer.body.toString() };
  };
}

async function bySuperagent(agent) {
  const { default: superagent } = await import('superagent');
  return async (path, accept) => {
    const asked = superagent
      .get(base + path)
      .agent(agent)
      .ok(() => true)
      .buffer(true);
    const answer = await (accept === undefined ? asked : asked.set('Accept', accept));
    return { status: answer.status, type: answer.headers['content-type'], body: answer.text };
  };
}

const kept = () => new http.Agent({ keepAlive: true });
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

const CLIENTS = {
  fetch: async () => ofFetch(fetch),
  'fetch-post': async () =>
    ofFetch((url, options) => fetch(url, { ...options, method: 'POST', body: 'a=b' })),
  'http-keepalive': async () => byHttp(kept()),
  'http-no-keepalive': async () => byHttp(new http.Agent({ keepAlive: false })),
  'http-post': async () => byHttp(kept(), { method: 'POST', headers: FORM, body: 'a=b' }),
  'http-expect': async () =>
    byHttp(kept(), { method: 'POST', headers: { ...FORM, Expect: '100-continue' }, body: 'a=b' }),
  'http-chunked-get': async () =>
    byHttp(kept(), { headers: { 'Transfer-Encoding': 'chunked' }, body: 'a body that no GET should have' }),
  'http-get-body': async () => byHttp(kept(), { headers: { 'Content-Length': '3' }, body: 'a=b' }),
  'http-h2c-offer': async () =>
    byHttp(kept(), {
      headers: {
        Connection: 'Upgrade, HTTP2-Settings',
        Upgrade: 'h2c',
        'HTTP2-Settings': 'AAMAAABkAAQAAP__',
      },
    }),
  'http-traced': async () =>
    byHttp(kept(), {
      headers: {
        traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
        tracestate: 'vendor=1',
        baggage: 'user=1',
        'X-Request-Id': 'a-1',
      },
    }),
  undici: () => byUndici(() => undefined),
  'undici-pipelining': () => byUndici(({ Pool }) => new Pool(base, { connections: 1, pipelining: 10 })),
  'undici-retry': () => byUndici(({ Agent, RetryAgent }) => new RetryAgent(new Agent())),
  'undici-reset': () => byUndici(() => undefined, { reset: true }),
  async 'undici-fetch'() {
    return ofFetch((await import('undici')).fetch);
  },
  axios: () => byAxios({}),
  'axios-keepalive': () => byAxios({ httpAgent: kept() }),
  'axios-fetch': () => byAxios({ adapter: 'fetch' }),
  got: () => byGot({}),
  'got-keepalive': () => byGot({ agent: { http: kept() } }),
  async 'node-fetch'() {
    return ofFetch((await import('node-fetch')).default);
  },
  async 'node-fetch-keepalive'() {
    const { default: nodeFetch } = await import('node-fetch');
    const agent = kept();
    return ofFetch((url, options) => nodeFetch(url, { ...options, agent }));
  },
  async ky() {
    const { default: ky } = await import('ky');
    return ofFetch((url, options) => ky(url, { ...options, throwHttpErrors: false, retry: 0 }));
  },
  superagent: () => bySuperagent(undefined),
  'superagent-keepalive': () => bySuperagent(kept()),
  needle: () => byNeedle({}),
  'needle-keepalive': () => byNeedle({ agent: kept() }),
};

const get = await CLIENTS[name]();
const ask = (path, accept) => get(path, accept).catch((error) => ({ error: String(error) }));
const given = { one: [] };
for (let n = 0; n < 3; n++) given.one.push(await ask(`/v1/ids/${key}`));
given.json = await ask(`/v1/ids/${key}`, 'application/json');
given.batch = await ask(`/v1/ids/${key}?count=3`);
given.leaf = await ask(`/api/segment/get/${key}`);
given.missing = await ask('/v1/ids/no%20such');
process.stdout.write(`${JSON.stringify(given)}\n`, () => process.exit());
