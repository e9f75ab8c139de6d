/** The command blocks of pages for newcomers, run as they stand there on one `leafcutter dev`: see test/commands.md. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  commandFolder,
  documented,
  inPlace,
  runDocumented,
  startDocumented,
} from '../support/documented-commands.ts';
import { lookUpBinary } from '../support/find-binary.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { freePort } from '../support/ports.ts';
import type { RunningProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const README = '../README.md';
const IS_FULL = process.env.LEAFCUTTER_FULL === '1';

let dev: RunningProcess;
let cwd = '';
let env: Readonly<Record<string, string>> = {};
/** Where the pages' addresses are here. */
let places: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  cwd = await scratchDir('documented');
  const at = await Promise.all(Array.from({ length: 6 }, async () => `127.0.0.1:${await freePort()}`));
  const [coordinator = '', first = '', second = '', grpc = '', goLeaf = '', resp = ''] = at;
  env = {
    PATH: `${await commandFolder()}:${process.env.PATH}`,
    LEAFCUTTER_COORDINATOR: `http://${coordinator}`,
  };
  places = {
    '127.0.0.1:8100': coordinator,
    '127.0.0.1:8000': first,
    '127.0.0.1:8001': second,
    '-p 6390': `-p ${resp.split(':')[1]}`,
  };
  dev = await startDocumented('other-ports', {
    page: README,
    cwd,
    env: {
      PATH: env.PATH ?? '',
      LEAFCUTTER_DATA_DIR: join(cwd, 'data'),
    },
    instead: {
      '127.0.0.1:8190': coordinator,
      '127.0.0.1:8090': first,
      '127.0.0.1:8091': second,
      '127.0.0.1:9001': grpc,
      '127.0.0.1:1235': goLeaf,
      '127.0.0.1:6391': resp,
    },
  });
  await dev.waitForLine(/Leafcutter is ready/);
});
afterAll(() => dev?.stop());

const run = (page: string, name: string, instead: Readonly<Record<string, string>> = {}) =>
  runDocumented(name, { page, cwd, env, instead: { ...places, ...instead } });

describe('README.md', () => {
  test('draws first IDs of both kinds', async () => {
    expect(await run(README, 'first-ids')).toMatch(/^\d+\n?(\d+\n){5}\d{15,19}\{.*"tags"/s);
    expect(await run(README, 'explain')).toMatch(/machine id/i);
    expect(await run('../packages/cli/README.md', 'draw')).toMatch(/^\d{16,}[\s\S]*leafcutter/);
  });

  test('makes tags: one that is not there is an error before', async () => {
    // Under another name: for two seconds an agent remembers that a tag is not there.
    expect(await run(README, 'unknown-tag', { orders: 'unmade' })).toContain('"TAG_UNKNOWN"');
    expect(await run(README, 'make-tag')).toMatch(/"tag":"orders".*1000$/s);
    expect(await run(README, 'tag-command')).toMatch(/invoices[\s\S]*orders/);
  });

  test('verifies, with fewer IDs', async () => {
    expect(await run(README, 'verify', { '--ids 1000000': '--ids 2000' })).toContain('VERDICT: no violation');
  });
});

describe('docs', () => {
  test('shapes.md: IDs as texts, and as texts of a day', async () => {
    const shaped = await run('shapes.md', 'shaped', { orders: 'shaped-orders' });
    expect(shaped).toContain('ORD-00000001');
    expect(shaped).toContain('{"ids":["ORD-00000002","ORD-00000003"]}');
    expect(await run('shapes.md', 'dated')).toMatch(/\b20\d{6}000001\b/);
    expect(await run('shapes.md', 'dated-zone')).toMatch(/\bB20\d{6}-00001\b/);
  });

  test('tags-as-files.md: a file, brought into force and then checked in a pipeline', async () => {
    const file = await documented('yaml tags', 'tags-as-files.md');
    await writeFile(join(cwd, 'tags.yaml'), file.replaceAll(/tag: /g, 'tag: filed-'));
    await writeFile(join(cwd, 'admin-token'), 'nobody-asks-for-one\n');
    expect(await run('tags-as-files.md', 'apply')).toMatch(/^\+ filed-orders .*\n.*\n.*\n3 to create,/);
    const at = { 'https://coordinator:8100': env.LEAFCUTTER_COORDINATOR ?? '' };
    expect(await run('tags-as-files.md', 'pipeline', at)).toMatch(/^0 to create,.* 3 unchanged/);
    expect(await run('operations.md', 'audit', { orders: 'filed-orders' })).toMatch(
      / \(anyone\) .* tag\.create +filed-orders [\s\S]*"changes": \[\]/,
    );
  });

  test('migrate-from-redis-incr.md: a daily counter, over HTTP and the Redis protocol', async () => {
    const drawn = await run('migrate-from-redis-incr.md', 'daily', { 'order-': 'daily-' });
    expect(drawn).toMatch(/20\d{6}000001[\s\S]*20\d{6}000002\n$/);
  });

  test('migrate-from-uuid.md: a tag above a column', async () => {
    const made = await run('migrate-from-uuid.md', 'auto-increment', { orders: 'rows' });
    expect(made).toContain('100000');
  });
});

describe('docs/client-examples.md', () => {
  const seconds = PATIENCE_MS / 1_000;
  /** The programs' own deadlines, which are those of an application. */
  const unhurried = {
    '3_000': String(PATIENCE_MS),
    'ofSeconds(1)': `ofSeconds(${seconds})`,
    'ofSeconds(3)': `ofSeconds(${seconds})`,
    'timeout=3': `timeout=${seconds}`,
    '3 * time.Second': `${seconds} * time.Second`,
    "'timeout' => 3": `'timeout' => ${seconds}`,
    '--max-time 3': `--max-time ${seconds}`,
  };

  /** Writes the program of the page to a file and runs it. */
  async function draw(mark: string, file: string, ...line: string[]): Promise<string> {
    const block = await documented(mark, 'client-examples.md');
    await writeFile(join(cwd, file), inPlace(block, { ...places, ...unhurried }));
    const [command = '', ...args] = line;
    const options = { cwd, timeout: PATIENCE_MS };
    return (await promisify(execFile)(command, [...args, file], options)).stdout.trim();
  }

  /** Compilers take seconds, and CI need not have them. */
  const whenThere = (tool: string) => (IS_FULL && lookUpBinary(tool) !== undefined ? test : test.skip);

  test('node and a shell', async () => {
    expect(await draw('js node', 'ids.mjs', process.execPath)).toMatch(/^\d+$/);
    expect(await run('client-examples.md', 'shell', unhurried)).toMatch(/^\d+$/);
  });
  whenThere('python3')('python', async () => {
    expect(await draw('python python', 'ids.py', 'python3')).toMatch(/^\d+$/);
  });
  whenThere('java')('java', async () => {
    expect(await draw('java java', 'Ids.java', 'java')).toMatch(/^\d+$/);
  });
  whenThere('go')('go', async () => {
    expect(await draw('go go', 'ids.go', 'go', 'run')).toMatch(/^\d+$/);
  });
  whenThere('php')('php', async () => {
    expect(await draw('php php', 'ids.php', 'php')).toMatch(/^\d+$/);
  });
});
