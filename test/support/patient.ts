/** Loaded by Jest before each file: a busy machine delays a test's turns, even a pure test's. */
import { jest } from '@jest/globals';
import { TEST_MS } from './patience.ts';

jest.setTimeout(TEST_MS);
