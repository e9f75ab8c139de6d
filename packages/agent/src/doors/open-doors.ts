import type { Place } from '@leafcutter/shared/http/bind';
import type { Crowding } from '@leafcutter/shared/http/crowd';
import { fitConnections } from '@leafcutter/shared/http/descriptors';
import { type Listening, listen } from '@leafcutter/shared/http/listen';
import { UnixSocket } from '@leafcutter/shared/http/unix-socket';
import type { AgentConfig } from '../settings/settings.ts';
import type { Agent } from './agent.ts';
import { limitsOf, MAX_CONNECTIONS } from './door-crowd.ts';
import { directDoor } from './http/direct/direct-door.ts';
import { agentListener, opsListener } from './http/listeners.ts';
import { listenResp } from './resp/server.ts';

/** How many connections opsListen holds at once: probes and Prometheus. */
const MAX_OPS_CONNECTIONS = 1_000;

/** A server that may listen: the setting that says where, and the function that opens it. */
interface Plan {
  readonly setting: string;
  readonly at: Place | undefined;
  readonly open: (at: Place, setting: string) => Promise<Listening>;
}

/** The agent's open doors. */
export interface OpenDoors {
  /** By setting. */
  readonly places: Readonly<Record<string, Place>>;
  /** Tells clients that keep connections to leave; everything is still served. */
  drain(): void;
  /** Lets open requests finish for up to `drainMs`, then cuts the rest. */
  close(drainMs: number): Promise<void>;
}

/** Opens every door that the configuration names, or none. @throws StartError if one cannot listen */
export async function openDoors(agent: Agent): Promise<OpenDoors> {
  const open = new Map<string, Listening>();
  const close = async (drainMs: number) => {
    await Promise.all([...open.values()].map((door) => door.close(drainMs)));
  };
  try {
    for (const { setting, at, open: openAt } of plans(agent)) {
      if (at !== undefined) open.set(setting, await openAt(at, setting));
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  return {
    places: Object.fromEntries([...open].map(([setting, { address }]) => [setting, address])),
    drain() {
      for (const door of open.values()) door.drain?.();
    },
    close,
  };
}

function plans(agent: Agent): readonly Plan[] {
  const { config, tls } = agent;
  const listener = agentListener(agent);
  const isOpen = ({ at }: Plan) => at !== undefined;
  const fitted = (most = MAX_CONNECTIONS) => limitsOf(agent, fitConnections(most, all.filter(isOpen).length));
  const bounds = (most: number) => ({
    limits: fitted(most),
    crowded: (what: Crowding) => agent.metrics.connectionEnded('http', what),
  });
  const reusePort = agent.seat !== undefined;
  const isFirst = (agent.seat?.number ?? 1) === 1;
  const onlyFirst = (at: Place | undefined) => (isFirst ? at : undefined);
  /** A Unix socket never leaves the machine. */
  const tlsAt = (at: Place) => (at instanceof UnixSocket ? undefined : tls);
  const http = async (at: Place, setting: string) => {
    const shown = tlsAt(at);
    const server = await listen(at, listener, setting, {
      ...bounds(config.maxConnections),
      reusePort,
      tls: shown?.texts,
      // What is ahead reads the socket as it is.
      ...(config.directHttp && shown === undefined ? { ahead: directDoor(agent) } : {}),
    });
    shown?.onRenewed((texts) => server.renew(texts));
    return server;
  };
  const resp = (at: Place, setting: string) => listenResp(at, agent, setting, tlsAt(at), fitted());
  // gRPC's library is half of what there is to load, and most agents serve HTTP alone.
  const grpc = async (at: Place, setting: string) => {
    const { idService, listenGrpc } = await import('./grpc/doors.ts');
    return listenGrpc(at, agent, idService(agent), setting, tlsAt(at), fitted());
  };
  const goLeaf = async (at: Place, setting: string) => {
    const { greeter, listenGrpc } = await import('./grpc/doors.ts');
    return listenGrpc(at, agent, greeter(agent), setting, tlsAt(at), fitted());
  };
  const all: readonly Plan[] = [
    { setting: 'listen', at: config.listen, open: http },
    { setting: 'unix.http', at: onlyFirst(socketAt(config, config.unix.http)), open: http },
    { setting: 'grpc.listen', at: onlyFirst(config.grpc.listen), open: grpc },
    { setting: 'unix.grpc', at: onlyFirst(socketAt(config, config.unix.grpc)), open: grpc },
    { setting: 'goLeaf.grpcListen', at: onlyFirst(config.goLeaf.grpcListen), open: goLeaf },
    { setting: 'resp.listen', at: config.resp.listen, open: resp },
    { setting: 'unix.resp', at: onlyFirst(socketAt(config, config.unix.resp)), open: resp },
    {
      setting: 'opsListen',
      at: config.opsListen,
      open: (at, setting) =>
        listen(at, opsListener(agent), setting, { ...bounds(MAX_OPS_CONNECTIONS), reusePort }),
    },
  ];
  return all;
}

function socketAt({ unix }: AgentConfig, path: string | undefined): UnixSocket | undefined {
  return path === undefined ? undefined : new UnixSocket(path, Number.parseInt(unix.mode, 8));
}
