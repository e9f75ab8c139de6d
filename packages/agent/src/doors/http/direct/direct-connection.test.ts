import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { KEEP_ALIVE_BUFFER_MS, KEEP_ALIVE_MS } from '@leafcutter/shared/http/listen';
import type { DirectAnswers } from './direct-answers.ts';
import { DirectConnection } from './direct-connection.ts';
import type { DirectRoutes } from './direct-routes.ts';

const REQUEST = 'GET /v1/ids/orders HTTP/1.1\r\nHost: here\r\n\r\n';

/** A client and its socket on the door's side; a connection answers each request with `body`. */
async function connected(body: string): Promise<{ client: Socket; socket: Socket; close: () => void }> {
  const parts = {
    routes: { version: 1, find: () => ({ drawNow: () => 1 }) } as unknown as DirectRoutes,
    answers: { one: () => body } as unknown as DirectAnswers,
    tally: { count: 0 },
    isDraining: () => false,
    accept: () => undefined,
    handedOver: () => undefined,
    left: () => undefined,
  };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  const socket = await accepted;
  new DirectConnection(socket, parts);
  return { client, socket, close: () => void server.close() };
}

test('a client that has not taken its answers when nothing more happens is cut', async () => {
  const { client, socket, close } = await connected('x'.repeat(30_000_000));
  // Its one answer is larger than the system's buffers for a connection.
  client.pause();
  const isFull = new Promise<void>((resolve) => socket.once('pause', () => resolve()));
  client.write(REQUEST);
  await isFull;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.emit('timeout');
  await closed;
  client.destroy();
  close();
});

test('connections read into the same memory, and what one of them keeps is not overwritten by another', async () => {
  const [one, other] = [await connected('one'), await connected('other')];
  expect(one.socket.listenerCount('data')).toBe(0);
  const answer = ({ client }: typeof one) =>
    new Promise<string>((resolve) => client.once('data', (bytes) => resolve(String(bytes))));
  const cut = REQUEST.length - 10;
  one.client.write(REQUEST.slice(0, cut));
  while (one.socket.bytesRead < cut) await new Promise((resolve) => setImmediate(resolve));
  const first = answer(other);
  other.client.write(REQUEST);
  expect(await first).toBe('other');
  const second = answer(one);
  one.client.write(REQUEST.slice(cut));
  expect(await second).toBe('one');
  for (const { client, close } of [one, other]) {
    client.destroy();
    close();
  }
});

test('a client gets a second more between requests than it is told', async () => {
  const { client, socket, close } = await connected('answer');
  client.write(REQUEST);
  await new Promise((resolve) => client.once('data', resolve));
  expect(socket.timeout).toBe(KEEP_ALIVE_MS + KEEP_ALIVE_BUFFER_MS);
  client.destroy();
  close();
});

test('one that has is let go with an orderly end', async () => {
  const { client, socket, close } = await connected('answer');
  client.write(REQUEST);
  expect(String(await new Promise((resolve) => client.once('data', resolve)))).toBe('answer');
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  socket.emit('timeout');
  await ended;
  close();
});
