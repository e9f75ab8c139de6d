import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Address } from '../../config/kinds/address.ts';
import { StartError } from './bind.ts';
import { listen } from './listen.ts';

/** A client that is merely slow to send its request would be ended too, so this is longer than any machine takes. */
const UNREAD_MS = 2_000;

describe('a server', () => {
  test('listens where it is told, and says which port it got', async () => {
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (_request, response) => response.end('here'),
      'listen',
    );
    expect(listening.address).toEqual(expect.objectContaining({ port: expect.any(Number) }));
    expect(String(listening.address)).not.toMatch(/:0$/);
    expect(await (await fetch(`http://${listening.address}/`)).text()).toBe('here');
    await listening.close(0);
    await expect(fetch(`http://${listening.address}/`)).rejects.toThrow();
  });

  test('does not answer a later request in the place of one that came in one piece with an upgrade', async () => {
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (request, response) => response.end(`at ${request.url}`),
      'listen',
    );
    const client = connect((listening.address as Address).port, '127.0.0.1');
    client.on('error', () => undefined);
    let heard = '';
    const get = (path: string, ...fields: string[]) =>
      `${[`GET ${path} HTTP/1.1`, 'Host: here', ...fields].join('\r\n')}\r\n\r\n`;
    client.on('data', (bytes) => {
      heard += bytes;
      // What follows comes in a piece of its own.
      if (heard.includes('at /first')) client.write(get('/third', 'Connection: close'));
    });
    client.write(get('/first', 'Connection: Upgrade', 'Upgrade: h2c') + get('/second'));
    await new Promise((resolve) => client.once('close', resolve));
    expect(heard.match(/at \/[a-z]+/g)).toEqual(['at /first']);
    await listening.close(0);
  });

  test('says which setting to change where its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const starting = listen(new Address('127.0.0.1', port), () => undefined, 'opsListen');
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.toThrow('set opsListen to another port');
    await new Promise((resolve) => other.close(resolve));
  });

  test('lets an open request finish when it closes', async () => {
    let finish: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let answer: () => void = () => undefined;
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (_request, response) => {
        answer = () => response.end('done');
        finish();
      },
      'listen',
    );
    const asking = fetch(`http://${listening.address}/`).then((response) => response.text());
    await begun;
    const closing = listening.close(60_000);
    answer();
    expect(await asking).toBe('done');
    await closing;
  });

  test('ends each connection with its answer once it drains, and still takes new ones', async () => {
    const open: ServerResponse[] = [];
    let seen: () => void = () => undefined;
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (request, response) => {
        if (request.url === '/now') response.end('now');
        else open.push(response);
        seen();
      },
      'listen',
    );
    const connectionOf = async (path: string) =>
      (await fetch(`http://${listening.address}${path}`)).headers.get('connection');
    expect(await connectionOf('/now')).toBe('keep-alive');
    const begun = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const waiting = connectionOf('/later');
    await begun;
    listening.drain();
    expect(await connectionOf('/now')).toBe('close');
    open[0]?.end('later');
    expect(await waiting).toBe('close');
    await listening.close(0);
  });

  test('ends a connection whose answers are not taken, and not one that waits for its own', async () => {
    const body = 'x'.repeat(1_000_000);
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (request, response) => {
        if (request.url === '/much') response.end(body);
        // Waits until nothing has happened on its connection for longer than answers may stay untaken.
        else response.once('timeout', () => response.end('late'));
      },
      'listen',
      { unreadMs: UNREAD_MS },
    );
    const waiting = fetch(`http://${listening.address}/late`).then((response) => response.text());
    const deaf = connect((listening.address as Address).port, '127.0.0.1');
    deaf.pause();
    // More than the system's buffers for a connection. It ends with a reset, which a client notices when it writes.
    const request = 'GET /much HTTP/1.1\r\nHost: here\r\n\r\n'.repeat(100);
    const cut = new Promise<void>((resolve) => {
      deaf.on('error', () => undefined);
      deaf.once('close', () => resolve());
    });
    const writing = setInterval(() => deaf.write(request), 10);
    await cut;
    clearInterval(writing);
    expect(await waiting).toBe('late');
    await listening.close(0);
  });

  test('that is full ends a connection that was never answered for one that comes', async () => {
    const crowding: string[] = [];
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (_request, response) => response.end('here'),
      'listen',
      { limits: { most: 3 }, crowded: (what) => crowding.push(what) },
    );
    const { port } = listening.address as Address;
    const closed: Promise<void>[] = [];
    for (let n = 0; n < 3; n++) {
      const half = connect(port, '127.0.0.1', () => half.write('GET / HTTP/1.1\r\nHo'));
      half.on('error', () => undefined);
      closed.push(new Promise((resolve) => half.once('close', () => resolve())));
      await new Promise<void>((resolve) => half.once('connect', resolve));
    }
    expect(await (await fetch(`http://${listening.address}/`)).text()).toBe('here');
    await Promise.race(closed);
    expect(crowding).toEqual(['made_room']);
    await listening.close(0);
  });

  test('that is full of connections that were answered closes those that come', async () => {
    const crowding: string[] = [];
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (_request, response) => response.end('here'),
      'listen',
      { limits: { most: 1 }, crowded: (what) => crowding.push(what) },
    );
    const { port } = listening.address as Address;
    const kept = connect(port, '127.0.0.1', () => kept.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n'));
    await new Promise((resolve) => kept.once('data', resolve));
    await expect(fetch(`http://${listening.address}/`)).rejects.toThrow();
    expect(crowding).toEqual(['door_full']);
    kept.destroy();
    await listening.close(0);
  });

  test('closes what an address opens beyond its share', async () => {
    const crowding: string[] = [];
    const listening = await listen(
      new Address('127.0.0.1', 0),
      (_request, response) => response.end('here'),
      'listen',
      {
        limits: { most: 10, perAddress: 1, isOfMany: () => false },
        crowded: (what) => crowding.push(what),
      },
    );
    const first = connect((listening.address as Address).port, '127.0.0.1');
    await new Promise((resolve) => first.once('connect', resolve));
    await expect(fetch(`http://${listening.address}/`)).rejects.toThrow();
    expect(crowding).toEqual(['address_share']);
    first.destroy();
    await listening.close(0);
  });

  test('gives a head 10 seconds, a request 30, and an idle connection 65', async () => {
    const listening = await listen(
      new Address('127.0.0.1', 0),
      ({ socket }, response) => {
        // node:http keeps the deadlines.
        const { headersTimeout, requestTimeout, keepAliveTimeout } = Reflect.get(socket, 'server') as Server;
        response.end(JSON.stringify([headersTimeout, requestTimeout, keepAliveTimeout]));
      },
      'listen',
    );
    expect(await (await fetch(`http://${listening.address}/`)).json()).toEqual([10_000, 30_000, 65_000]);
    await listening.close(0);
  });

  test('cuts what is still open when the time to drain is over', async () => {
    let seen: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const listening = await listen(new Address('127.0.0.1', 0), () => seen(), 'listen');
    const asking = fetch(`http://${listening.address}/`).catch(() => 'cut');
    await begun;
    await listening.close(0);
    expect(await asking).toBe('cut');
  });
});
