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
import { limitsOf, openDoors } from './open-doors.ts';

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
  const config = { listen: new Address('127.0.0.1', 0), opsListen: new UnixSocket(ops, 0o600), tls: {} };
  const here = ((_request: unknown, response: ServerResponse) => response.end('here')) as unknown as Express;
  const doors = await openDoors(
    { ...config, maxConnections: 1 } as unknown as CoordinatorConfig,
    { app: here, ops: here },
    new FakeClock(),
    createLogger('silent', {}, { write: () => undefined }),
  );
  for (const at of [Number(new URL(doors.url).port), ops]) {
    const [known, next] = [await asked(at), await asked(at)];
    expect([known.answer, next.answer]).toEqual(['HTTP/1.1 200', 'closed']);
    known.socket.destroy();
  }
  await doors.close(0);
  rmSync(folder, { recursive: true });
});

test('one address may hold all of a door, unless maxConnectionsPerAddress says otherwise', () => {
  expect(limitsOf({ maxConnections: 9, maxConnectionsPerAddress: undefined })).toEqual({ most: 9 });
  expect(limitsOf({ maxConnections: 9, maxConnectionsPerAddress: 2 })).toEqual({ most: 9, perAddress: 2 });
});
