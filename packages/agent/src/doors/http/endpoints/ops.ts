import type { ServerResponse } from 'node:http';
import { dependency } from '@leafcutter/shared/dependency';
import { type AskedRequest, type Endpoint, endpointsOf, sendJson } from '@leafcutter/shared/http/endpoint';
import { LIVEZ, METRICS, OF_HEALTH } from '@leafcutter/shared/http/ops-endpoints';
import { oneOf } from '@leafcutter/shared/http/parameter';
import { z } from 'zod';
import type { Mode } from '../../../status/status.ts';
import { wholeReadiness } from '../../../status/whole.ts';
import type { AgentOpsDoor } from '../endpoint.ts';

const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  modes: z.record(z.string(), z.strictObject({ ready: z.boolean(), reason: z.string().optional() })),
  dependencies: z.array(dependency),
});

/** For kubelet and Prometheus, at both doors: health and metrics, without token. */
export const OPS_ENDPOINTS: readonly Endpoint<AgentOpsDoor, never, AskedRequest, ServerResponse>[] = [
  LIVEZ,
  endpointsOf<AgentOpsDoor, never, AskedRequest, ServerResponse>()({
    at: 'GET /readyz',
    probed: true,
    summary: 'Whether the agent can serve; 503 with the same body if it cannot.',
    variants: {
      '?mode=segment': 'for one mode, `segment` or `snowflake`; without it, for every mode that is on',
    },
    query: { mode: oneOf('segment', 'snowflake') },
    media: { 'application/json': readiness },
    orNotReady: true,
    limits: OF_HEALTH,
    async handle({ agent }, { query: { mode } }, { response }) {
      const on: readonly Mode[] = agent.snowflake === undefined ? ['segment'] : ['segment', 'snowflake'];
      const asked: readonly Mode[] = mode === undefined ? on : [mode];
      const states = await Promise.all(
        asked.map(async (name) => [name, await wholeReadiness(agent, name)] as const),
      );
      const modes = Object.fromEntries(states);
      const ready = Object.values(modes).every((state) => state.ready);
      const dependencies = agent.health.withoutWords;
      sendJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not_ready', modes, dependencies });
    },
  }),
  METRICS,
];
