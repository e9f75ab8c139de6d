import { int } from '@leafcutter/shared/config/number-kinds';

/** How often the jobs run, and what they take for dead. */
export const jobSettings = {
  auditIntervalS: int({
    default: 600,
    min: 1,
    max: 86_400,
    unit: 's',
    doc: 'How often the ledger is audited.',
  }),
  sweepIntervalS: int({
    default: 60,
    min: 1,
    max: 3_600,
    unit: 's',
    doc: 'How often the fences in Redis are raised to the counters in MySQL.',
  }),
  forecastIntervalS: int({
    default: 3_600,
    min: 1,
    max: 86_400,
    unit: 's',
    doc: 'How often it is computed when tags will have handed out their highest ID.',
  }),
  reapIntervalS: int({
    default: 60,
    min: 1,
    max: 86_400,
    unit: 's',
    doc: 'How often silent agents are taken off the roster.',
  }),
  agentSilentS: int({
    default: 120,
    min: 2,
    max: 86_400,
    unit: 's',
    doc: 'An agent that did not report for so long is taken off the roster.',
  }),
};
