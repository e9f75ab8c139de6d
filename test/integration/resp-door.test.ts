import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FAR_START, type Given, judgeHttp, judgeRedis, type Verdict } from '../clients/judge.ts';
import { Hostile, residentBytes } from '../support/hostile.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const run = promisify(execFile);

let coordinator: Service;
let agent: Service;
let guarded: Service;
let port = 0;
let guardedPort = 0;
let socket = '';
let real: RedisServer;
const clients: Redis[] = [];

beforeAll(async () => {
  const folder = await scratchDir('resp-door');
  const data = ['--data-dir', join(folder, 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags: data });
  [port, guardedPort] = [await freePort(), await freePort()];
  socket = join(folder, 'resp.sock');
  const common = ['--coordinators', coordinator.url, '--snowflake-enabled', '--resp-listen'];
  const open = [...common, `127.0.0.1:${port}`, '--unix-resp', socket, '--unix-mode', '600'];
  agent = await Service.start({ kind: 'agent', name: 'agent', flags: open });
  const closed = [...common, `127.0.0.1:${guardedPort}`, '--tokens', 'secret'];
  guarded = await Service.start({ kind: 'agent', name: 'guarded', flags: closed });
  real = await startRedis();
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await agent.stop();
  await guarded.stop();
  await real.stop();
  await coordinator.stop();
});

function redis(options: object = {}): Redis {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: false, ...options });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

async function cli(...args: string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-p', String(port), ...args], { timeout: PATIENCE_MS });
  return stdout.trimEnd();
}

/** Sends bytes and gives what comes until the connection ends or `until` holds. */
function raw(bytes: string | Buffer, until: (text: string) => boolean, at = port): Promise<string> {
  return new Promise((resolve, reject) => {
    const client: Socket = connect(at, '127.0.0.1', () => client.write(bytes));
    let text = '';
    client.on('data', (chunk) => {
      text += String(chunk);
      if (!until(text)) return;
      client.destroy();
      resolve(text);
    });
    client.on('close', () => resolve(text));
    client.on('error', reject);
  });
}

/** What a program of test:clients gave, as the page of clients would tell it. */
async function tried(program: string, client: string, at: string, keys: readonly string[]): Promise<Verdict> {
  const file = fileURLToPath(new URL(`../clients/programs/${program}`, import.meta.url));
  const interpreter = program.endsWith('.sh') ? 'bash' : process.execPath;
  const { stdout } = await run(interpreter, [file, client, at, ...keys], { timeout: PATIENCE_MS });
  const given = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Given;
  return at.startsWith('http') ? judgeHttp(given) : judgeRedis(given, false);
}

test('programs that people really use get the IDs that come next, and each refusal as an error', async () => {
  const rows = [
    ['redis.mjs', 'ioredis'],
    ['redis.mjs', 'iovalkey'],
    ['redis.mjs', 'node-redis'],
    ['redis-tool.sh', 'redis-cli'],
    ['http.mjs', 'undici'],
    ['http.mjs', 'axios'],
    ['http.mjs', 'got'],
  ] as const;
  const verdicts = rows.map(async ([program, client]) => {
    const [tag, far] = [`real-${client}`, `far-${client}`];
    await coordinator.json('/v1/tags', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tag: far, start: FAR_START }),
    });
    const at = program === 'http.mjs' ? agent.url : String(port);
    const { works, fails } = await tried(program, client, at, [tag, far]);
    return [client, works.length, fails];
  });
  expect(await Promise.all(verdicts)).toEqual(rows.map(([, client]) => [client, 5, []]));
});

