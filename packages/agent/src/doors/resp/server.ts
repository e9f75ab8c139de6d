import { createServer, type Socket } from 'node:net';
import { bind, type Place } from '@leafcutter/shared/http/bind';
import type { Crowding, CrowdLimits } from '@leafcutter/shared/http/crowd';
import type { Listening } from '@leafcutter/shared/http/listen';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { doorCrowd, limitsOf } from '../door-crowd.ts';
import { type DoorTls, Handshake, TlsGate } from '../door-tls.ts';
import { Connection } from './connection.ts';
import { failure } from './replies.ts';

/** The Redis door; with `tls`, it speaks nothing else. @throws StartError if it cannot listen */
export async function listenResp(
  at: Place,
  agent: Agent,
  setting: string,
  tls?: DoorTls,
  limits: CrowdLimits = limitsOf(agent),
): Promise<Listening> {
  const { tokens, config } = agent;
  const commands = {
    ids: new Dispenser(agent, 'resp'),
    tokens,
    allowUnsafeIntegers: config.resp.allowUnsafeIntegers,
    announced: config.resp.announce,
  };
  const { crowd, start, stop } = doorCrowd<Connection | Handshake>(agent, 'resp', limits);
  let nextId = 1;
  const gate = tls && new TlsGate(tls);
  const greet = (socket: Socket) => crowd.enter(new Connection(socket, commands, nextId++), socket);
  const server = createServer({ noDelay: true, keepAlive: true, highWaterMark: 65_536 }, (socket: Socket) => {
    const refused = crowd.refusal(socket);
    if (refused !== undefined) turnAway(socket, refused, gate === undefined);
    else if (gate === undefined) greet(socket);
    else {
      const leave = crowd.enter(new Handshake(socket), socket);
      gate.take(socket, (secured) => {
        leave();
        greet(secured);
      });
    }
  });
  const address = await bind(server, at, setting, agent.seat !== undefined);
  start();
  return {
    address,
    async close(drainMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of crowd) connection.finish();
      const timer = setTimeout(() => {
        for (const connection of crowd) connection.cut();
      }, drainMs);
      await closed;
      clearTimeout(timer);
      stop();
    },
  };
}

/** Writes the reason if that can be read, and does not wait until the client has read it. */
function turnAway(socket: Socket, why: Crowding, isReadable: boolean): void {
  socket.on('error', () => socket.destroy());
  if (!isReadable) {
    socket.destroy();
    return;
  }
  socket.write(
    failure(
      why === 'address_share'
        ? 'UNAVAILABLE max number of clients from one address reached; close some, or raise maxConnectionsPerAddress'
        : 'UNAVAILABLE max number of clients reached',
    ),
  );
  socket.destroySoon();
}
