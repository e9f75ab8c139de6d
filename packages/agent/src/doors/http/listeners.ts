import type { RequestListener } from 'node:http';
import { bareApp } from '@leafcutter/shared/http/bare-app';
import { wholeScrape } from '../../status/whole.ts';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { OPS_ENDPOINTS } from './endpoints/ops.ts';
import { Pages } from './pages.ts';

/**
 * The agent's HTTP door, for applications. What probes ask is answered at once; the first other request that is not
 * answered straight from the socket loads Express with all routes.
 */
export function agentListener(agent: Agent): RequestListener {
  const pages = new Pages(agent);
  let loading: Promise<RequestListener> | undefined;
  let routes: RequestListener | undefined;
  return bareApp(OPS_ENDPOINTS, opsDoor(agent), {
    onError: refusedBy(agent),
    // A Unix socket has no address, no browser reaches it, and its clients may send any host.
    check(path, { socket, headers }) {
      if (socket.remoteAddress !== undefined) pages.check(path, headers);
    },
    async otherwise(request, response) {
      loading ??= import('./routes.ts').then(({ agentApp }) => agentApp(agent));
      // Once they are here, without a turn in between: what follows a request must not be read before its answer.
      routes ??= await loading;
      routes(request, response);
    },
  });
}

/** The second door, for kubelet and Prometheus: health and metrics only, without token. */
export function opsListener(agent: Agent): RequestListener {
  return bareApp(OPS_ENDPOINTS, opsDoor(agent), { onError: refusedBy(agent) });
}

const opsDoor = (agent: Agent) => ({ agent, scrape: () => wholeScrape(agent) });

function refusedBy(agent: Agent) {
  const dispenser = new Dispenser(agent, 'http');
  return dispenser.refused.bind(dispenser);
}
