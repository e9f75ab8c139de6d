import { AGENT_BUGS } from './agent-bugs.ts';
import { GROUP_BUGS } from './group-bugs.ts';
import { LEASE_BUGS } from './lease-bugs.ts';
import { LOWER_BUGS } from './lower-bugs.ts';
import type { PlantedBug } from './planted-bug.ts';
import { STATEMENT_BUGS } from './statement-bugs.ts';
import { STORE_BUGS } from './store-bugs.ts';
import { SWEEP_BUGS } from './sweep-bugs.ts';

/** By name: each bug must break some invariant, in some run. */
export const PLANTED_BUGS: Readonly<Record<string, PlantedBug>> = {
  ...STORE_BUGS,
  ...GROUP_BUGS,
  ...STATEMENT_BUGS,
  ...SWEEP_BUGS,
  ...LOWER_BUGS,
  ...LEASE_BUGS,
  ...AGENT_BUGS,
};
