import { dependency } from '@leafcutter/shared/dependency';
import { REDIS_STATES } from '@leafcutter/shared/fleet-views';
import type { Endpoint } from '@leafcutter/shared/http/endpoint';
import { endpointsOf } from '@leafcutter/shared/http/endpoint';
import { LIVEZ, METRICS, OF_HEALTH } from '@leafcutter/shared/http/ops-endpoints';
import { z } from 'zod';
import type { CoordinatorOpsDoor } from '../endpoint.ts';

const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  store: z.enum(['up', 'down']),
  redis: z.enum(REDIS_STATES),
  dependencies: z.array(dependency),
});

/** For kubelet and Prometheus, at both doors: health and metrics, without token. */
export const OPS_ENDPOINTS: readonly Endpoint<CoordinatorOpsDoor, never>[] = [
  LIVEZ,
  endpointsOf<CoordinatorOpsDoor, never>()({
    at: 'GET /readyz',
    probed: true,
    summary: 'Whether the coordinator can grant; 503 with the same body if it cannot.',
    media: { 'application/json': readiness },
    orNotReady: true,
    limits: OF_HEALTH,
    async handle({ coordinator }, _asked, { response }) {
      const { ready, ...parts } = await coordinator.readiness();
      const dependencies = coordinator.health.withoutWords;
      response
        .status(ready ? 200 : 503)
        .json({ status: ready ? 'ready' : 'not_ready', ...parts, dependencies });
    },
  }),
  METRICS,
];
