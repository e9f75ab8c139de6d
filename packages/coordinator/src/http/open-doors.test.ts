import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Address } from '@leafcutter/shared/config/address';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { UnixSocket } from '@leafcutter/shared/http/unix-socket';
import { createLogger } from '@leafcutter/shared/logger';
import type { Express } from 'express';
import type { CoordinatorConfig } from '../settings/settings.ts';
import { limitsOf, openMainDoor, openOpsDoor } from './open-doors.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n';

/** A connection that has asked, and what it got until it was closed or answered. */
async function asked(at: string | number) {
  const socket = typeof at === 'string' ? connect(at) : connect(at, '127.0.0.1');
  socket.on('error', () => undefined);
  const answer = new Promise<string>((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes).slice(0, 12)));
    socket.once('close', () => resolve('closed'));
  });
  socket.write(REQUEST);
  return { socket, answer: await answer };
}

test('each door holds maxConnections', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leafcutter-doors-'));
  const ops = join(folder, 'ops.sock');
  const config = {
    listen: new Address('127.0.0.1', 0),
    opsListen: new UnixSocket(ops, 0o600),
    tls: {},
    maxConnections: 1,
  } as unknown as CoordinatorConfig;
  const here = ((_request: unknown, response: ServerResponse) => response.end('here')) as unknown as Express;
  const second = await openOpsDoor(config, here);
  const log = createLogger('silent', {}, { write: () => undefined });
  const main = await openMainDoor(config, here, new FakeClock(), log);
  for (const at of [Number(new URL(main.url).port), ops]) {
    const [known, next] = [await asked(at), await asked(at)];
    expect([known.answer, next.answer]).toEqual(['HTTP/1.1 200', 'closed']);
    known.socket.destroy();
  }
  await Promise.all([main.close(0), second?.close(0)]);
  rmSync(folder, { recursive: true });
});

test('one address may hold all of a door, unless maxConnectionsPerAddress says otherwise', () => {
  expect(limitsOf({ maxConnections: 9, maxConnectionsPerAddress: undefined, opsListen: undefined })).toEqual({
    most: 9,
  });
  expect(limitsOf({ maxConnections: 9, maxConnectionsPerAddress: 2, opsListen: undefined })).toEqual({
    most: 9,
    perAddress: 2,
  });
});
