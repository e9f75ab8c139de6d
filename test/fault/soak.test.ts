import { defineSuite } from './define-suite.ts';
import { SOAKS } from './scenarios/soak.ts';

defineSuite('Soak', SOAKS);