describe('Redis clients', () => {
  test('ioredis draws single IDs and consecutive blocks on two connections, none twice', async () => {
    const [one, two] = [redis(), redis()];
    const asked = Array.from({ length: 300 }, (_, index) =>
      (index % 2 === 0 ? one : two)
        .incrby('blocks', 1 + (index % 40))
        .then((last) => ({ last, count: 1 + (index % 40) })),
    );
    const singles = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? two : one).incr('blocks'));
    const blocks = await Promise.all(asked);
    const ids = blocks.flatMap(({ last, count }) =>
      Array.from({ length: count }, (_, index) => last - index),
    );
    ids.push(...(await Promise.all(singles)));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(Number.isSafeInteger)).toBe(true);
  });

  test('ioredis gets lists, snowflakes and a pipeline in order', async () => {
    const client = redis();
    const list = (await client.call('LC.NEXT', 'lists', '500')) as string[];
    expect(new Set(list.map(BigInt)).size).toBe(500);
    const snowflakes = (await client.call('LC.SNOWFLAKE', '100')) as string[];
    expect(new Set(snowflakes).size).toBe(100);
    const answers = await client.pipeline().echo('first').incr('never-seen').echo('second').ping().exec();
    expect(answers?.map(([, answer]) => answer)).toEqual(['first', 1, 'second', 'PONG']);
  });

  test('redis-cli, in both versions of the protocol and by the Unix socket', async () => {
    const first = Number(await cli('INCR', 'cli'));
    expect(Number(await cli('-3', 'INCRBY', 'cli', '10'))).toBe(first + 10);
    expect(await cli('LC.NEXT', 'cli')).toBe(String(first + 11));
    expect(await cli('-3', 'HELLO', '3')).toContain('proto 3');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const { stdout } = await run('redis-cli', ['-s', socket, 'INCR', 'cli'], { timeout: PATIENCE_MS });
    expect(stdout.trim()).toBe(String(first + 12));
  });

  test('redis-benchmark with a pipeline of 16: as many IDs are gone as it asked for', async () => {
    const before = Number(await cli('INCR', 'benchmark'));
    const flags = ['-p', String(port), '-P', '16', '-c', '20', '-n', '100000', '-q', 'INCR', 'benchmark'];
    const { stdout } = await run('redis-benchmark', flags, { timeout: PATIENCE_MS });
    expect(stdout).toMatch(/[1-9][0-9.]+ requests per second/);
    expect(Number(await cli('INCR', 'benchmark'))).toBeGreaterThanOrEqual(before + 100_001);
  });

  test('with tokens are refused until they say one', async () => {
    const stranger = redis({ port: guardedPort });
    await expect(stranger.incr('orders')).rejects.toThrow('NOAUTH');
    const guess = await run('redis-cli', ['-p', String(guardedPort), 'AUTH', 'guessed'], {
      timeout: PATIENCE_MS,
    });
    expect(guess.stdout).toContain('WRONGPASS');
    expect(await redis({ port: guardedPort, password: 'secret' }).incr('orders')).toBeGreaterThan(0);
    const hello = ['-p', String(guardedPort), 'HELLO', '3', 'AUTH', 'default', 'secret'];
    expect((await run('redis-cli', hello, { timeout: PATIENCE_MS })).stdout).toContain('leafcutter');
  });
});

describe('what is wrong is told in Redis’ words', () => {
  test.each([
    [['SET', 'a', '1'], "NOPERM Leafcutter has no 'set' command"],
    [['INCRBY', 'a', '1.5'], 'BAD_REQUEST value is not an integer or out of range'],
    [['INCR', ''], 'BAD_REQUEST tag must have 1 to 128 characters'],
    [['INCR', 'x'.repeat(200)], 'BAD_REQUEST tag must have 1 to 128 characters'],
    [['INCR', 'two words'], 'TAG_UNKNOWN'],
    [['HELLO', '4'], 'NOPROTO unsupported protocol version'],
  ])('%j', async (args, expected) => {
    expect(await cli(...args)).toContain(expected);
  });

  test.each([
    ['a length that is none', '*x\r\n', '-ERR Protocol error: invalid multibulk length'],
    ['another type', '*1\r\n:1\r\n', "-ERR Protocol error: expected '$', got ':'"],
    ['too much without an end', 'x'.repeat(9_000), '-ERR Protocol error: too big inline request'],
  ])('%s ends the connection', async (_name, bytes, expected) => {
    expect(await raw(bytes, () => false)).toBe(`${expected}\r\n`);
  });

  test('an ID past 2^53 − 1 is refused as an integer, and given as a string', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ tag: 'large', start: String(2n ** 53n - 2n) });
    expect((await fetch(`${coordinator.url}/v1/tags`, { method: 'POST', headers, body })).status).toBe(201);
    expect([await cli('INCR', 'large'), await cli('INCR', 'large')]).toEqual([
      '9007199254740990',
      '9007199254740991',
    ]);
    expect(await cli('INCR', 'large')).toContain('BAD_REQUEST the ID is past 2^53 - 1');
    expect(await cli('LC.NEXT', 'large')).toBe('9007199254740993');
  });
});

