import { defineSuite } from './define-suite.ts';
import { MYSQL } from './scenarios/mysql.ts';

defineSuite('MySQL', MYSQL);
