import type { ErrorCode } from '@leafcutter/shared/errors';
import type { BuiltPage } from '@leafcutter/shared/http/built-page';
import { endpointsOf } from '@leafcutter/shared/http/endpoint';
import type { ScrapedDoor } from '@leafcutter/shared/http/ops-endpoints';
import type { AccessKind } from './access.ts';
import type { Coordinator } from './coordinator.ts';
import type { FleetEvents } from './events.ts';

/** What the handlers of health and metrics are given. */
export interface CoordinatorOpsDoor extends ScrapedDoor {
  readonly coordinator: Pick<Coordinator, 'health' | 'readiness'>;
}

/** What the handlers of the coordinator's endpoints are given. */
export interface CoordinatorDoor extends CoordinatorOpsDoor {
  readonly coordinator: Coordinator;
  readonly events: FleetEvents;
  readonly page: BuiltPage | undefined;
}

/** Makes an endpoint of the coordinator. */
export const endpoint = endpointsOf<CoordinatorDoor, AccessKind>();

/** What bounds one request of those who look: they may ask as often as they like. */
export const FOR_VIEWERS = {
  howOften: 'not bounded',
  makes: 'none',
  howLong: '`mysql.statementTimeoutMs`',
} as const;

/** What a grant of numbers or time can be refused with. */
export const GRANT_ERRORS: readonly ErrorCode[] = [
  'LAYOUT_MISMATCH',
  'VERSION_UNSUPPORTED',
  'RATE_LIMITED',
  'STORE_UNAVAILABLE',
];
