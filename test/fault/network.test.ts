import { defineSuite } from './define-suite.ts';
import { NETWORK } from './scenarios/network.ts';

defineSuite('Network', NETWORK);
