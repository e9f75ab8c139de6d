import { int } from '@leafcutter/shared/config/number-kinds';

/** How often the jobs run, and what they take for dead. */
export const jobSettings = {
  auditIntervalS: int({
    default: 600,
    min: 1,
    max: 86_400,
    unit: 's',
    doc: 'How often to audit the ledger.',
  }),
  sweepIntervalS: int({
    default: 60,
    min: 1,
    max: 3_600,
    unit: 's',
    doc: 'How often to raise the fences in Redis to the counters in MySQL.',
  }),
  pruneIntervalS: int({
    default: 86_400,
    min: 1,
    max: 604_800,
    unit: 's',
    doc: 'How often to prune the ledger.',
  }),
  ledgerRetentionDays: int({
    default: 90,
    min: 0,
    max: 36_500,
    unit: 'days',
    doc: 'How long the ledger records who was granted a range. After that it records only that the range was handed out. 0 keeps everything.',
  }),
  trailRetentionDays: int({
    default: 400,
    min: 0,
    max: 36_500,
    unit: 'days',
    doc: 'How long the audit trail keeps changes; checked every pruneIntervalS. 0 keeps everything.',
  }),
  retireDaysAfter: int({
    default: 0,
    min: 0,
    max: 36_500,
    unit: 'days',
    doc: 'How many days after its end the day of a dated tag is retired, if that many later days exist; checked every pruneIntervalS. 0 retires none.',
  }),
  forecastIntervalS: int({
    default: 3_600,
    min: 1,
    max: 86_400,
    unit: 's',
    doc: 'How often to forecast when tags will reach their highest ID.',
  }),
  reapIntervalS: int({
    default: 60,
    min: 1,
    max: 86_400,
    unit: 's',
    doc: 'How often to remove silent agents from the roster.',
  }),
  agentSilentS: int({
    default: 120,
    min: 2,
    max: 86_400,
    unit: 's',
    doc: 'An agent that hasn’t reported for this long is removed from the roster.',
  }),
};
