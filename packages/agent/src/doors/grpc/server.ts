import { createServer, type Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { bind, type Place } from '@leafcutter/shared/http/bind';
import type { Listening } from '@leafcutter/shared/http/listen';
import type { Agent } from '../../agent.ts';
import type { GrpcService } from './grpc-service.ts';
import { healthService } from './health.ts';
import { serviceIn } from './protos.ts';

const MAX_CONNECTIONS = 10_000;

/** Calls that one connection may have open. */
const MAX_STREAMS = 1_000;

/** A gRPC server with standard health and reflection; these two need no token. @throws StartError where it cannot listen */
export async function listenGrpc(
  at: Place,
  agent: Agent,
  service: GrpcService,
  setting: string,
): Promise<Listening> {
  const server = new Server({
    'grpc.max_receive_message_length': agent.config.bodyLimitBytes,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    // A client that is gone without a word is found out, so that its calls do not stay.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
  });
  const services = [service, healthService(agent, service.name)];
  for (const { protos, name, handlers } of services) server.addService(serviceIn(protos, name), handlers);
  const described = Object.assign({}, ...services.map(({ protos }) => protos)) as PackageDefinition;
  new ReflectionService(described).addToServer(server);

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const door = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client that resets its connection is its own loss.
    socket.on('error', () => socket.destroy());
    injector.injectConnection(socket);
  });
  door.maxConnections = MAX_CONNECTIONS;
  const address = await bind(door, at, setting);
  return {
    address,
    async close(drainMs) {
      for (const { finish } of services) finish();
      const closed = new Promise<void>((resolve) => door.close(() => resolve()));
      injector.drain(drainMs);
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, drainMs);
      await closed;
      clearTimeout(timer);
      server.forceShutdown();
    },
  };
}
