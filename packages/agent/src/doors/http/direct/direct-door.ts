import type { Ahead } from '@leafcutter/shared/http/listen';
import type { Agent } from '../../agent.ts';
import { DirectAnswers } from './direct-answers.ts';
import { DirectConnection } from './direct-connection.ts';
import { DirectRoutes } from './direct-routes.ts';

/**
 * Stands before the HTTP server and answers plain requests for one ID straight from the socket: no request object, no
 * response object, no Express. Everything else goes to the server behind, on the same connection, from its first byte
 * on (ADR 11).
 */
export function directDoor(agent: Agent): Ahead {
  const routes = new DirectRoutes(agent);
  const answers = new DirectAnswers(() => agent.now());
  const tally = agent.metrics.directAnswers;
  const connections = new Set<DirectConnection>();
  let draining = false;
  const isDraining = () => draining;
  return {
    open(socket, handOver) {
      const left = (connection: DirectConnection) => void connections.delete(connection);
      connections.add(new DirectConnection(socket, { routes, answers, tally, isDraining, handOver, left }));
    },
    drain() {
      draining = true;
    },
    closeIdle() {
      for (const connection of connections) connection.endIdle();
    },
    closeAll() {
      for (const connection of connections) connection.destroy();
    },
  };
}
