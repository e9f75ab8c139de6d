import { builtPage } from '@leafcutter/console/pages';
import { ServiceApp } from '@leafcutter/shared/http/service-app';
import type { Express } from 'express';
import { wholeScrape } from '../../status/whole.ts';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { addGoLeafRoutes } from '../go-leaf/routes.ts';
import { addLeafRoutes } from '../leaf/routes.ts';
import { addTinyidRoutes } from '../tinyid/routes.ts';
import { agentEndpoints } from './endpoints/all.ts';
import { guardsOf, ownGuards } from './guards.ts';
import { Pages } from './pages.ts';

/** The agent's HTTP door, for applications, as far as it takes Express. */
export function agentApp(agent: Agent): Express {
  const { leaf, goLeaf, tinyid } = agent.config;
  const dispenser = new Dispenser(agent, 'http');
  const app = new ServiceApp({
    bodyLimitBytes: agent.config.bodyLimitBytes,
    title: 'Leafcutter agent',
    onError: (error, { method, path }) => dispenser.refused(error, { method, path }),
  });
  const guards = guardsOf(agent);
  const pages = new Pages(agent);
  app.express.use((req, _res, next) => {
    // A Unix socket has no address, no browser reaches it, and its clients may send any host.
    if (req.socket.remoteAddress !== undefined) pages.check(req.path, req.headers);
    next();
  });
  const door = { agent, dispenser, guards, page: builtPage('agent'), scrape: () => wholeScrape(agent) };
  app.serve(agentEndpoints(leaf.enabled), door, ownGuards(guards));
  if (leaf.enabled) addLeafRoutes(app, agent, guards);
  if (goLeaf.enabled) addGoLeafRoutes(app, agent, guards);
  if (tinyid.enabled) addTinyidRoutes(app, agent);
  return app.seal();
}
