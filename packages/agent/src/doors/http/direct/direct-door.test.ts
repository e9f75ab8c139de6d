import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type HttpListening, listen } from '@leafcutter/shared/http/listen';
import { ANYWHERE, doorAgent, RawClient } from '../../../fakes/door-agent.ts';
import { directDoor } from './direct-door.ts';

const request = (method: string, path: string, ...fields: string[]) =>
  `${[`${method} ${path} HTTP/1.1`, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`;
const PLAIN = request('GET', '/v1/ids/demo');
const POST = `${request('POST', '/v1/ids/demo', 'Content-Length: 20')}GET /v1/ids/demo HTT`;
const LAST = request('GET', '/last', 'Connection: close');
/** Its end is for the ordinary server to find. */
const CHUNKED = `${request('POST', '/chunked', 'Transfer-Encoding: chunked')}2\r\nab\r\n0\r\n\r\n`;

const closing: HttpListening[] = [];
afterEach(async () => {
  for (const door of closing.splice(0)) await door.close(0);
});

/** The door before a server that answers with what it was asked. */
async function opened(answer: RequestListener = (_, response) => response.end()) {
  const fake = doorAgent();
  const asked: string[] = [];
  const listener: RequestListener = (incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    answer(incoming.resume(), response);
  };
  const ahead = directDoor(fake.agent);
  let accepted: (socket: Socket) => void = () => undefined;
  const first = new Promise<Socket>((resolve) => {
    accepted = resolve;
  });
  const door = await listen(ANYWHERE, listener, 'listen', {
    ahead: {
      ...ahead,
      open(socket, accept) {
        accepted(socket);
        ahead.open(socket, accept);
      },
    },
  });
  closing.push(door);
  return {
    ...fake,
    door,
    listener,
    asked,
    /** The first connection, on the door's side. */
    firstSocket: () => first,
    client: (bytes = '') => RawClient.of(door, bytes),
  };
}

/** Sends a request again and again, until the connection ends. */
function flood(socket: Socket, one: string): void {
  const some = Buffer.from(one.repeat(1_000), 'latin1');
  const write = (error?: Error | null) => {
    if (!error && !socket.destroyed) socket.write(some, write);
  };
  write();
}

/** What the answers say: an ID, or the status of what the ordinary server answers. */
function answersIn(text: string): (string | undefined)[] {
  return text
    .split('HTTP/1.1 ')
    .slice(1)
    .map((answer) => /\r\n\r\n(\d+)$/.exec(answer)?.[1] ?? answer.slice(0, 3));
}

describe('a connection that sends something else in between', () => {
  const TALK = PLAIN + POST + PLAIN + request('GET', '/other') + PLAIN + LAST;
  const ANSWERS = ['1', '200', '2', '200', '3', '200'];
  const ASKED = ['POST /v1/ids/demo', 'GET /other', 'GET /last'];

  test('comes back to be answered straight from the socket', async () => {
    const { client, asked, agent } = await opened();
    expect(answersIn(await (await client(TALK)).closed)).toEqual(ANSWERS);
    expect(asked).toEqual(ASKED);
    expect(agent.metrics.directAnswers.count).toBe(3);
    expect((await agent.metrics.scrape()).body).toMatch(/http_handovers_total\{reason="method"\} 1\n/);
  });

  test('does so wherever the network cuts it', async () => {
    const { client, asked } = await opened();
    for (let cut = 1; cut < TALK.length; cut += 11) {
      const { socket, closed } = await client(TALK.slice(0, cut));
      setImmediate(() => socket.write(TALK.slice(cut)));
      const answers = answersIn(await closed);
      const ids = [0, 2, 4].map((at) => Number(answers[at]));
      expect([cut, ids, asked.splice(0)]).toEqual([cut, ids.toSorted((one, other) => one - other), ASKED]);
      const statuses = [1, 3, 5].map((at) => answers[at]);
      expect([cut, answers.length, statuses]).toEqual([cut, 6, ['200', '200', '200']]);
    }
  });

  test('and byte by byte', async () => {
    const { client, asked } = await opened();
    const { socket, closed } = await client();
    socket.setNoDelay(true);
    for (const byte of TALK) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(answersIn(await closed)).toEqual(ANSWERS);
    expect(asked).toEqual(ASKED);
  });

  test('stays with the server if only the server can tell where a request ends', async () => {
    const { client, asked } = await opened();
    expect(answersIn(await (await client(PLAIN + CHUNKED + PLAIN + LAST)).closed)).toEqual([
      ...['1', '200', '200', '200'],
    ]);
    expect(asked).toEqual(['POST /chunked', 'GET /v1/ids/demo', 'GET /last']);
  });

  test('is answered in order while the server takes its time', async () => {
    let begun: (finish: () => void) => void = () => undefined;
    const isBegun = new Promise<() => void>((resolve) => {
      begun = resolve;
    });
    const { client } = await opened((incoming, response) => {
      if (incoming.url === '/last') response.end();
      else begun(() => response.end());
    });
    const { socket, closed } = await client(request('GET', '/slow'));
    const finish = await isBegun;
    socket.write(PLAIN + LAST, () => finish());
    expect(answersIn(await closed)).toEqual(['200', '1', '200']);
  });

  test('offers h2c in vain, also with requests behind it, which node:http would lose', async () => {
    const { client, asked } = await opened();
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAA'];
    const talk = request('GET', '/v1/ids/demo', ...offer) + request('GET', '/other', ...offer) + PLAIN + LAST;
    expect(answersIn(await (await client(talk)).closed)).toEqual(['1', '200', '2', '200']);
    expect(asked).toEqual(['GET /other', 'GET /last']);
  });
});

