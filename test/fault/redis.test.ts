import { defineSuite } from './define-suite.ts';
import { REDIS } from './scenarios/redis.ts';

defineSuite('Redis', REDIS);
