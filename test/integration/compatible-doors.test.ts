import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Hostile, residentBytes } from '../support/hostile.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const run = promisify(execFile);

let coordinator: Service;
let agent: Service;
/** With tokens, and without snowflake mode. */
let guarded: Service;

beforeAll(async () => {
  const data = ['--data-dir', join(await scratchDir('compatible-doors'), 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags: data });
  const open = ['--coordinators', coordinator.url, '--snowflake-enabled'];
  agent = await Service.start({ kind: 'agent', name: 'agent', flags: open });
  const closed = [
    '--coordinators',
    coordinator.url,
    '--tokens',
    'master',
    '--tinyid-tokens',
    'orders=own,orders=second',
  ];
  guarded = await Service.start({ kind: 'agent', name: 'guarded', flags: closed });
});

afterAll(async () => {
  await agent.stop();
  await guarded.stop();
  await coordinator.stop();
});

/** What curl gets: status, content type and body. */
async function curl(url: string, ...args: string[]): Promise<[number, string, string]> {
  const told = ['-s', '--max-time', `${PATIENCE_MS / 1_000}`, '-w', '\\n%{http_code} %{content_type}'];
  const { stdout } = await run('curl', [...told, ...args, url]);
  const at = stdout.lastIndexOf('\n');
  const [status = '', ...type] = stdout.slice(at + 1).split(' ');
  return [Number(status), type.join(' '), stdout.slice(0, at)];
}

const ask = (path: string, ...args: string[]) => curl(agent.url + path, ...args);

/** A request as tinyid's client sends it, according to its source: POST, parameters in the query, an empty form. */
const TINYID_CLIENT = [
  '-X',
  'POST',
  '-d',
  '',
  '-H',
  'Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2',
];

async function issued(door: string): Promise<number> {
  const text = await (await fetch(`${agent.url}/metrics`)).text();
  const lines = text.matchAll(/^leafcutter_agent_ids_issued_total\{[^}]*door="([^"]+)"\} (\d+)/gm);
  return [...lines].filter(([, name]) => name === door).reduce((sum, [, , count]) => sum + Number(count), 0);
}

