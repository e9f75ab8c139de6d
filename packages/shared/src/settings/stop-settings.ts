import { int } from '../config/kinds/number-kinds.ts';

/** How a service stops; agent and coordinator alike. */
export const stopSettings = {
  drainDelayMs: int({
    default: 0,
    min: 0,
    max: 300_000,
    unit: 'ms',
    doc: 'How long to keep serving after being asked to stop. Meanwhile /readyz returns 503, so that load balancers stop sending requests.',
  }),
  drainMs: int({
    default: 5_000,
    min: 0,
    max: 300_000,
    unit: 'ms',
    doc: 'How long open requests may take to finish on shutdown.',
  }),
};
