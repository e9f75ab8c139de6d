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

function byHttp(agent) {
  return (path, accept) =>
    new Promise((resolve, reject) => {
      const request = http.get(base + path, { agent, headers: withAccept(accept) }, async (answer) => {
        const chunks = await answer.toArray();
        const body = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode, type: answer.headers['content-type'], body });
      });
      request.on('error', reject);
    });
}

const CLIENTS = {
  fetch: async () => ofFetch(fetch),
  'http-keepalive': async () => byHttp(new http.Agent({ keepAlive: true })),
  'http-no-keepalive': async () => byHttp(new http.Agent({ keepAlive: false })),
  async undici() {
    const { request } = await import('undici');
    return async (path, accept) => {
      const { statusCode, headers, body } = await request(base + path, { headers: withAccept(accept) });
      return { status: statusCode, type: headers['content-type'], body: await body.text() };
    };
  },
  async axios() {
    const { default: axios } = await import('axios');
    const options = { validateStatus: () => true, transformResponse: (text) => text };
    return async (path, accept) => {
      const headers = accept === undefined ? {} : { Accept: accept };
      const { status, headers: told, data } = await axios.get(base + path, { ...options, headers });
      return { status, type: told['content-type'], body: data };
    };
  },
  async got() {
    const { default: got } = await import('got');
    return async (path, accept) => {
      const answer = await got(base + path, { throwHttpErrors: false, headers: withAccept(accept) });
      return { status: answer.statusCode, type: answer.headers['content-type'], body: answer.body };
    };
  },
  async 'node-fetch'() {
    return ofFetch((await import('node-fetch')).default);
  },
  async ky() {
    const { default: ky } = await import('ky');
    return ofFetch((url, options) => ky(url, { ...options, throwHttpErrors: false, retry: 0 }));
  },
  async superagent() {
    const { default: superagent } = await import('superagent');
    return async (path, accept) => {
      const asked = superagent
        .get(base + path)
        .ok(() => true)
        .buffer(true);
      const answer = await (accept === undefined ? asked : asked.set('Accept', accept));
      return { status: answer.status, type: answer.headers['content-type'], body: answer.text };
    };
  },
  async needle() {
    const { default: needle } = await import('needle');
    return async (path, accept) => {
      const options = { parse_response: false, ...(accept === undefined ? {} : { accept }) };
      const answer = await needle('get', base + path, null, options);
      return {
        status: answer.statusCode,
        type: answer.headers['content-type'],
        body: answer.body.toString(),
      };
    };
  },
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
