import { defineSuite } from './define-suite.ts';
import { AGENTS } from './scenarios/agents.ts';
import { COORDINATORS } from './scenarios/coordinators.ts';
import { MYSQL } from './scenarios/mysql.ts';
import { NETWORK } from './scenarios/network.ts';
import { OPERATORS } from './scenarios/operators.ts';
import { REDIS } from './scenarios/redis.ts';
import { RESTORES } from './scenarios/restore.ts';
import { SOAKS } from './scenarios/soak.ts';

defineSuite({
  agents: AGENTS,
  network: NETWORK,
  redis: REDIS,
  mysql: MYSQL,
  coordinators: COORDINATORS,
  operators: OPERATORS,
  restores: RESTORES,
  soak: SOAKS,
});
