import { EventEmitter } from 'node:events';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { doorAgent } from '../../fakes/door-agent.ts';
import type { HealthHandlers } from '../../generated/grpc/health/v1/Health.ts';
import type { HealthCheckRequest__Output as Request } from '../../generated/grpc/health/v1/HealthCheckRequest.ts';
import type { HealthCheckResponse as Response } from '../../generated/grpc/health/v1/HealthCheckResponse.ts';
import { healthService } from './health.ts';

/** A call that watches an unknown service; returns what it was told and how it was refused. */
class Watching extends EventEmitter {
  readonly request = { service: 'nobody' };
  readonly told: Response[] = [];
  refused: number | undefined;

  constructor() {
    super();
    this.on('error', ({ code }: { code: number }) => {
      this.refused = code;
    });
  }

  write(response: Response): void {
    this.told.push(response);
  }
}

test('10,000 calls may watch health at once: one more is refused, until one of them leaves', () => {
  const { Watch } = healthService(doorAgent().agent, 'a.Service').handlers as unknown as HealthHandlers;
  const watch = () => {
    const call = new Watching();
    Watch(call as unknown as ServerWritableStream<Request, Response>);
    return call;
  };
  const calls = Array.from({ length: 10_000 }, watch);
  expect(calls.every(({ told, refused }) => told.length === 1 && refused === undefined)).toBe(true);
  expect(watch().refused).toBe(status.RESOURCE_EXHAUSTED);
  calls[0]?.emit('cancelled');
  const last = watch();
  expect(last.told).toEqual([{ status: 'SERVICE_UNKNOWN' }]);
  for (const call of [...calls, last]) call.emit('cancelled');
});
