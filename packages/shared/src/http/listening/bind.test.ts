import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bind, StartError } from './bind.ts';
import { UnixSocket } from './unix-socket.ts';

let folder = '';
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leafcutter-bind-'));
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
  rmSync(folder, { recursive: true });
});

function server(): Server {
  const made = createServer((socket) => {
    // A client that only checks whether somebody listens hangs up at once.
    socket.on('error', () => undefined);
    socket.end('here');
  });
  servers.push(made);
  return made;
}

function greeting(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('data', (data) => resolve(String(data)));
    socket.once('error', reject);
  });
}

/** A socket file whose process is gone; a process that ends by itself removes it. */
async function leftover(path: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  const child = spawn(process.execPath, ['-e', script]);
  await new Promise((done) => child.once('close', done));
}

describe('a Unix socket', () => {
  test.each([0o600, 0o660, 0o666])('takes its mode %o, and goes with its server', async (mode) => {
    const path = join(folder, 'door.sock');
    const listening = server();
    const at = await bind(listening, new UnixSocket(path, mode), 'unix.http');
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect([String(at), await greeting(path)]).toEqual([`unix:${path}`, 'here']);
    await new Promise((done) => listening.close(done));
    expect(existsSync(path)).toBe(false);
  });

  test('whose mode cannot be set is not left open', async () => {
    const listening = server();
    const path = join(folder, 'door.sock');
    await expect(bind(listening, new UnixSocket(path, Number.NaN), 'unix.http')).rejects.toThrow(StartError);
    expect(listening.listening).toBe(false);
  });

  test('that a killed process left is replaced', async () => {
    const path = join(folder, 'door.sock');
    await leftover(path);
    expect(existsSync(path)).toBe(true);
    await bind(server(), new UnixSocket(path, 0o600), 'unix.http');
    expect(await greeting(path)).toBe('here');
  });

  test('that somebody listens on is not taken over', async () => {
    const path = join(folder, 'door.sock');
    await bind(server(), new UnixSocket(path, 0o600), 'unix.http');
    const second = bind(server(), new UnixSocket(path, 0o600), 'unix.resp');
    await expect(second).rejects.toThrow(StartError);
    await expect(second).rejects.toThrow('in use by another process or is not a socket');
    await expect(second).rejects.toThrow('set unix.resp to another path');
    expect(await greeting(path)).toBe('here');
  });

  test('does not overwrite a file', async () => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'mine');
    chmodSync(path, 0o600);
    await expect(bind(server(), new UnixSocket(path, 0o600), 'unix.http')).rejects.toThrow('is not a socket');
    expect(existsSync(path)).toBe(true);
  });

  test('in a folder that is not there says so', async () => {
    const path = join(folder, 'nothing', 'door.sock');
    await expect(bind(server(), new UnixSocket(path, 0o600), 'unix.http')).rejects.toThrow(
      `There is no folder for ${path}; create it, or correct unix.http.`,
    );
  });
});
