import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Address } from '../config/address.ts';
import { StartError } from './bind.ts';
import { listen } from './listen.ts';

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
