import { DATABASE_FAULTS } from './database-faults.ts';
import type { Effect } from './effect.ts';
import type { FaultKind } from './fault.ts';
import { NETWORK_FAULTS } from './network-faults.ts';
import { OPERATOR_FAULTS } from './operator-faults.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { REDIS_FAULTS } from './redis-faults.ts';

/** What each kind of fault does to a world. */
export const EFFECTS: Record<FaultKind, Effect> = {
  ...NETWORK_FAULTS,
  ...PROCESS_FAULTS,
  ...DATABASE_FAULTS,
  ...OPERATOR_FAULTS,
  ...REDIS_FAULTS,
};
