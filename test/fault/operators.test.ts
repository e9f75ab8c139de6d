import { defineSuite } from './define-suite.ts';
import { OPERATORS } from './scenarios/operators.ts';

defineSuite('Operators', OPERATORS);
