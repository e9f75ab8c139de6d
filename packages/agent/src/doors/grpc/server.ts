import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { bind, type Place } from '@leafcutter/shared/http/bind';
import type { CrowdLimits } from '@leafcutter/shared/http/crowd';
import type { Listening } from '@leafcutter/shared/http/listen';
import { DESCRIPTORS } from '../../generated/descriptors.ts';
import type { Agent } from '../agent.ts';
import { doorCrowd, limitsOf } from '../door-crowd.ts';
import { type DoorTls, Handshake, TlsGate } from '../door-tls.ts';
import { type CallRules, GrpcConnection } from './grpc-connection.ts';
import type { GrpcService } from './grpc-service.ts';
import { healthService } from './health.ts';
import { serviceIn } from './protos.ts';

/** Calls that one connection may have open. */
const MAX_STREAMS = 1_000;

/**
 * How long a connection may be without a call, in milliseconds. Its client opens another one for its next call by
 * itself.
 */
const IDLE_MS = 300_000;

/** What reflection tells: the files under their own names, with the messages of failures, which no service mentions. */
const DESCRIBED = {
  files: { fileDescriptorProtos: DESCRIPTORS.map((text) => Buffer.from(text, 'base64')) },
} as unknown as PackageDefinition;

/**
 * A gRPC server with standard health and reflection, which need no token; with `tls`, it speaks nothing else. @throws StartError if it cannot listen
 */
export async function listenGrpc(
  at: Place,
  agent: Agent,
  service: GrpcService,
  setting: string,
  tls?: DoorTls,
  limits: CrowdLimits = limitsOf(agent),
): Promise<Listening> {
  const server = new Server({
    'grpc.max_receive_message_length': agent.config.bodyLimitBytes,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.max_connection_idle_ms': IDLE_MS,
    // Detects a client that is gone without a word or reads nothing, so that its calls do not stay.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
  });
  const services = [service, healthService(agent, service.name)];
  for (const { protos, name, handlers } of services) server.addService(serviceIn(protos, name), handlers);
  new ReflectionService(DESCRIBED, { services: services.map(({ name }) => name) }).addToServer(server);

  const open = opener(server);
  const rules = callRules(agent, service);
  const { crowd, start, stop } = doorCrowd<GrpcConnection | Handshake>(agent, service.door, limits);
  const gate = tls && new TlsGate(tls, ['h2']);
  const greet = (socket: Socket) =>
    crowd.enter(new GrpcConnection(socket, open.session(socket), rules), socket);
  const door = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    // A client that resets its connection harms only itself.
    socket.on('error', () => socket.destroy());
    if (crowd.refusal(socket) !== undefined) socket.destroy();
    else if (gate === undefined) greet(socket);
    else {
      const leave = crowd.enter(new Handshake(socket), socket);
      gate.take(socket, (secured) => {
        leave();
        // HTTP/1.1 is nothing that this door speaks.
        if (secured.alpnProtocol === 'h2') greet(secured);
        else secured.destroy();
      });
    }
  });
  const address = await bind(door, at, setting);
  start();
  return {
    address,
    async close(drainMs) {
      for (const { finish } of services) finish();
      const closed = new Promise<void>((resolve) => door.close(() => resolve()));
      open.drain(drainMs);
      const timer = setTimeout(() => {
        for (const connection of crowd) connection.cut();
      }, drainMs);
      await closed;
      clearTimeout(timer);
      stop();
      server.forceShutdown();
    },
  };
}

/** The first call shows whether a client is known: here its token is checked as well. */
function callRules({ tokens }: Agent, { name, protos }: GrpcService): CallRules {
  const methods = Object.values(serviceIn(protos, name));
  const streams = new Set(methods.flatMap(({ path, requestStream }) => (requestStream ? [path] : [])));
  const paths = new Set(methods.map(({ path }) => path));
  return {
    isStream: (path) => streams.has(path),
    isOfKnown(headers) {
      if (!paths.has(headers[':path']?.toString() ?? '')) return false;
      try {
        tokens.admit(headers.authorization);
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Hands sockets to `server` and returns the sessions that it makes of them, which the library keeps to itself. */
function opener(server: Server): {
  session(socket: Socket): ServerHttp2Session;
  drain(graceMs: number): void;
} {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  const [http2Server] = http2Servers?.keys() ?? [];
  if (http2Server === undefined) throw new Error('@grpc/grpc-js keeps its HTTP/2 servers in another way');
  let made: ServerHttp2Session | undefined;
  http2Server.on('session', (session) => {
    made = session;
  });
  return {
    session(socket) {
      made = undefined;
      injector.injectConnection(socket);
      if (made === undefined) throw new Error('@grpc/grpc-js makes its sessions in another way');
      return made;
    },
    drain: (graceMs) => injector.drain(graceMs),
  };
}
