import { createServer, type Socket } from 'node:net';
import { bind, type Place } from '@leafcutter/shared/http/bind';
import type { Listening } from '@leafcutter/shared/http/listen';
import type { Agent } from '../../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { Connection } from './connection.ts';

const MAX_CONNECTIONS = 10_000;

/** The Redis door. @throws StartError where it cannot listen */
export async function listenResp(at: Place, agent: Agent, setting: string): Promise<Listening> {
  const { tokens, config } = agent;
  const commands = {
    ids: new Dispenser(agent, 'resp'),
    tokens,
    allowUnsafeIntegers: config.resp.allowUnsafeIntegers,
  };
  const open = new Set<Connection>();
  let nextId = 1;
  const server = createServer({ noDelay: true, keepAlive: true, highWaterMark: 65_536 }, (socket: Socket) => {
    const connection = new Connection(socket, commands, nextId++);
    open.add(connection);
    socket.once('close', () => open.delete(connection));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const address = await bind(server, at, setting, agent.seat !== undefined);
  return {
    address,
    async close(drainMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of open) connection.finish();
      const timer = setTimeout(() => {
        for (const connection of open) connection.cut();
      }, drainMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
