import type { Ahead } from '@leafcutter/shared/http/listen';
import type { Handover } from '../../../metrics/metrics.ts';
import type { Agent } from '../../agent.ts';
import { Deadlines } from '../../deadlines.ts';
import { DirectAnswers } from './direct-answers.ts';
import { DirectConnection } from './direct-connection.ts';
import { DirectRoutes } from './direct-routes.ts';

/**
 * Stands before the HTTP server and answers plain requests for IDs straight from the socket: no request object, no
 * response object, no Express. Every other request goes to the server behind, from its first byte on, and the
 * connection comes back after it (ADR 11).
 */
export function directDoor(agent: Agent): Ahead {
  const { metrics } = agent;
  const connections = new Set<DirectConnection>();
  // They run while there are connections, so that nobody has to stop them.
  const deadlines = new Deadlines(agent.clock, connections, (debt) => metrics.connectionEnded('http', debt));
  let draining = false;
  const parts = {
    routes: new DirectRoutes(agent),
    answers: new DirectAnswers(() => agent.now()),
    tally: metrics.directAnswers,
    isDraining: () => draining,
    handedOver: (why: Handover) => metrics.handedOver(why),
    left(connection: DirectConnection) {
      connections.delete(connection);
      if (connections.size === 0) deadlines.stop();
    },
  };
  return {
    open(socket, accept) {
      if (connections.size === 0) deadlines.start();
      connections.add(new DirectConnection(socket, { ...parts, accept }));
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
