import type { Endpoint } from '@leafcutter/shared/http/endpoint';
import { endpointsOf } from '@leafcutter/shared/http/endpoint';
import { LIVEZ, METRICS, OF_HEALTH } from '@leafcutter/shared/http/ops-endpoints';
import { z } from 'zod';
import type { CoordinatorOpsDoor } from '../endpoint.ts';

/** For kubelet and Prometheus, at both doors: health and metrics, without token. */
export const OPS_ENDPOINTS: readonly Endpoint<CoordinatorOpsDoor, never>[] = [
  LIVEZ,
  endpointsOf<CoordinatorOpsDoor, never>()({
    at: 'GET /readyz',
    probed: true,
    summary: 'Whether the coordinator can grant; 503 with the same body where it cannot.',
    media: { 'application/json': z.looseObject({ status: z.enum(['ready', 'not_ready']) }) },
    orNotReady: true,
    limits: OF_HEALTH,
    async handle({ coordinator }, _asked, { response }) {
      const { ready, ...parts } = await coordinator.readiness();
      response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not_ready', ...parts });
    },
  }),
  METRICS,
];
