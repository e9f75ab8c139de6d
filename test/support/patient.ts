/** Loaded by Jest before each file: a machine with other work gives a test its turns late, a pure one too. */
import { jest } from '@jest/globals';
import { TEST_MS } from './patience.ts';

jest.setTimeout(TEST_MS);
