import { int } from '@leafcutter/shared/config/number-kinds';
import { text, url } from '@leafcutter/shared/config/setting-kinds';

/** Where the stores are, and how long they may take. */
export const storeSettings = {
  mysql: {
    url: url({
      optional: true,
      protocols: ['mysql'],
      secret: true,
      doc: 'MySQL 8+ or MariaDB 10.6+ with its database; without it the coordinator is embedded.',
    }),
    connectionLimit: int({
      default: 10,
      min: 1,
      max: 500,
      unit: 'connections',
      doc: 'Most connections to MySQL.',
    }),
    statementTimeoutMs: int({
      default: 2_000,
      min: 100,
      max: 60_000,
      unit: 'ms',
      doc: 'How long one statement may take before its connection is given up.',
    }),
  },
  redis: {
    url: url({
      optional: true,
      protocols: ['redis', 'rediss'],
      secret: true,
      doc: 'Redis for locks, leases and the fence; needed with mysql.url.',
    }),
    keyPrefix: text({
      default: 'leafcutter:',
      maxLength: 64,
      doc: 'What every key begins with. Do not change it while IDs are in use: the fence would be forgotten.',
    }),
    commandTimeoutMs: int({
      default: 300,
      min: 10,
      max: 10_000,
      unit: 'ms',
      doc: 'How long one command may take.',
    }),
  },
};
