import { describe, expect, test } from '@jest/globals';
import { example, load } from '../load-example.ts';
import { describeConfig } from './describe-config.ts';

describe('a described configuration', () => {
  test('shows values as they could be given, with units and sources', () => {
    const loaded = load({ argv: ['--max-id=1000000', '--tokens=a'], env: { LEAFCUTTER_LISTEN: '[::1]:1' } });
    expect(describeConfig(example, loaded)).toEqual([
      { key: 'listen', value: '[::1]:1', source: 'env' },
      { key: 'agentId', value: 'not set', source: 'default' },
      { key: 'coordinators', value: 'http://127.0.0.1:8100', source: 'default' },
      { key: 'tokens', value: '***', source: 'flag' },
      { key: 'mysql.url', value: 'not set', source: 'default' },
      { key: 'snowflake.enabled', value: 'false', source: 'default' },
      { key: 'snowflake.machineIds', value: '0-1023', source: 'default' },
      { key: 'snowflake.maxClockDriftMs', value: '2000', unit: 'ms', source: 'default' },
      { key: 'segment.minStep', value: '1', source: 'default' },
      { key: 'segment.maxStep', value: '10', source: 'default' },
      { key: 'maxId', value: '1_000_000', source: 'flag' },
    ]);
  });
});
