import { ServiceApp } from '@leafcutter/shared/http/service-app';
import type { Express, Response } from 'express';
import type { Coordinator } from './coordinator.ts';

/** The second door, for kubelet and Prometheus: health and metrics only, without token and without TLS. */
export function opsApp(coordinator: Coordinator): Express {
  const app = new ServiceApp({
    bodyLimitBytes: coordinator.config.bodyLimitBytes,
    onError: (error) => coordinator.metrics.failed(error),
  });
  addOps(app, coordinator);
  return app.seal();
}

export function addOps(app: ServiceApp, coordinator: Coordinator): void {
  app.route('/livez', { GET: (_req, res) => void res.json({ status: 'live' }) });
  app.route('/readyz', { GET: (_req, res) => readiness(coordinator, res) });
  app.route('/metrics', {
    async GET(_req, res) {
      const { body, contentType } = await coordinator.metrics.scrape();
      res.setHeader('Content-Type', contentType);
      res.end(body);
    },
  });
}

async function readiness(coordinator: Coordinator, res: Response): Promise<void> {
  const { ready, ...parts } = await coordinator.readiness();
  res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not_ready', ...parts });
}
