import { PAGE_ENDPOINTS } from '@leafcutter/shared/http/built-page';
import type { Endpoint } from '@leafcutter/shared/http/endpoint';
import { LEAF_ENDPOINTS } from '../../leaf/routes.ts';
import type { AgentHttpDoor } from '../endpoint.ts';
import type { DrawAccess } from '../guards.ts';
import { DECODE_ENDPOINTS } from './decode.ts';
import { ID_ENDPOINTS } from './ids.ts';
import { OPS_ENDPOINTS } from './ops.ts';
import { STATUS_ENDPOINTS } from './status.ts';

/** The agent's own addresses, beside its document; those of other systems are in docs/doors.md. */
export function agentEndpoints(isLeafEnabled: boolean): Endpoint<AgentHttpDoor, DrawAccess>[] {
  return [
    ...ID_ENDPOINTS,
    ...DECODE_ENDPOINTS,
    ...STATUS_ENDPOINTS,
    ...(isLeafEnabled ? LEAF_ENDPOINTS : []),
    ...PAGE_ENDPOINTS,
    ...OPS_ENDPOINTS,
  ];
}
