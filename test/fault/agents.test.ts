import { defineSuite } from './define-suite.ts';
import { AGENTS } from './scenarios/agents.ts';

defineSuite('Agents', AGENTS);