describe('answers are those of redis-server, byte for byte', () => {
  let nextTag = 0;
  const long = `*2\r\n$4\r\nECHO\r\n$1024\r\n${'x'.repeat(1_024)}\r\n`;

  test.each([
    'INCR t',
    'INCRBY t 10',
    'PING\r\nPING hello\r\nPING a b\r\nECHO hello\r\nECHO',
    long,
    'AUTH x',
    'AUTH default x',
    'HELLO 4\r\nHELLO 3 NONSENSE\r\nHELLO x',
    'SELECT 0\r\nSELECT x\r\nSELECT',
    'MULTI\r\nINCR t\r\nINCR t\r\nPING\r\nEXEC',
    'MULTI\r\nEXEC',
    'MULTI\r\nMULTI\r\nINCR t\r\nDISCARD\r\nINCR t',
    'EXEC\r\nDISCARD\r\nMULTI a\r\nUNWATCH a\r\nWATCH',
    'WATCH t\r\nMULTI\r\nINCR t\r\nEXEC\r\nUNWATCH',
    'MULTI\r\nWATCH t\r\nINCR t\r\nEXEC',
    'MULTI\r\nECHO\r\nINCR t\r\nDISCARD\r\nINCR t',
    'MULTI\r\nINCR t\r\nRESET\r\nEXEC\r\nINCR t',
    'MULTI\r\nINCR t\r\nQUIT\r\nINCR t',
    'CLIENT TRACKING ON OPTIN\r\nCLIENT CACHING YES\r\nCLIENT GETREDIR\r\nCLIENT TRACKING OFF\r\nCLIENT GETREDIR',
    'CLIENT CACHING YES\r\nCLIENT TRACKING x\r\nCLIENT NONSENSE\r\nCLIENT',
    'CLIENT GETNAME\r\nCLIENT SETNAME me\r\nCLIENT GETNAME\r\nRESET\r\nCLIENT GETNAME\r\nCLIENT NO-EVICT ON',
    'CLUSTER NONSENSE\r\nCLUSTER',
    'INFO nonsense\r\nCOMMAND INFO nonsense',
    'ROLE',
    'INCR t\r\nSETNX t 0\r\nSET t 0 NX',
    '*x\r\n',
    '*1\r\n:1\r\n',
    'QUIT\r\nPING',
  ])('%j', async (lines) => {
    // Both counters begin at 1.
    const bytes = lines.replaceAll(/ t\b/g, ` t-${nextTag++}`);
    const ask = (at: number) => raw(`${bytes}\r\nQUIT\r\n`, () => false, at);
    const [ours, theirs] = await Promise.all([ask(port), ask(real.port)]);
    expect(ours).toBe(theirs);
    expect(ours).not.toBe('');
  });
});

test('commands behind one that waits are answered after it, while other connections go on', async () => {
  // A tag that was never asked for needs a segment first; PING does not.
  const text = await raw(
    'INCR brand-new\r\nPING\r\nINCR brand-new\r\nPING\r\n',
    (all) => all.split('PONG').length > 2,
  );
  expect(text).toBe(':1\r\n+PONG\r\n:2\r\n+PONG\r\n');
});

test('tags and messages in any script come back byte for byte', async () => {
  expect(
    await raw('*2\r\n$4\r\nECHO\r\n$4\r\näü\r\n', (text) => text.endsWith('\r\n') && text.length > 5),
  ).toBe('$4\r\näü\r\n');
  expect(await cli('INCR', 'größe')).toContain('TAG_UNKNOWN');
  expect(await cli('INCR', 'größe')).toContain('größe');
});

test('QUIT is answered, and what follows it is not', async () => {
  expect(await raw('PING\r\nQUIT\r\nPING\r\n', () => false)).toBe('+PONG\r\n+OK\r\n');
});

test('a page in a browser, which may post any text to this port, draws nothing', async () => {
  const before = await redis().incr('posted');
  const body = Array.from({ length: 100 }, () => 'INCR posted\r\n').join('');
  const post = () =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } });
  for (let n = 0; n < 5; n++) await expect(post()).rejects.toThrow();
  expect(await raw(`GET / HTTP/1.1\r\nHost: here\r\n\r\n${body}`, () => false)).toBe(
    '-ERR Protocol error: this port speaks the Redis protocol, not HTTP\r\n',
  );
  expect(await redis().incr('posted')).toBe(before + 1);
});

test('random, cut, oversized and interleaved bytes hurt nobody else, and memory stays flat', async () => {
  const bytes = new Hostile(port);
  const neighbour = redis();
  const valid = '*2\r\n$4\r\nINCR\r\n$4\r\nfuzz\r\n';
  const hostile = () => {
    const kind = bytes.between(0, 4);
    if (kind === 0) return bytes.noise(bytes.between(1, 5_000));
    if (kind === 1)
      return Buffer.from(valid.repeat(bytes.between(1, 500))).subarray(0, bytes.between(1, 5_000));
    if (kind === 2)
      return Buffer.from(
        `*${bytes.between(1, 70)}\r\n$${bytes.between(1, 2_000)}\r\n${'x'.repeat(bytes.between(1, 2_000))}`,
      );
    if (kind === 3) return Buffer.concat([Buffer.from(valid), bytes.noise(50), Buffer.from(valid)]);
    return Buffer.from('LC.NEXT fuzz 10000\r\n'.repeat(20));
  };
  let before = 0;
  let last = 0;
  for (let round = 0; round < 60; round++) {
    if (round === 20) before = await residentBytes(agent.url);
    const bad = Array.from({ length: 10 }, () => bytes.send(hostile()));
    const ids = await Promise.all(Array.from({ length: 10 }, () => neighbour.incr('neighbour')));
    for (const id of ids) {
      expect(id).toBeGreaterThan(last);
      last = id;
    }
    expect(await neighbour.echo(`round ${round}`)).toBe(`round ${round}`);
    await Promise.all(bad);
  }
  expect(agent.process.running).toBe(true);
  expect(await residentBytes(agent.url)).toBeLessThan(before + 100 * 2 ** 20);
});
