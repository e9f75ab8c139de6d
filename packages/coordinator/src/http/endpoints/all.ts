import { PAGE_ENDPOINTS } from '@leafcutter/shared/http/built-page';
import type { Endpoint } from '@leafcutter/shared/http/endpoint';
import type { AccessKind } from '../access.ts';
import type { CoordinatorDoor } from '../endpoint.ts';
import { AGENT_ENDPOINTS } from './agents.ts';
import { AUDIT_ENDPOINTS } from './audit.ts';
import { EVENT_ENDPOINTS } from './events.ts';
import { EXPLAIN_ENDPOINTS } from './explain.ts';
import { JOB_ENDPOINTS } from './jobs.ts';
import { LEASE_ENDPOINTS } from './leases.ts';
import { LEDGER_ENDPOINTS } from './ledger.ts';
import { OPS_ENDPOINTS } from './ops.ts';
import { SEGMENT_ENDPOINTS } from './segments.ts';
import { TAG_ENDPOINTS } from './tags.ts';

/** All that the coordinator's HTTP door serves, beside its document. */
export const COORDINATOR_ENDPOINTS: readonly Endpoint<CoordinatorDoor, AccessKind>[] = [
  ...SEGMENT_ENDPOINTS,
  ...LEASE_ENDPOINTS,
  ...AGENT_ENDPOINTS,
  ...TAG_ENDPOINTS,
  ...LEDGER_ENDPOINTS,
  ...AUDIT_ENDPOINTS,
  ...JOB_ENDPOINTS,
  ...EVENT_ENDPOINTS,
  ...EXPLAIN_ENDPOINTS,
  ...PAGE_ENDPOINTS,
  ...OPS_ENDPOINTS,
];
