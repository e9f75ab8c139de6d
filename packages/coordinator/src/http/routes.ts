import { builtPage } from '@leafcutter/console/pages';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Health } from '@leafcutter/shared/health';
import { refuseForeignHost } from '@leafcutter/shared/http/own-host';
import { ServiceApp } from '@leafcutter/shared/http/service-app';
import { CALL_HEADER, WIRE_HEADER, WIRE_VERSION } from '@leafcutter/shared/wire-version';
import type { Express } from 'express';
import type { CoordinatorConfig } from '../settings/settings.ts';
import type { Coordinator } from './coordinator.ts';
import { COORDINATOR_ENDPOINTS } from './endpoints/all.ts';
import { OPS_ENDPOINTS } from './endpoints/ops.ts';
import type { FleetEvents } from './events.ts';

/** What is given back with an answer. */
const CALL = /^[\x21-\x7e]{1,64}$/;

/** The coordinator's HTTP door: reads requests, asks the domain, writes answers. Nothing is decided here. */
export function coordinatorApp(coordinator: Coordinator, events: FleetEvents): Express {
  const { config, metrics, log, access } = coordinator;
  const app = new ServiceApp({
    bodyLimitBytes: config.bodyLimitBytes,
    title: 'Leafcutter coordinator',
    onError(error, request) {
      metrics.failed(error);
      if (error.code === 'INTERNAL')
        log.error({ err: error, method: request.method, path: request.path }, 'request failed');
    },
  });
  const byReachAlone = config.listen.isLoopback && config.adminTokens.length === 0;
  app.express.use((req, res, next) => {
    res.setHeader(WIRE_HEADER, String(WIRE_VERSION));
    const call = req.headers[CALL_HEADER];
    if (typeof call === 'string' && CALL.test(call)) res.setHeader(CALL_HEADER, call);
    if (config.tls.certFile !== undefined) res.setHeader('Strict-Transport-Security', 'max-age=31536000');
    if (byReachAlone) refuseForeignHost(req.headers);
    next();
  });
  const door = { coordinator, events, page: builtPage('index'), scrape: () => metrics.scrape() };
  app.serve(COORDINATOR_ENDPOINTS, door, access.guards);
  return app.seal();
}

/** The second door, for kubelet and Prometheus: health and metrics only, without token and without TLS. */
export function opsApp(coordinator: Coordinator): Express {
  const { config, metrics } = coordinator;
  const app = new ServiceApp({
    bodyLimitBytes: config.bodyLimitBytes,
    onError: (error) => metrics.failed(error),
  });
  app.serve(OPS_ENDPOINTS, { coordinator, scrape: () => metrics.scrape() }, {});
  return app.seal();
}

/** The second door while the coordinator waits for its stores: it's live, isn't ready, and says why. */
export function waitingApp({ bodyLimitBytes }: CoordinatorConfig, health: Health): Express {
  const app = new ServiceApp({ bodyLimitBytes, onError: () => undefined });
  const readiness = async () => ({ ready: false, store: 'down', redis: 'down' }) as const;
  // Refused, so that Prometheus sees a coordinator that is not up rather than one without metrics.
  const scrape = async () => {
    throw new LeafcutterError('STORE_UNAVAILABLE', 'The coordinator is waiting for its stores.');
  };
  app.serve(OPS_ENDPOINTS, { coordinator: { health, readiness }, scrape }, {});
  return app.seal();
}
