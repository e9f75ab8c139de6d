import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectRaw, type Socket } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Address } from '@leafcutter/shared/config/address';
import type { Listening } from '@leafcutter/shared/http/listen';
import { ANYWHERE, doorAgent, RawClient } from '../../fakes/door-agent.ts';
import { DESCRIPTORS } from '../../generated/descriptors.ts';
import { limitsOf } from '../door-crowd.ts';
import { GrpcConnection } from './grpc-connection.ts';
import { idService } from './id-service.ts';
import { listenGrpc } from './server.ts';

const NATIVE = '/leafcutter.v1.IdService';
/** A message whose first field is `orders`: not compressed, its length, the field. */
const ORDERS = Buffer.concat([Buffer.from('00000000080a06', 'hex'), Buffer.from('orders')]);

let listening: Listening | undefined;
const clients: (ClientHttp2Session | Socket)[] = [];

afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  for (const client of clients.splice(0)) client.destroy();
  await listening?.close(0);
});

/** A gRPC door on an agent of its own. */
async function open(tokens: readonly string[] = [], limits: { most?: number; perAddress?: number } = {}) {
  const host = doorAgent(tokens);
  const { most = 100, ...more } = limits;
  const bounds = { ...limitsOf(host.agent, most), ...more, isOfMany: () => more.perAddress === undefined };
  const door = await listenGrpc(
    ANYWHERE,
    host.agent,
    idService(host.agent),
    'grpc.listen',
    undefined,
    bounds,
  );
  listening = door;
  return {
    ...host,
    silent: () => RawClient.of(door),
    async session() {
      const session = connect(`http://127.0.0.1:${(door.address as Address).port}`);
      session.on('error', () => undefined);
      clients.push(session);
      await new Promise<void>((resolve) => {
        session.once('remoteSettings', () => resolve());
        session.once('close', () => resolve());
      });
      return session;
    },
  };
}

/** An open call; nothing of its request has been sent. */
function opened(session: ClientHttp2Session, path: string, authorization = 'Bearer secret') {
  const call = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', authorization },
    { endStream: false },
  );
  call.on('error', () => undefined);
  return call;
}

/** The status of a call, 0 if it was served; undefined if the connection ended first. */
function statusOf(call: ReturnType<typeof opened>): Promise<number | undefined> {
  return new Promise((resolve) => {
    const told = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    call.on('response', told);
    call.on('trailers', told);
    call.on('close', () => resolve(undefined));
    call.resume();
  });
}

async function draw(session: ClientHttp2Session): Promise<number | undefined> {
  const call = opened(session, `${NATIVE}/NextId`);
  call.end(ORDERS);
  return statusOf(call);
}

const closing = (session: ClientHttp2Session) =>
  new Promise<void>((resolve) => session.once('close', () => resolve()));

describe('a client of the gRPC door', () => {
  test('that never begins to speak is ended; one that has stays without a call', async () => {
    const { ended, session, silent, sweepUntil } = await open();
    const quiet = await session();
    await sweepUntil((await silent()).closed);
    expect(await ended()).toEqual({ preface: 1 });
    expect(await draw(quiet)).toBe(0);
  });

  test.each(['NextId', 'Draw'])(
    'that opens %s without a token and sends no request is ended',
    async (method) => {
      const { ended, session, sweepUntil } = await open(['secret']);
      const waiting = await session();
      opened(waiting, `${NATIVE}/${method}`, 'Bearer guess');
      const health = opened(waiting, '/grpc.health.v1.Health/Check');
      const closed = closing(waiting);
      await sweepUntil(closed);
      expect(health.destroyed).toBe(true);
      expect(await ended()).toEqual({ request: 1 });
    },
  );

  test('that opens a stream with its token may ask when it likes', async () => {
    const { ended, session, sweepUntil } = await open(['secret']);
    const [patient, waiting] = [await session(), await session()];
    const stream = opened(patient, `${NATIVE}/Draw`);
    opened(waiting, `${NATIVE}/NextId`);
    await sweepUntil(closing(waiting));
    expect(await ended()).toEqual({ request: 1 });
    const status = statusOf(stream);
    stream.end();
    expect(await status).toBe(0);
  });
});

/** A client that greets and then says nothing more, not even to a ping. */
async function mute({ address }: Listening): Promise<Socket> {
  const socket = connectRaw({ port: (address as Address).port, host: '127.0.0.1', allowHalfOpen: true });
  clients.push(socket);
  socket.on('error', () => undefined);
  const settings = Buffer.from('000000040000000000', 'hex');
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]));
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

test('a client that is told that its gRPC connection is over and stays is ended', async () => {
  const { ended, sweepUntil } = await open();
  const door = listening as Listening;
  await mute(door);
  const closing = door.close(3_600_000);
  listening = undefined;
  await sweepUntil(closing);
  expect(await ended()).toEqual({ farewell: 1 });
});

