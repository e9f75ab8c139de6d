import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Listening } from '@leafcutter/shared/http/listen';
import { ANYWHERE, doorAgent, RawClient } from '../../fakes/door-agent.ts';
import { limitsOf } from '../door-crowd.ts';
import { Connection } from './connection.ts';
import { listenResp } from './server.ts';

const HALF = '*2\r\n$4\r\nINCR\r\n$6\r\nord';
const REST = 'ers\r\n';
const FULL = '-UNAVAILABLE max number of clients reached\r\n';

let listening: Listening | undefined;

afterEach(async () => {
  jest.restoreAllMocks();
  await listening?.close(0);
});

/** A Redis door on an agent of its own. */
async function open(tokens: readonly string[] = [], limits: { most?: number; perAddress?: number } = {}) {
  const host = doorAgent(tokens);
  const { most = 100, ...more } = limits;
  const isOfMany = () => more.perAddress === undefined;
  const bounds = { ...limitsOf(host.agent, most), ...more, isOfMany };
  const door = await listenResp(ANYWHERE, host.agent, 'resp.listen', undefined, bounds);
  listening = door;
  return { ...host, client: (bytes?: string) => RawClient.of(door, bytes) };
}

/** As many connections as the door holds, each with half a command. */
async function crowdOf(size: number, client: (bytes: string) => Promise<RawClient>) {
  return Promise.all(Array.from({ length: size }, () => client(HALF)));
}

/** Waits until a number stays the same for a hundred turns of the event loop, in which both ends of a connection are. */
async function untilStill(number: () => number): Promise<void> {
  let last = Number.NaN;
  for (let turns = 0; turns < 100; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (number() !== last) turns = 0;
    last = number();
  }
}

describe('a client of the Redis door', () => {
  test('that leaves a command unfinished is ended; one that is idle between commands stays', async () => {
    const { client, ended, sweepUntil } = await open();
    const idle = await client();
    expect(await idle.ask('PING\r\n')).toBe('+PONG\r\n');
    const half = await client(HALF);
    await sweepUntil(half.closed);
    expect(await ended()).toEqual({ command: 1 });
    expect(await idle.ask('PING\r\n')).toBe('+PONG\r\n');
  });

  test('that finishes its command later than others do is answered', async () => {
    const { client, clock } = await open();
    const slow = await client();
    expect(await slow.ask(`PING\r\n${HALF}`)).toBe('+PONG\r\n');
    await clock.advance(29_000);
    expect(await slow.ask(REST)).toBe(':1\r\n');
  });

  test('that waits with half a command finds it unchanged after others were read', async () => {
    const { client } = await open();
    const [slow, other] = [await client(), await client()];
    expect(await slow.ask(`PING\r\n${HALF}`)).toBe('+PONG\r\n');
    expect(await other.ask(`ECHO ${'x'.repeat(500)}\r\n`)).toContain('xxx');
    expect(await slow.ask(`${REST}ECHO orders\r\n`)).toBe(':1\r\n$6\r\norders\r\n');
  });

  test('that sends its command byte by byte is ended all the same', async () => {
    const { client, ended, sweepUntil } = await open();
    const slow = await client('INCR o');
    await sweepUntil(slow.closed, () => slow.socket.write('o'));
    expect(await ended()).toEqual({ command: 1 });
  });

  test('that shows no token is ended, whatever else it sends; one that has shown it stays', async () => {
    const { client, ended, sweepUntil } = await open(['secret']);
    const [silent, guessing, honest] = [await client(), await client(), await client()];
    expect(await honest.ask('AUTH secret\r\n')).toBe('+OK\r\n');
    expect(await guessing.ask('AUTH guess\r\n')).toContain('-WRONGPASS');
    await sweepUntil(Promise.all([silent.closed, guessing.closed]));
    expect(await ended()).toEqual({ token: 2 });
    expect(await honest.ask('INCR orders\r\n')).toBe(':1\r\n');
  });

  test('whose token was taken back has as long to show another', async () => {
    const { agent, client, ended, sweepUntil } = await open(['old']);
    const [first, second] = [await client(), await client()];
    for (const each of [first, second]) expect(await each.ask('AUTH old\r\n')).toBe('+OK\r\n');
    agent.tokens.replace(['new']);
    expect(await second.ask('AUTH new\r\n')).toBe('+OK\r\n');
    await sweepUntil(first.closed);
    expect(await ended()).toEqual({ token: 1 });
    expect(await second.ask('PING\r\n')).toBe('+PONG\r\n');
  });

  test('that does not take its answers is read no further, draws nothing more, and is ended', async () => {
    const { client, ended, sweepUntil } = await open();
    const deaf = await client();
    deaf.socket.pause();
    // More than the system's buffers for a connection, with 30,000 IDs.
    const echo = `*2\r\n$4\r\nECHO\r\n$1000\r\n${'x'.repeat(1_000)}\r\nINCR orders\r\n`.repeat(1_000);
    for (let n = 0; n < 30; n++) deaf.socket.write(echo);
    await untilStill(() => deaf.socket.writableLength);
    const honest = await client();
    expect(Number((await honest.ask('INCR orders\r\n')).slice(1))).toBeLessThan(20_000);
    await sweepUntil(deaf.closed);
    expect(await ended()).toEqual({ answers: 1 });
  });
});