test('an h2c offer on a connection that only the ordinary server reads ends it, because that loses what is behind the offer', async () => {
  const { client, asked } = await opened();
  const offer = request('GET', '/offer', 'Connection: Upgrade', 'Upgrade: h2c');
  const { socket, closed } = await client(request('GET', '/unclear', 'X: \xe9') + offer + PLAIN);
  socket.on('data', (bytes) => String(bytes).includes('close') || socket.write(LAST));
  expect(answersIn(await closed)).toEqual(['200', '200']);
  expect(asked.slice(0, 2)).toEqual(['GET /unclear', 'GET /offer']);
});

describe('a client that takes no answers', () => {
  test.each([
    ['plain', PLAIN, 0],
    ['small batches', request('GET', '/v1/ids/demo?count=100'), 0],
    ['others', request('GET', '/other'), 1],
    ['unclear ones', request('GET', '/other', 'X: \xe9'), 64],
  ])('has few requests under way, and then is not read: %s', async (_, one, mostAsked) => {
    const { client, firstSocket, asked } = await opened(() => undefined);
    const { socket } = await client();
    socket.pause();
    flood(socket, one);
    const isPaused = (here: Socket) =>
      new Promise<Socket>((resolve) => here.once('pause', () => resolve(here)));
    const { writableLength } = await isPaused(await firstSocket());
    socket.destroy();
    expect(asked.length).toBeLessThanOrEqual(mostAsked);
    expect(writableLength).toBeLessThan(200_000);
  });

  test('is cut when that has lasted long enough, and counted', async () => {
    const { client, firstSocket, sweepUntil, ended } = await opened();
    const { socket } = await client();
    socket.pause();
    flood(socket, PLAIN);
    const here = await firstSocket();
    await new Promise<void>((resolve) => here.once('pause', () => resolve()));
    await sweepUntil(new Promise((resolve) => here.once('close', resolve)));
    expect(await ended()).toEqual({ answers: 1 });
    socket.destroy();
  });
});

describe('a client that does not finish its head', () => {
  test.each([
    ['its first byte', ''],
    ['the rest of a head', PLAIN.slice(0, -2)],
    ['the rest of a later one', PLAIN + PLAIN.slice(0, 20)],
  ])('is told that it takes too long for %s', async (_, bytes) => {
    const { client, sweepUntil, ended } = await opened();
    const { closed } = await client(bytes);
    await sweepUntil(closed);
    expect(await closed).toMatch(/HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n\r\n$/);
    expect(await ended()).toEqual({ head: 1 });
  });

  test('is in no hurry between its requests', async () => {
    const { client, clock } = await opened();
    const one = await client();
    expect(answersIn(await one.ask(PLAIN))).toEqual(['1']);
    for (let second = 0; second < 60; second++) await clock.advance(1_000);
    expect(answersIn(await one.ask(PLAIN))).toEqual(['2']);
  });

  test.each([
    ['in the middle of a head', PLAIN + PLAIN.slice(0, 20)],
    ['in the middle of another’s head', PLAIN + POST.slice(0, 20)],
    ['in the middle of a body', PLAIN + POST.slice(0, -1)],
    ['after a whole request', PLAIN + request('GET', '/other')],
    ['between requests', PLAIN],
  ])('gets what node:http would answer if it stops %s', async (_, bytes) => {
    const { client, listener } = await opened();
    const ordinary = await listen(ANYWHERE, listener, 'listen');
    closing.push(ordinary);
    const [ours, theirs] = [await client(), await RawClient.of(ordinary)];
    for (const { socket } of [ours, theirs]) socket.end(bytes);
    const statuses = (text: string) => text.match(/HTTP\/1.1 \d+/g);
    expect(statuses(await ours.closed)).toEqual(statuses(await theirs.closed));
  });
});

describe('a door that stops', () => {
  test('still answers on a connection that has not sent its first byte, and ends the idle ones', async () => {
    const { client, door } = await opened();
    const [silent, half, idle] = [await client(), await client(), await client()];
    await idle.ask(PLAIN);
    await half.ask(PLAIN);
    // Answered by a request on the way, so the half one has come.
    half.socket.write(PLAIN.slice(0, 20));
    await idle.ask(PLAIN);
    const closed = door.close(60_000);
    expect(answersIn(await idle.closed)).toEqual(['1', '3']);
    silent.socket.write(PLAIN);
    half.socket.write(PLAIN.slice(20));
    for (const { closed: told } of [silent, half]) expect(await told).toMatch(/Connection: close\r\n\r\n\d$/);
    await closed;
  });
});
