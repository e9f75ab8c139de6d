import { defineSuite } from './define-suite.ts';
import { COORDINATORS } from './scenarios/coordinators.ts';

defineSuite('Coordinators', COORDINATORS);
