import type { BuiltPage } from '@leafcutter/shared/http/built-page';
import { endpointsOf } from '@leafcutter/shared/http/endpoint';
import type { ScrapedDoor } from '@leafcutter/shared/http/ops-endpoints';
import type { Agent } from '../agent.ts';
import type { Dispenser } from '../dispenser.ts';
import type { DrawAccess, Guards } from './guards.ts';

/** What the handlers of health and metrics are given. */
export interface AgentOpsDoor extends ScrapedDoor {
  readonly agent: Agent;
}

/** What the handlers of the agent's endpoints are given. */
export interface AgentHttpDoor extends AgentOpsDoor {
  readonly dispenser: Dispenser;
  readonly guards: Guards;
  readonly page: BuiltPage | undefined;
}

/** Makes an endpoint of the agent. */
export const endpoint = endpointsOf<AgentHttpDoor, DrawAccess>();

/** What bounds a look at what the agent holds. */
export const OF_STATUS = {
  howOften: 'not bounded',
  howLarge: '1,000 buffers and their sums',
  makes: 'none',
  howLong: 'at once',
};
