import { int } from '../config/kinds/number-kinds.ts';

/** How a service stops; agent and coordinator alike. */
export const stopSettings = {
  drainDelayMs: int({
    default: 0,
    min: 0,
    max: 300_000,
    unit: 'ms',
    doc: 'How long to go on serving after being asked to stop. /readyz says 503 meanwhile, so that load balancers stop sending requests.',
  }),
  drainMs: int({
    default: 5_000,
    min: 0,
    max: 300_000,
    unit: 'ms',
    doc: 'How long open requests may finish on shutdown.',
  }),
};
