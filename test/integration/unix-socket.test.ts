import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PATIENCE_MS } from '../support/patience.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const run = promisify(execFile);

let coordinator: Service;
let agent: Service;
let folder = '';
let socket = '';

beforeAll(async () => {
  folder = await scratchDir('unix-socket');
  socket = join(folder, 'http.sock');
  const data = ['--data-dir', join(folder, 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags: data });
  const flags = ['--coordinators', coordinator.url, '--unix-http', socket, '--unix-mode', '600'];
  agent = await Service.start({ kind: 'agent', name: 'agent', flags });
});

afterAll(async () => {
  await agent.stop();
  await coordinator.stop();
});

async function curl(...args: string[]): Promise<string> {
  const { stdout } = await run('curl', [
    '-s',
    '--max-time',
    `${PATIENCE_MS / 1_000}`,
    '--unix-socket',
    socket,
    ...args,
  ]);
  return stdout;
}

describe('an agent’s Unix socket', () => {
  test('serves curl as the port does, with the file mode that is set', async () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const first = BigInt(await curl('http://agent/v1/ids/orders'));
    const second = BigInt(await (await fetch(`${agent.url}/v1/ids/orders`)).text());
    expect(second).toBe(first + 1n);
    expect(JSON.parse(await curl('http://agent/v1/ids/orders?count=0'))).toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  test('outlives a killed agent: the next one takes its file over', async () => {
    await agent.process.kill();
    expect(existsSync(socket)).toBe(true);
    await agent.restart();
    expect(await curl('http://agent/v1/ids/orders')).toMatch(/^[1-9][0-9]*$/);
  });

  test('is not taken from an agent that runs', async () => {
    const other = leafcutter(['agent', '--listen', '127.0.0.1:0', '--unix-http', socket]);
    expect(await other.exited).toMatchObject({ code: 1 });
    expect(other.tail()).toContain('set unix.http to another path');
    expect(await curl('http://agent/v1/ids/orders')).toMatch(/^[1-9][0-9]*$/);
  });

  test('goes with its agent', async () => {
    await agent.stop();
    expect(existsSync(socket)).toBe(false);
    await agent.restart();
  });
});
