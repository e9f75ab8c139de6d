import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from '@leafcutter/client';
import { MAX_COUNT } from '@leafcutter/shared/tag';
import { PATIENCE_MS } from '../support/patience.ts';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** No test here is about the client's own deadlines. */
const UNHURRIED = { waitMs: PATIENCE_MS, timeoutMs: PATIENCE_MS };

let coordinator: Service;
let agent: Service;
let guarded: Service;
let folder = '';
let socket = '';

beforeAll(async () => {
  folder = await scratchDir('client');
  socket = join(folder, 'http.sock');
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(folder, 'data')],
  });
  for (const tag of ['orders', 'a.b:c-d']) {
    await coordinator.json('/v1/tags', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tag, step: 1_000 }),
    });
  }
  const flags = ['--coordinators', coordinator.url, '--snowflake-enabled'];
  agent = await Service.start({ kind: 'agent', name: 'agent', flags: [...flags, '--unix-http', socket] });
  guarded = await Service.start({ kind: 'agent', name: 'guarded', flags: [...flags, '--tokens', 'secret'] });
});

afterAll(async () => {
  await agent.stop();
  await guarded.stop();
  await coordinator.stop();
});

describe('the client beside a real agent', () => {
  test('gives 30,000 rising IDs over the port and the socket, and none twice', async () => {
    await using tcp = await connect({ endpoint: agent.url, tag: 'orders', ...UNHURRIED });
    await using unix = await connect({ endpoint: `unix:${socket}`, tag: 'orders', ...UNHURRIED });
    const drawn: bigint[][] = await Promise.all(
      [tcp, unix].map(async (ids) => {
        const mine: bigint[] = [];
        while (mine.length < 14_000) mine.push(await ids.nextAsync());
        return [...mine, ...(await ids.batch(1_000))];
      }),
    );
    for (const mine of drawn)
      expect(mine.every((id, at) => at === 0 || id > (mine[at - 1] ?? id))).toBe(true);
    const { start, end } = await tcp.reserve(100);
    const block = Array.from({ length: 100 }, (_, at) => start + BigInt(at));
    expect(end - start).toBe(100n);
    expect(new Set([...drawn.flat(), ...block]).size).toBe(30_100);
    expect(tcp.runway.seconds).toBeGreaterThan(0);
  });

  test('gives snowflake IDs and takes them apart as the agent does', async () => {
    await using ids = await connect({ endpoint: agent.url, tag: 'a.b:c-d', minFetch: 1, ...UNHURRIED });
    expect(ids.nextString()).toBe('1');
    const id = await ids.snowflake();
    const shown = (await (await fetch(`${agent.url}/v1/decode/${id}`)).json()) as object;
    expect(shown).toMatchObject(await ids.decode(id));
    await expect(ids.decode(2n ** 64n)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'id' });
  });

  test('says what is wrong when it cannot connect', async () => {
    const refused = (options: object) =>
      expect(connect({ endpoint: agent.url, tag: 'orders', ...options })).rejects;
    await refused({ tag: 'nobody' }).toMatchObject({
      name: 'IdError',
      code: 'TAG_UNKNOWN',
      retryable: false,
    });
    await refused({ endpoint: `http://127.0.0.1:${await freePort()}` }).toMatchObject({
      code: 'AGENT_UNAVAILABLE',
      retryable: true,
    });
    await refused({ endpoint: coordinator.url }).toMatchObject({ code: 'NOT_FOUND' });
    await refused({ endpoint: 'localhost:8000' }).toMatchObject({ code: 'BAD_REQUEST', reason: 'endpoint' });
    await refused({ tag: undefined as unknown as string }).toMatchObject({
      code: 'BAD_REQUEST',
      reason: 'tag',
    });
    await refused({ minFetch: 0 }).toMatchObject({ code: 'BAD_REQUEST', reason: 'minFetch' });
    // The client stands alone, so its limit is its own; it has to be the agent's.
    await (await connect({ endpoint: agent.url, tag: 'orders', maxFetch: MAX_COUNT, ...UNHURRIED })).batch(
      MAX_COUNT,
    );
    await refused({ maxFetch: MAX_COUNT + 1 }).toMatchObject({ code: 'BAD_REQUEST', reason: 'maxFetch' });
    const gone = AbortSignal.abort(new Error('gone'));
    await using leaving = await connect({ endpoint: agent.url, tag: 'orders' });
    await expect(leaving.snowflake({ signal: gone })).rejects.toThrow('gone');
    await refused({ endpoint: guarded.url }).toMatchObject({ code: 'UNAUTHORIZED', reason: 'missing_token' });
    await using ids = await connect({ endpoint: guarded.url, tag: 'orders', token: 'secret', ...UNHURRIED });
    expect(ids.next()).toBeGreaterThan(0n);
  });

  test('goes on by itself after its agent was away', async () => {
    await using ids = await connect({ endpoint: agent.url, tag: 'orders', minFetch: 2, ...UNHURRIED });
    const before = ids.next();
    await agent.process.kill();
    const waiting = ids.batch(10);
    await agent.restart();
    const [first = 0n] = await waiting;
    expect(first).toBeGreaterThan(before);
  });
});

describe('the packed client', () => {
  test('runs and type-checks outside this repository, on the system’s Node and on ours', async () => {
    const { PNPM } = (await import(join(ROOT, 'scripts', 'pnpm.mjs'))) as { PNPM: string };
    const home = join(folder, 'app');
    mkdirSync(home);
    await run('npx', ['--yes', PNPM, 'pack', '--pack-destination', home], {
      cwd: join(ROOT, 'packages', 'client'),
    });
    const packed = readdirSync(home).find((name) => name.endsWith('.tgz')) ?? '';
    writeFileSync(join(home, 'package.json'), '{"name":"app","type":"module","private":true}');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${packed}`], { cwd: home });
    const program = `import { connect, type Ids } from '@leafcutter/client';
      const ids: Ids = await connect({ endpoint: process.argv[2] ?? '', tag: 'orders' });
      const id: bigint = ids.next();
      console.log(String(id + 1n === ids.next()));
      // Nothing is closed: a client must not keep the process alive.
    `;
    writeFileSync(join(home, 'app.ts'), program);
    const types = join(ROOT, 'node_modules', '@types');
    const flags = [
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,esnext.disposable',
      '--strict',
    ];
    await run(
      join(ROOT, 'node_modules', '.bin', 'tsc'),
      [...flags, '--typeRoots', types, '--types', 'node', 'app.ts'],
      {
        cwd: home,
      },
    );
    const path = (process.env.PATH ?? '').split(delimiter).filter((part) => !part.includes('node_modules'));
    for (const node of [process.execPath, 'node']) {
      const env = { ...process.env, PATH: path.join(delimiter) };
      const { stdout } = await run(node, ['app.js', agent.url], { cwd: home, env, timeout: PATIENCE_MS });
      expect(stdout).toBe('true\n');
    }
  });
});
