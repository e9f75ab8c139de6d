import { describe, expect, test } from '@jest/globals';
import { suggestion } from './did-you-mean.ts';

const FLAGS = ['--listen', '--ops-listen', '--snowflake-enabled', '--snowflake-max-clock-drift-ms'];

describe('a suggestion', () => {
  test.each([
    ['--listn', '--listen'],
    ['--Listen', '--listen'],
    ['--snowflake.maxClockDriftMs', '--snowflake-max-clock-drift-ms'],
    ['--snowflake_enable', '--snowflake-enabled'],
  ])('for %s is %s', (given, meant) => {
    expect(suggestion(given, FLAGS)).toBe(`; did you mean ${meant}?`);
  });

  test('is the nearest candidate, not the first one near enough', () => {
    expect(suggestion('step', ['stop', 'steps'])).toBe('; did you mean stop?');
    expect(suggestion('max-steps', ['max-stop', 'max-step'])).toBe('; did you mean max-step?');
  });

  test('is left out when nothing is near', () => {
    expect(suggestion('--verbose', FLAGS)).toBe('.');
    expect(suggestion('--listen', [])).toBe('.');
  });
});
