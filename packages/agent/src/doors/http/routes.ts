import { builtPage } from '@leafcutter/console/pages';
import { addPage } from '@leafcutter/shared/http/built-page';
import { badParameter, readQuery } from '@leafcutter/shared/http/query';
import { type AppOptions, ServiceApp } from '@leafcutter/shared/http/service-app';
import { decode } from '@leafcutter/shared/layout';
import { isAskableTag } from '@leafcutter/shared/tag';
import type { Express, Request, Response } from 'express';
import { statusInScope } from '../../status/in-scope.ts';
import type { Mode } from '../../status/status.ts';
import { wholeReadiness, wholeScrape, wholeStatus } from '../../status/whole.ts';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { addGoLeafRoutes } from '../go-leaf/routes.ts';
import { addLeafRoutes } from '../leaf/routes.ts';
import { addTinyidRoutes } from '../tinyid/routes.ts';
import { AGENT_API } from './api.ts';
import { sendEvents } from './events.ts';
import { guardsOf } from './guards.ts';
import { segmentIds, snowflakeIds } from './id-routes.ts';
import { Pages } from './pages.ts';

/** The agent's HTTP door, for applications. */
export function agentApp(agent: Agent): Express {
  const dispenser = new Dispenser(agent, 'http');
  const app = newApp(agent, dispenser, { title: 'Leafcutter agent', operations: AGENT_API });
  const guards = guardsOf(agent);
  const pages = new Pages(agent);
  app.express.use((req, _res, next) => {
    // A Unix socket has no address, no browser reaches it, and its clients name whatever host they like.
    if (req.socket.remoteAddress !== undefined) pages.check(req.path, req.headers);
    next();
  });
  const guarded = { guard: guards.any };
  const ids = (req: Request, res: Response) => segmentIds(dispenser, guards.who(req), req, res);
  const snowflake = (req: Request, res: Response) => snowflakeIds(dispenser, guards.who(req), req, res);
  app.route('/v1/ids/:tag', { GET: ids, POST: ids }, { guard: guards.tag((req) => String(req.params.tag)) });
  app.route('/v1/snowflake', { GET: snowflake, POST: snowflake }, { guard: guards.snowflake });
  const ofTag = guards.tag((req) => String(req.query.tag));
  const decoding = { guard: (req: Request) => (req.query.tag === undefined ? guards.any : ofTag)(req) };
  app.route('/v1/decode/:id', { GET: (req, res) => decodeId(agent, req, res) }, decoding);
  const status = async (req: Request, res: Response) => {
    res.json(statusInScope(await wholeStatus(agent), guards.scope(req)));
  };
  app.route('/v1/status', { GET: status }, guarded);
  app.route('/v1/events', { GET: (req, res) => sendEvents(agent, req, res, guards.scope) }, guarded);
  const { leaf, goLeaf, tinyid } = agent.config;
  if (leaf.enabled) addLeafRoutes(app, agent, guards);
  if (goLeaf.enabled) addGoLeafRoutes(app, agent, guards);
  if (tinyid.enabled) addTinyidRoutes(app, agent);
  addPage(app, builtPage('agent'));
  addOps(app, agent);
  return app.seal();
}

/** The second door, for kubelet and Prometheus: health and metrics only, without token. */
export function opsApp(agent: Agent): Express {
  const app = newApp(agent, new Dispenser(agent, 'http'));
  addOps(app, agent);
  return app.seal();
}

function newApp(agent: Agent, dispenser: Dispenser, api?: AppOptions['api']): ServiceApp {
  return new ServiceApp({
    bodyLimitBytes: agent.config.bodyLimitBytes,
    ...(api === undefined ? {} : { api }),
    onError: (error, { method, path }) => dispenser.refused(error, { method, path }),
  });
}

function addOps(app: ServiceApp, agent: Agent): void {
  app.route('/livez', { GET: (_req, res) => void res.json({ status: 'live' }) });
  app.route('/readyz', { GET: (req, res) => readiness(agent, req, res) });
  app.route('/metrics', {
    async GET(_req, res) {
      const { body, contentType } = await wholeScrape(agent);
      res.setHeader('Content-Type', contentType);
      res.end(body);
    },
  });
}

/** Without `mode`: ready when every mode that is on is ready. */
async function readiness(agent: Agent, req: Request, res: Response): Promise<void> {
  const { mode } = readQuery(req, ['mode']);
  if (mode !== undefined && mode !== 'segment' && mode !== 'snowflake') {
    throw badParameter('mode', 'takes segment or snowflake');
  }
  const on: readonly Mode[] = agent.snowflake === undefined ? ['segment'] : ['segment', 'snowflake'];
  const asked: readonly Mode[] = mode === undefined ? on : [mode];
  const states = await Promise.all(
    asked.map(async (name) => [name, await wholeReadiness(agent, name)] as const),
  );
  const modes = Object.fromEntries(states);
  const ready = Object.values(modes).every((state) => state.ready);
  res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not_ready', modes });
}

/** A snowflake ID; with `tag`, an ID as that tag writes it. */
async function decodeId(agent: Agent, req: Request, res: Response): Promise<void> {
  const { tag } = readQuery(req, ['tag']);
  const text = String(req.params.id);
  if (tag === undefined) {
    decodeSnowflake(agent, text, res);
    return;
  }
  if (!isAskableTag(tag)) throw badParameter('tag', 'takes the name of a tag');
  const { tag: writer, number, shape = null } = await agent.reader.read(tag, text);
  res.json({ id: text, tag: writer, number, shape });
}

function decodeSnowflake(agent: Agent, text: string, res: Response): void {
  if (!/^[0-9]{1,19}$/.test(text))
    throw badParameter(
      'id',
      'takes a snowflake ID in decimal digits; with ?tag= an ID as that tag writes it',
    );
  const { timestampMs, machineId, sequence } = decode(agent.layout, BigInt(text));
  const { datacenterBits, machineIdBits } = agent.layout;
  res.json({
    id: text,
    timestampMs,
    time: new Date(timestampMs).toISOString(),
    machineId,
    ...(datacenterBits === 0 ? {} : { datacenter: machineId >> (machineIdBits - datacenterBits) }),
    sequence,
  });
}