describe('a full Redis door', () => {
  test('of half commands lets an honest client in, and answers it', async () => {
    const { client, ended } = await open([], { most: 20 });
    const crowd = await crowdOf(20, client);
    const honest = await client();
    expect(await honest.ask('INCR orders\r\n')).toBe(':1\r\n');
    await Promise.race(crowd.map(({ closed }) => closed));
    expect(await ended()).toEqual({ made_room: 1 });
  });

  test('NEGATIVE CONTROL: where nobody gives way, the same crowd keeps it out', async () => {
    jest.spyOn(Connection.prototype, 'isKnown', 'get').mockReturnValue(true);
    const { client, ended } = await open([], { most: 20 });
    await crowdOf(20, client);
    const honest = await client();
    expect(await honest.ask('INCR orders\r\n')).toBe(FULL);
    expect(await ended()).toEqual({ door_full: 1 });
  });

  test('of commands without the token lets an honest client in', async () => {
    const { client, ended } = await open(['secret'], { most: 3 });
    for (let n = 0; n < 3; n++) expect(await (await client()).ask('PING\r\n')).toContain('-NOAUTH');
    expect(await (await client()).ask('AUTH secret\r\n')).toBe('+OK\r\n');
    expect(await ended()).toEqual({ made_room: 1 });
  });

  test('of clients that were served keeps them, and says to the next that it is full', async () => {
    const { client } = await open([], { most: 2 });
    const served = [await client(), await client()];
    for (const each of served) expect(await each.ask('PING\r\n')).toBe('+PONG\r\n');
    expect(await (await client()).ask('PING\r\n')).toBe(FULL);
    for (const each of served) expect(await each.ask('PING\r\n')).toBe('+PONG\r\n');
  });
});

test('an address that holds its share of the Redis door is told so, and others come in', async () => {
  const { client, ended } = await open([], { perAddress: 2 });
  const first = await client();
  expect(await first.ask('PING\r\n')).toBe('+PONG\r\n');
  await client();
  expect(await (await client()).ask('PING\r\n')).toBe(
    '-UNAVAILABLE max number of clients from one address reached; close some, or raise maxConnectionsPerAddress\r\n',
  );
  expect(await ended()).toEqual({ address_share: 1 });
  expect(await first.ask('PING\r\n')).toBe('+PONG\r\n');
});

test('a Redis door that closes leaves no timer', async () => {
  const { clock } = await open();
  const pending = clock.pending;
  await listening?.close(0);
  listening = undefined;
  expect(clock.pending).toBe(pending - 1);
});
