import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { LentSocket } from './lent-socket.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: here\r\n\r\n';
const LAST = 'GET /a HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n';
const POST = 'POST /b HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A connection that is lent to an HTTP server with this listener, and what its client has heard. */
async function lent(listener: RequestListener) {
  const http = createServer((request, response) => {
    (request.socket as unknown as LentSocket).serve(request, response);
    listener(request, response);
  });
  const tcp = createTcpServer();
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => tcp.once('connection', resolve));
  const client = connect((tcp.address() as AddressInfo).port, '127.0.0.1');
  const heard: string[] = [];
  client.on('data', (bytes) => heard.push(String(bytes)));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  const socket = await accepted;
  let ended = 0;
  let wake: () => void = () => undefined;
  const connection = new LentSocket(socket, {
    goesOn: () => wake(),
    ended() {
      ended += 1;
      socket.destroy();
    },
  });
  http.emit('connection', connection);
  closing.push(() => {
    client.destroy();
    socket.destroy();
    tcp.close();
  });
  return {
    connection,
    heard,
    closed,
    ended: () => ended,
    /** Gives the server these bytes and waits until it has answered them. */
    async give(text: string): Promise<void> {
      connection.lend(true);
      const isAtRest = new Promise<void>((resolve) => {
        wake = () => connection.isAtRest && resolve();
      });
      connection.push(Buffer.from(text));
      await isAtRest;
    },
  };
}

describe('a lent connection', () => {
  test('comes back after each request, of whatever kind, and is lent again', async () => {
    const { connection, heard, give, ended, closed } = await lent((request, response) => {
      request.resume();
      response.end(request.url);
    });
    for (const request of [GET, POST, GET]) {
      await give(request);
      expect(connection.hadOneRequest).toBe(true);
    }
    expect(ended()).toBe(0);
    connection.lend(true);
    connection.push(Buffer.from(LAST));
    await closed;
    expect(
      heard
        .join('')
        .match(/\r\n\r\n\/\w/g)
        ?.map((body) => body.trim()),
    ).toEqual(['/a', '/b', '/a', '/a']);
  });

  test('says so if the server has found more than one request, or not the end of one', async () => {
    const { connection, give } = await lent((_request, response) => response.end());
    await give(GET + GET);
    expect(connection.hadOneRequest).toBe(false);
    await give(POST.slice(0, -1));
    expect(connection.hadOneRequest).toBe(false);
  });

  test('is over with an answer that says so, or with what is no request', async () => {
    for (const [last, answer] of [
      [LAST, /^HTTP\/1\.1 200 OK/],
      ['no request\r\n\r\n', /^HTTP\/1\.1 400 Bad Request/],
    ] as const) {
      const { connection, heard, closed, ended } = await lent((_request, response) => response.end());
      connection.lend(true);
      connection.push(Buffer.from(last));
      await closed;
      expect(heard.join('')).toMatch(answer);
      expect([connection.isAtRest, ended()]).toEqual([false, 1]);
    }
  });

  test('takes no more while the server has many requests of it', async () => {
    const open: ServerResponse[] = [];
    let seen: () => void = () => undefined;
    const { connection } = await lent((_request, response) => {
      open.push(response);
      if (open.length === 16) seen();
    });
    const areOpen = new Promise<void>((resolve) => {
      seen = resolve;
    });
    connection.lend(true);
    expect(connection.takesMore).toBe(true);
    connection.push(Buffer.from(GET.repeat(16)));
    await areOpen;
    expect(connection.takesMore).toBe(false);
    const isOver = new Promise((resolve) => open[0]?.once('close', resolve));
    open[0]?.end();
    await isOver;
    expect(connection.takesMore).toBe(true);
  });
});