describe('what @grpc/grpc-js is told', () => {
  const REAL = ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask'] as const;

  test('a connection has 1,000 calls open at most', async () => {
    const { session } = await open();
    expect((await session()).remoteSettings.maxConcurrentStreams).toBe(1_000);
  });

  test('a client that takes nothing is found out by a ping after 60 s, and ended after 20 more', async () => {
    jest.useFakeTimers({ doNotFake: [...REAL] });
    const { sweepUntil } = await open();
    const socket = await mute(listening as Listening);
    const closed = new Promise((resolve) => socket.once('end', resolve));
    const pinged = new Promise((resolve) => socket.once('data', resolve));
    jest.advanceTimersByTime(60_000);
    await sweepUntil(pinged);
    jest.advanceTimersByTime(20_000);
    await sweepUntil(closed);
  });

  test('a client that answers pings and calls nobody for five minutes is let go', async () => {
    jest.useFakeTimers({ doNotFake: [...REAL] });
    const { session, sweepUntil } = await open();
    const idle = await session();
    const roundTrip = () => new Promise((resolve) => idle.ping(resolve));
    let isOver = false;
    const over = new Promise<void>((resolve) => idle.once('goaway', () => resolve()));
    void over.then(() => {
      isOver = true;
    });
    for (let minute = 1; minute < 5; minute++) {
      jest.advanceTimersByTime(60_000);
      // The first brings the server's ping, and the second comes behind the answer to that.
      for (let trip = 0; trip < 2; trip++) await roundTrip();
      expect(isOver).toBe(false);
    }
    jest.advanceTimersByTime(60_000);
    await sweepUntil(over);
  });
});

describe('a full gRPC door', () => {
  test('of connections that say nothing lets an honest client in, and answers it', async () => {
    const { ended, session, silent } = await open([], { most: 10 });
    const crowd = await Promise.all(Array.from({ length: 10 }, silent));
    expect(await draw(await session())).toBe(0);
    await Promise.race(crowd.map(({ closed }) => closed));
    expect(await ended()).toEqual({ made_room: 1 });
  });

  test('NEGATIVE CONTROL: where nobody gives way, the same crowd keeps it out', async () => {
    jest.spyOn(GrpcConnection.prototype, 'isKnown', 'get').mockReturnValue(true);
    const { ended, silent } = await open([], { most: 10 });
    await Promise.all(Array.from({ length: 10 }, silent));
    expect(await (await silent()).closed).toBe('');
    expect(await ended()).toEqual({ door_full: 1 });
  });

  test('of callers without the token lets in who has it', async () => {
    const { ended, session } = await open(['secret'], { most: 2 });
    for (let n = 0; n < 2; n++) {
      const call = opened(await session(), `${NATIVE}/NextId`, 'Bearer guess');
      call.end(ORDERS);
      expect(await statusOf(call)).toBe(16);
    }
    expect(await draw(await session())).toBe(0);
    expect(await ended()).toEqual({ made_room: 1 });
  });

  test('of strangers that ask for health lets in who draws, and then keeps it', async () => {
    const { ended, session } = await open(['secret'], { most: 2 });
    const honest = await session();
    expect(await draw(honest)).toBe(0);
    for (let n = 0; n < 5; n++) {
      const watch = opened(await session(), '/grpc.health.v1.Health/Watch');
      watch.end(ORDERS);
      await new Promise((resolve) => watch.once('data', resolve));
    }
    expect(await draw(honest)).toBe(0);
    expect(await ended()).toEqual({ made_room: 4 });
  });
});

test('an address that holds its share of the gRPC door gets no more', async () => {
  const { ended, session, silent, sweepUntil } = await open([], { perAddress: 1 });
  const first = await session();
  await sweepUntil((await silent()).closed);
  expect(await ended()).toEqual({ address_share: 1 });
  expect(await draw(first)).toBe(0);
});

describe('reflection', () => {
  const REFLECT = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  /** What it answers to one request whose field `field` is `text`. */
  async function ask(field: number, text: string): Promise<Buffer> {
    const { session } = await open();
    const call = opened(await session(), REFLECT);
    const message = Buffer.concat([Buffer.from([(field << 3) | 2, text.length]), Buffer.from(text)]);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const chunks: Buffer[] = [];
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    call.end(Buffer.concat([head, message]));
    await new Promise((resolve) => call.once('close', resolve));
    await listening?.close(0);
    return Buffer.concat(chunks);
  }
  const BY_NAME = 3;
  const BY_SYMBOL = 4;

  test.each([
    ['google.rpc.ErrorInfo', 'google/rpc/error_details.proto', 'google/protobuf/duration.proto'],
    ['google.rpc.Status', 'google/rpc/status.proto', 'google/protobuf/any.proto'],
    ['leafcutter.v1.IdService', 'leafcutter/v1/id_service.proto', 'leafcutter/v1/id_service.proto'],
    ['grpc.health.v1.Health', 'grpc/health/v1/health.proto', 'grpc/health/v1/health.proto'],
  ])('tells of %s as its file says, with what that needs', async (symbol, file, needed) => {
    const told = await ask(BY_SYMBOL, symbol);
    for (const name of [file, needed]) {
      const bytes = DESCRIPTORS.map((text) => Buffer.from(text, 'base64')).find((descriptor) =>
        descriptor.subarray(2).toString('latin1').startsWith(name),
      );
      expect(told.includes(bytes ?? 'none')).toBe(true);
    }
    expect((await ask(BY_NAME, file)).includes(file)).toBe(true);
  });

  test('lists the services of its door only', async () => {
    const told = (await ask(7, '*')).toString('latin1');
    expect(told).toContain('leafcutter.v1.IdService');
    expect(told).not.toContain('proto.Greeter');
  });
});
