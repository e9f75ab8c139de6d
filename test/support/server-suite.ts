/** Loaded by Jest before each file of the suites on real servers: Jest takes `testTimeout` of a project for nothing. */
import { jest } from '@jest/globals';
import { TEST_MS } from './patience.ts';

jest.setTimeout(TEST_MS);
