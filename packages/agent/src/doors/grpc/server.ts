import { createServer, type Socket } from 'node:net';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { bind, type Place } from '@leafcutter/shared/http/bind';
import type { Listening } from '@leafcutter/shared/http/listen';
import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';
import type { Agent } from '../../agent.ts';
import { type Mode, modeReadiness } from '../../status.ts';
import { loadProto, serviceIn } from './protos.ts';

const MAX_CONNECTIONS = 10_000;

/** Calls that one connection may have open. */
const MAX_STREAMS = 1_000;

/** How often health is told anew, in milliseconds. */
const HEALTH_MS = 500;

/** A service that a gRPC server offers beside health and reflection. */
export interface GrpcService {
  /** With its package. */
  readonly name: string;
  readonly protos: PackageDefinition;
  readonly handlers: UntypedServiceImplementation;
  /** Ends what would stay open for ever. */
  finish(): void;
}

/**
 * A gRPC server with standard health and reflection; these two need no token. Health knows `""` and the service (both
 * as segment mode is) and `segment` and `snowflake`. @throws StartError where it cannot listen
 */
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
  server.addService(serviceIn(service.protos, service.name), service.handlers);
  const health = new HealthImplementation(healthOf(agent, service.name));
  health.addToServer(server);
  const described = { ...service.protos, ...loadProto('grpc/health/v1/health.proto') };
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
  const tellHealth = () => {
    for (const [name, serving] of Object.entries(healthOf(agent, service.name)))
      health.setStatus(name, serving);
  };
  const watch = setInterval(tellHealth, HEALTH_MS);
  return {
    address,
    async close(drainMs) {
      clearInterval(watch);
      tellHealth();
      service.finish();
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

function healthOf(agent: Agent, service: string): ServingStatusMap {
  const of = (mode: Mode) => (modeReadiness(agent, mode).ready ? 'SERVING' : 'NOT_SERVING');
  return { '': of('segment'), [service]: of('segment'), segment: of('segment'), snowflake: of('snowflake') };
}
