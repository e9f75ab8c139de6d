import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type { HealthHandlers } from '../../generated/grpc/health/v1/Health.ts';
import type { HealthCheckRequest__Output as Request } from '../../generated/grpc/health/v1/HealthCheckRequest.ts';
import type { HealthCheckResponse as Response } from '../../generated/grpc/health/v1/HealthCheckResponse.ts';
import { type Mode, modeReadiness } from '../../status/status.ts';
import type { Agent } from '../agent.ts';
import type { GrpcService } from './grpc-service.ts';
import { loadProto } from './protos.ts';

/** How often the watchers' health is checked, in milliseconds. */
const LOOK_MS = 500;

/** How many calls of `Watch` may be open at once: strangers may make them, and keep them. */
const MAX_WATCHERS = 10_000;

/**
 * Standard health. `""` and `service` have the health of segment mode; `segment` and `snowflake` have their own.
 * `Check` is exact. `Watch` reports a change within half a second, and ends when the agent stops. (Source: grpc,
 * doc/health-checking.md.)
 */
export function healthService(agent: Agent, service: string): Omit<GrpcService, 'door'> {
  const modes: Readonly<Record<string, Mode>> = {
    '': 'segment',
    [service]: 'segment',
    segment: 'segment',
    snowflake: 'snowflake',
  };
  const statusOf = (name: string) => {
    const mode = Object.hasOwn(modes, name) ? modes[name] : undefined;
    if (mode === undefined) return 'SERVICE_UNKNOWN';
    return modeReadiness(agent, mode).ready ? 'SERVING' : 'NOT_SERVING';
  };
  /** What each watcher was told last. */
  const watchers = new Map<ServerWritableStream<Request, Response>, string>();
  let looking: NodeJS.Timeout | undefined;
  const tell = (call: ServerWritableStream<Request, Response>) => {
    const now = statusOf(call.request.service);
    if (now === watchers.get(call)) return;
    watchers.set(call, now);
    call.write({ status: now });
  };
  const tellAll = () => {
    for (const call of watchers.keys()) tell(call);
  };
  const leave = (call: ServerWritableStream<Request, Response>) => {
    watchers.delete(call);
    if (watchers.size === 0) clearInterval(looking);
  };
  const handlers: HealthHandlers = {
    Check({ request }, answer) {
      const now = statusOf(request.service);
      if (now !== 'SERVICE_UNKNOWN') answer(null, { status: now });
      else answer({ code: status.NOT_FOUND, details: `There is no service "${request.service}" here.` });
    },
    Watch(call) {
      if (watchers.size >= MAX_WATCHERS) {
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'Too many calls watch; use Check.' });
        return;
      }
      if (watchers.size === 0) looking = setInterval(tellAll, LOOK_MS);
      watchers.set(call, '');
      call.once('cancelled', () => leave(call));
      tell(call);
    },
  };
  return {
    name: 'grpc.health.v1.Health',
    protos: loadProto('grpc/health/v1/health.proto'),
    handlers: { ...handlers },
    finish() {
      tellAll();
      for (const call of watchers.keys()) {
        leave(call);
        call.end();
      }
    },
  };
}
