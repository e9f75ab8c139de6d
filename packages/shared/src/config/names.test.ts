import { describe, expect, test } from '@jest/globals';
import { environmentName, flagName, negatedFlagName, secretFileName } from './names.ts';

describe('the names of a key', () => {
  test('follow from the key alone, section first', () => {
    expect(flagName('snowflake.maxClockDriftMs')).toBe('--snowflake-max-clock-drift-ms');
    expect(negatedFlagName('snowflake.enabled')).toBe('--no-snowflake-enabled');
    expect(environmentName('snowflake.maxClockDriftMs')).toBe('LEAFCUTTER_SNOWFLAKE_MAX_CLOCK_DRIFT_MS');
    expect(secretFileName('mysql.url')).toBe('LEAFCUTTER_MYSQL_URL_FILE');
  });

  test('part a word of one letter from the next', () => {
    expect(flagName('ofASetting')).toBe('--of-a-setting');
    expect(flagName('agentID')).toBe('--agent-id');
  });

  test('keep digits with the word before them', () => {
    expect(flagName('http2Listen')).toBe('--http2-listen');
    expect(environmentName('http2Listen')).toBe('LEAFCUTTER_HTTP2_LISTEN');
  });
});