describe('Leaf’s addresses', () => {
  test.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])('answer %s with bare digits', async (method) => {
    for (const path of ['/api/segment/get/leaf-key-1', '/api/snowflake/get/whatever']) {
      const [status, type, body] = await ask(path, '-X', method);
      expect([status, type]).toEqual([200, 'text/plain; charset=utf-8']);
      expect(body).toMatch(/^[1-9][0-9]*$/);
    }
  });

  test('burn no ID for methods that ask for none', async () => {
    const path = '/api/segment/get/heads';
    const first = BigInt((await ask(path))[2]);
    expect((await ask(path, '-I'))[0]).toBe(405);
    for (const method of ['TRACE', 'PROPFIND', 'MKCOL', 'SEARCH']) {
      expect((await ask(path, '-X', method))[0]).toBe(405);
    }
    const told = await fetch(agent.url + path, { method: 'OPTIONS' });
    expect([told.status, await told.text()]).toEqual([200, '']);
    expect(told.headers.get('allow')).toBe('GET, POST, PUT, PATCH, DELETE, OPTIONS');
    expect(BigInt((await ask(path))[2])).toBe(first + 1n);
  });

  test.each([
    ['Spring, Long.class', 'application/json, application/*+json', 'application/json;charset=UTF-8'],
    ['Spring, String.class', 'text/plain, application/json, */*', 'text/plain; charset=utf-8'],
    ['curl', '*/*', 'text/plain; charset=utf-8'],
  ])('tell bare digits as the type that is asked for: %s', async (_, accept, type) => {
    for (const path of ['/api/segment/get/typed', '/api/snowflake/get/typed']) {
      const given = await ask(path, '-H', `Accept: ${accept}`);
      expect(given).toEqual([200, type, expect.stringMatching(/^[1-9][0-9]*$/)]);
    }
  });

  test('decode a snowflake ID into strings', async () => {
    const [, , id] = await ask('/api/snowflake/get/x');
    const [status, , body] = await ask(`/decodeSnowflakeId?snowflakeId=${id}`);
    const own = JSON.parse((await ask(`/v1/decode/${id}`))[2]);
    const parts = JSON.parse(body);
    expect([status, Object.keys(parts)]).toEqual([200, ['timestamp', 'sequenceId', 'workerId']]);
    expect(parts).toMatchObject({ sequenceId: String(own.sequence), workerId: String(own.machineId) });
    expect(parts.timestamp).toMatch(/^\d{13}\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\)$/);
    expect(parts.timestamp.startsWith(`${own.timestampMs}(`)).toBe(true);
  });

  test('decode what is no ID as Leaf does', async () => {
    for (const text of ['x', '', '1.5', '9'.repeat(19), `-${'9'.repeat(19)}`, '--1']) {
      const [status, , body] = await ask(`/decodeSnowflakeId?snowflakeId=${text}`, '-X', 'POST');
      expect([status, Object.keys(JSON.parse(body))]).toEqual([200, ['errorMsg']]);
    }
    expect((await ask('/decodeSnowflakeId'))[0]).toBe(400);
  });

  test.each([
    ['-1', '1288834974656', '4095', '1023'],
    ['%2B5', '1288834974657', '5', '0'],
    ['-4194304', '1288834974656', '0', '0'],
  ])('take the signed number %s apart as Leaf does', async (text, timestamp, sequenceId, workerId) => {
    const parts = JSON.parse((await ask(`/decodeSnowflakeId?snowflakeId=${text}`))[2]);
    expect(parts).toEqual({
      timestamp: expect.stringMatching(new RegExp(`^${timestamp}\\(`)),
      sequenceId,
      workerId,
    });
  });

  test('take a slash behind the key', async () => {
    expect((await ask('/api/segment/get/slashed'))[2]).toBe('1');
    expect((await ask('/api/segment/get/slashed/'))[2]).toBe('2');
    expect((await ask('/tinyid/id/nextIdSimple/?bizType=slashed', '-X', 'PUT'))[2]).toBe('3');
  });

  test('show every buffer as a page, with names that cannot become markup', async () => {
    const tag = 'a<b>"&';
    const headers = { 'content-type': 'application/json' };
    await fetch(`${coordinator.url}/v1/tags`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ tag: 'paged' }),
    });
    await ask('/api/segment/get/paged');
    await ask(`/api/segment/get/${encodeURIComponent(tag)}`);
    const [status, type, page] = await ask('/cache');
    expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page).toContain('<td>paged');
    expect(page).not.toContain('<b>');
    const policy = (await fetch(`${agent.url}/cache`)).headers.get('content-security-policy');
    const style = createHash('sha256')
      .update(/<style>(.*)<\/style>/s.exec(page)?.[1] ?? '')
      .digest('base64');
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`,
    );
  });

  test.each([
    ['a tag that does not exist', '/api/segment/get/no%20such%20tag', /^TAG_UNKNOWN: /],
    [
      'a key that Leaf would cut',
      '/api/segment/get/leaf.key-1',
      /^BAD_REQUEST: Leaf cuts the key "leaf\.key-1"/,
    ],
    ['a tag that cannot exist', `/api/segment/get/${'x'.repeat(200)}`, /^BAD_REQUEST: /],
  ])('answer %s with 500 and a message', async (_what, path, message) => {
    const [status, type, body] = await ask(path);
    expect([status, type]).toEqual([500, 'text/plain; charset=utf-8']);
    expect(body).toMatch(message);
  });

  test('never answer a number where the mode is off, and want the agent’s token where it has one', async () => {
    const token = ['-H', 'Authorization: Bearer master'];
    const [status, , body] = await curl(`${guarded.url}/api/snowflake/get/x`, ...token);
    expect([status, body]).toEqual([500, expect.stringContaining('NOT_FOUND')]);
    expect((await curl(`${guarded.url}/api/segment/get/orders`))[0]).toBe(500);
    expect((await curl(`${guarded.url}/cache`))[0]).toBe(401);
    expect((await curl(`${guarded.url}/api/segment/get/orders`, ...token))[0]).toBe(200);
  });
});

describe('go-leaf’s addresses', () => {
  test('answer its JSON as plain text, byte for byte', async () => {
    expect(await ask('/alloc-segment?biz_tag=go')).toEqual([
      200,
      'text/plain; charset=utf-8',
      '{"errno":0,"msg":"success","id":1}',
    ]);
    const [status, type, body] = await ask('/alloc-snowflake?machineid=1');
    expect([status, type]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(body).toMatch(/^\{"errno":0,"msg":"success","id":[1-9]\d{17,18}\}$/);
    const id = /"id":(\d+)/.exec(body)?.[1];
    const { machineId } = JSON.parse((await ask(`/v1/decode/${id}`))[2]);
    const { snowflake } = JSON.parse((await ask('/v1/status'))[2]);
    expect(machineId).toBe(snowflake.machineId);
  });

  test('take a form, which wins over the query', async () => {
    const [one, two] = ['biz_tag=go-form', 'biz_tag=go-query'];
    const id = async (...args: string[]) => (await ask(`/alloc-segment?${two}`, ...args))[2];
    expect(await id('-d', one)).toContain('"id":1}');
    expect(await id('-d', one)).toContain('"id":2}');
    expect(await id('-d', 'x=y')).toContain('"id":1}');
    const scoped = await curl(`${guarded.url}/alloc-segment?${two}`, '-d', one);
    expect(scoped[0]).toBe(500);
  });

  test.each([
    ['/alloc-segment', 'need biz_tag param'],
    ['/alloc-segment?biz_tag=', 'need biz_tag param'],
    ['/alloc-segment?biz_tag=no%20such', 'no available id'],
    ['/alloc-snowflake', 'need machineid param, 0 to 1023'],
    ['/alloc-snowflake?machineid=-1', 'need machineid param, 0 to 1023'],
    ['/alloc-snowflake?machineid=1024', 'need machineid param, 0 to 1023'],
    ['/alloc-snowflake?machineid=x', 'need machineid param, 0 to 1023'],
  ])('%s: 500, %s', async (path, msg) => {
    expect(await ask(path)).toEqual([500, 'text/plain; charset=utf-8', `{"errno":-1,"msg":"${msg}","id":0}`]);
  });

  // The second takes eight seconds of both cores, and shows what the first shows.
  const loads = [
    ['30000', '1000'],
    ['50000', '2000'],
  ] as const;
  test.each(process.env.LEAFCUTTER_FULL === '1' ? loads : loads.slice(0, 1))(
    'serve the seed’s benchmark: ab -n %s -c %s',
    async (n, c) => {
      const url = `${agent.url}/alloc-segment?biz_tag=test`;
      const before = await issued('go-leaf');
      const { stdout } = await run('ab', ['-q', '-s', `${PATIENCE_MS / 1_000}`, '-n', n, '-c', c, url], {
        timeout: PATIENCE_MS,
      });
      expect(stdout).toMatch(new RegExp(`Complete requests: +${n}\n`));
      expect(stdout).not.toContain('Non-2xx');
      // Digits grow, which ab counts as a wrong length.
      expect(stdout).not.toMatch(/Connect: [1-9]|Receive: [1-9]|Exceptions: [1-9]/);
      // Connections that ab opened and did not need may also have been served.
      expect((await issued('go-leaf')) - before).toBeGreaterThanOrEqual(Number(n));
    },
  );
});

describe('tinyid’s addresses', () => {
  test('answer its JSON, and its plain forms as text, or as JSON to who asks for that', async () => {
    const json = 'application/json;charset=UTF-8';
    const query = 'bizType=tiny&token=x';
    expect(await ask(`/tinyid/id/nextId?${query}`)).toEqual([
      200,
      json,
      '{"data":[1],"code":200,"message":""}',
    ]);
    expect(await ask(`/tinyid/id/nextId?${query}&batchSize=2`, '-X', 'POST')).toEqual([
      200,
      json,
      '{"data":[2,3],"code":200,"message":""}',
    ]);
    const plain = await ask(`/tinyid/id/nextIdSimple?${query}&batchSize=3`, '-H', 'Accept: application/json');
    expect(plain).toEqual([200, json, '4,5,6']);
    const form = await ask('/tinyid/id/nextIdSimple', '-d', `${query}&batchSize=2`);
    expect(form.slice(1)).toEqual(['text/plain;charset=UTF-8', '7,8']);
  });

  test('give its Java client a segment, which is then consumed here', async () => {
    const path = '/tinyid/id/nextSegmentIdSimple?token=x&bizType=segments';
    expect(await ask(path, ...TINYID_CLIENT)).toEqual([200, 'text/plain;charset=UTF-8', '0,200,1000,1,0']);
    expect((await ask('/v1/ids/segments'))[2]).toBe('1001');
    expect((await ask(path, ...TINYID_CLIENT))[2]).toBe('1001,1201,2001,1,0');
    expect(JSON.parse((await ask('/tinyid/id/nextSegmentId?token=x&bizType=segments'))[2])).toEqual({
      data: { currentId: 2001, loadingId: 2201, maxId: 3001, delta: 1, remainder: 0 },
      code: 200,
      message: '',
    });
  });

  test.each([
    ['', 1],
    ['0', 0],
    ['-3', 0],
    ['%202', 2],
    ['100000', 100_000],
    ['2147483647', 100_000],
  ])('take batchSize %p for %p', async (size, count) => {
    const [, , body] = await ask(`/tinyid/id/nextIdSimple?bizType=batches&token=x&batchSize=${size}`);
    expect(body.split(',').filter(Boolean)).toHaveLength(count);
  });

  test.each(['x', '1.5', '99999999999', '2147483648'])(
    'answer batchSize %p with 400 and no ID',
    async (size) => {
      const path = '/tinyid/id/nextIdSimple?bizType=no-batch&token=x';
      const first = Number((await ask(path))[2]);
      expect((await ask(`${path}&batchSize=${size}`))[0]).toBe(400);
      expect(Number((await ask(path))[2])).toBe(first + 1);
    },
  );

  test.each([
    ['no tag', 'bizType=&token=x', 6],
    ['a tag that does not exist', 'bizType=no%20such&token=x', 6],
    ['nothing', '', 6],
  ])('refuse %s with 200 and a code', async (_what, query, code) => {
    const [status, , body] = await ask(`/tinyid/id/nextId?${query}`);
    expect([status, JSON.parse(body)]).toEqual([
      200,
      { data: null, code, message: expect.stringMatching(/./) },
    ]);
    expect(await ask(`/tinyid/id/nextIdSimple?${query}`)).toEqual([200, 'text/plain;charset=UTF-8', '']);
    expect(await ask(`/tinyid/id/nextSegmentIdSimple?${query}`)).toEqual([
      200,
      'text/plain;charset=UTF-8',
      '',
    ]);
  });

  test.each([
    ['orders', 'own', 200],
    ['orders', 'second', 200],
    ['orders', 'master', 200],
    ['orders', 'guessed', 5],
    ['orders', '', 5],
    ['others', 'master', 200],
    ['others', 'own', 5],
  ])('tag %s with token %p: %p', async (tag, token, code) => {
    const [status, , body] = await curl(`${guarded.url}/tinyid/id/nextId?bizType=${tag}&token=${token}`);
    expect([status, JSON.parse(body).code]).toEqual([200, code]);
    if (code === 5) expect(JSON.parse(body).message).toBe('token is error');
  });
});

test('no ID comes through two doors, and the doors’ counts add up', async () => {
  const counted = { http: 0, leaf: 0, 'go-leaf': 0, tinyid: 0 };
  const before = new Map(
    await Promise.all(Object.keys(counted).map(async (door) => [door, await issued(door)] as const)),
  );
  const text = async (path: string) => (await fetch(agent.url + path)).text();
  const draws: Promise<bigint[]>[] = [];
  for (let round = 0; round < 150; round++) {
    draws.push(text('/v1/ids/shared').then((body) => [BigInt(body)]));
    draws.push(text('/api/segment/get/shared').then((body) => [BigInt(body)]));
    draws.push(
      text('/alloc-segment?biz_tag=shared').then((body) => [BigInt(/"id":(\d+)/.exec(body)?.[1] ?? '')]),
    );
    draws.push(
      text('/tinyid/id/nextIdSimple?bizType=shared&batchSize=7').then((body) => body.split(',').map(BigInt)),
    );
    if (round % 10 > 0) continue;
    draws.push(
      text('/tinyid/id/nextSegmentIdSimple?bizType=shared').then((body) => {
        const [current = 0n, , max = 0n] = body.split(',').map(BigInt);
        return Array.from({ length: Number(max - current) }, (_, index) => current + 1n + BigInt(index));
      }),
    );
  }
  const ids = (await Promise.all(draws)).flat();
  expect(ids).toHaveLength(150 * 10 + 15 * 1_000);
  expect(new Set(ids).size).toBe(ids.length);
  const rose = await Promise.all(
    Object.keys(counted).map(async (door) => [door, (await issued(door)) - (before.get(door) ?? 0)] as const),
  );
  expect(Object.fromEntries(rose)).toEqual({
    http: 150,
    leaf: 150,
    'go-leaf': 150,
    tinyid: 150 * 7 + 15_000,
  });
});

test('random, cut, oversized, pipelined and interleaved requests hurt nobody else, and memory stays flat', async () => {
  const bytes = new Hostile(Number(new URL(agent.url).port));
  const valid = 'GET /api/segment/get/fuzz HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const hostile = (): Buffer => {
    const kind = bytes.between(0, 4);
    if (kind === 0) return bytes.noise(bytes.between(1, 4_000));
    if (kind === 1)
      return Buffer.from(valid.repeat(bytes.between(1, 60))).subarray(0, bytes.between(1, 2_000));
    if (kind === 2)
      return Buffer.from(`GET /${'x'.repeat(bytes.between(1, 20_000))} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    if (kind === 3) return Buffer.concat([Buffer.from(valid), bytes.noise(60), Buffer.from(valid)]);
    return Buffer.from(
      `POST /tinyid/id/nextId HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes.between(0, 99_999)}\r\n\r\n${'a=b&'.repeat(bytes.between(1, 900))}`,
    );
  };
  let before = 0;
  let last = 0n;
  for (let round = 0; round < 60; round++) {
    if (round === 20) before = await residentBytes(agent.url);
    const bad = Array.from({ length: 10 }, () => bytes.send(hostile()));
    for (let count = 0; count < 5; count++) {
      const id = BigInt(await (await fetch(`${agent.url}/api/segment/get/neighbour`)).text());
      expect(id).toBeGreaterThan(last);
      last = id;
    }
    await Promise.all(bad);
  }
  expect(agent.process.running).toBe(true);
  expect(await residentBytes(agent.url)).toBeLessThan(before + 100 * 2 ** 20);
});
