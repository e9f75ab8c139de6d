import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/tcp-proxy.ts';

/** A server that answers every chunk with the same chunk, and reports what it received. */
async function startEcho() {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      heard.push(chunk.toString());
      socket.write(chunk);
    });
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port,
    heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client that collects what it receives and how it ended. */
async function connectTo(port: number) {
  const socket = connect(port, '127.0.0.1');
  const client = { socket, received: '', ended: undefined as string | undefined };
  socket.on('data', (chunk) => {
    client.received += chunk;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    client.ended = error.code;
  });
  socket.on('close', () => {
    client.ended ??= 'closed';
  });
  await Promise.race([once(socket, 'connect'), once(socket, 'close').catch(() => {})]).catch(() => {});
  return client;
}

describe('the proxy', () => {
  test('holds back answers without changing their order', async () => {
    await using echo = await startEcho();
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: echo.port } });
    const client = await connectTo(proxy.port);
    const answers: string[] = [];
    proxy.onChunk = (direction, chunk) => {
      if (direction === 'server-to-client') answers.push(chunk.toString());
      return 'pass';
    };
    proxy.delay(1_000);
    const sent = performance.now();
    client.socket.write('a');
    await poll(() => answers.length === 1);
    proxy.delay(0);
    client.socket.write('b');
    await poll(() => client.received.length === 2);
    expect([answers.join(''), client.received]).toEqual(['ab', 'ab']);
    // A timer may ring a millisecond early.
    expect(performance.now() - sent).toBeGreaterThan(990);
    client.socket.destroy();
  });

  test('cut ends connections and refuses new ones until it is healed', async () => {
    await using echo = await startEcho();
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: echo.port } });
    const client = await connectTo(proxy.port);
    await proxy.cut();
    await poll(() => client.ended);
    expect(client.ended).toBe('closed');
    expect((await connectTo(proxy.port)).ended).toBe('ECONNREFUSED');
    await proxy.heal();
    const again = await connectTo(proxy.port);
    again.socket.write('hello');
    await poll(() => again.received);
    expect(again.received).toBe('hello');
    again.socket.destroy();
  });

  test('a blackhole accepts and loses all; healed, it resets only those who lost something', async () => {
    await using echo = await startEcho();
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: echo.port } });
    const silent = await connectTo(proxy.port);
    const talking = await connectTo(proxy.port);
    await poll(() => proxy.connections === 2);
    await proxy.blackhole();
    const late = await connectTo(proxy.port);
    talking.socket.write('lost');
    late.socket.write('lost');
    expect(await poll(() => proxy.lossy === 2)).toBe(true);
    expect([echo.heard, talking.ended, late.ended, proxy.connections]).toEqual([[], undefined, undefined, 3]);
    await proxy.heal();
    await poll(() => talking.ended && late.ended);
    expect([talking.ended, late.ended]).toEqual(['ECONNRESET', 'ECONNRESET']);
    silent.socket.write('still here');
    await poll(() => silent.received);
    expect(silent.received).toBe('still here');
    expect(proxy.accepted).toBe(3);
    silent.socket.destroy();
  });

  test('resets every connection at once', async () => {
    await using echo = await startEcho();
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: echo.port } });
    const client = await connectTo(proxy.port);
    client.socket.write('x');
    await poll(() => client.received);
    proxy.resetAll();
    await poll(() => client.ended);
    expect([client.ended, proxy.connections]).toEqual(['ECONNRESET', 0]);
  });

  test.each([
    { moment: 'before', committed: 0 },
    { moment: 'after', committed: 1 },
  ])('cuts a MariaDB connection right $moment its COMMIT', async ({ moment, committed }) => {
    await using mariadb = await startMariadb();
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: mariadb.port } });
    const direct = await createConnection(mariadb.url);
    await direct.query('CREATE TABLE entries (id INT) ENGINE=InnoDB');
    const doomed = await createConnection({ uri: mariadb.url, host: '127.0.0.1', port: proxy.port });
    doomed.on('error', () => {});
    let commitSeen = false;
    proxy.onChunk = (direction, chunk) => {
      if (direction === 'server-to-client') return commitSeen ? 'cut' : 'pass';
      commitSeen ||= chunk.includes('COMMIT');
      return commitSeen && moment === 'before' ? 'cut' : 'pass';
    };
    await doomed.beginTransaction();
    await doomed.query('INSERT INTO entries VALUES (1)');
    await expect(doomed.query('COMMIT')).rejects.toThrow();
    // A reader that waits for the row's lock sees how the transaction ended, not how it stood.
    const [rows] = await direct.query('SELECT COUNT(*) AS n FROM entries LOCK IN SHARE MODE');
    expect(rows).toEqual([{ n: committed }]);
    await direct.end();
  });
});
