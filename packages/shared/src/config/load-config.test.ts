import { describe, expect, test } from '@jest/globals';
import { url } from './kinds/setting-kinds.ts';
import { loadConfig } from './load-config.ts';
import { lines, load, refused } from './load-example.ts';
import { settings } from './settings.ts';

describe('precedence', () => {
  const places = {
    argv: ['--segment-max-step', '50', '--config', 'agent.yaml'],
    env: { LEAFCUTTER_SEGMENT_MAX_STEP: '40' },
    files: {
      '/here/.env': 'LEAFCUTTER_SEGMENT_MAX_STEP=30',
      '/here/agent.yaml': 'segment: { maxStep: 20 }',
    },
  };

  test('is flag, environment, .env, file, default', () => {
    const config = ['--config', 'agent.yaml'];
    const onlyFile = { '/here/agent.yaml': places.files['/here/agent.yaml'] };
    const seen = [
      places,
      { ...places, argv: config },
      { ...places, argv: config, env: {} },
      { argv: config, files: onlyFile },
      {},
    ].map((given) => {
      const { config, sources } = load(given);
      return [config.segment.maxStep, sources.get('segment.maxStep')];
    });
    expect(seen).toEqual([
      [50, 'flag'],
      [40, 'env'],
      [30, '.env'],
      [20, 'file'],
      [10, 'default'],
    ]);
  });

  test('lets a weaker value be wrong, since it is not used', () => {
    expect(load({ ...places, env: { LEAFCUTTER_SEGMENT_MAX_STEP: 'abc' } }).config.segment.maxStep).toBe(50);
  });

  test('holds for the name of the file too', () => {
    const files = {
      '/etc/a.yaml': 'agentId: a',
      '/here/b.yaml': 'agentId: b',
      '/here/.env': 'LEAFCUTTER_CONFIG=b.yaml',
    };
    expect(load({ files }).config.agentId).toBe('b');
    expect(load({ files, env: { LEAFCUTTER_CONFIG: '/etc/a.yaml' } }).config.agentId).toBe('a');
    expect(
      load({ files, env: { LEAFCUTTER_CONFIG: '/etc/a.yaml' }, argv: ['--config=b.yaml'] }).config.agentId,
    ).toBe('b');
  });
});

describe('what is wrong', () => {
  test('names the key as the user gave it, the value, and what it takes', () => {
    const error = refused({ env: { LEAFCUTTER_LISTEN: 'abc' } });
    expect(error.message).toBe(
      'LEAFCUTTER_LISTEN is "abc": must be an address as host:port, for example 127.0.0.1:8000.',
    );
    expect(error.key).toBe('listen');
  });

  test('is told all at once, one problem a line', () => {
    const given = {
      argv: ['--snowflake-max-clock-drift-ms=60001', '--config=a.yaml', '--nonsense'],
      env: { LEAFCUTTER_LISTEN: 'abc' },
      files: { '/here/a.yaml': 'snowflake: { machineIds: 9-1 }', '/here/.env': 'LEAFCUTTER_MAX_ID=1.5' },
    };
    expect(lines(given)).toEqual([
      '--nonsense is not a setting of the agent.',
      'LEAFCUTTER_LISTEN is "abc": must be an address as host:port, for example 127.0.0.1:8000.',
      'snowflake.machineIds in a.yaml is "9-1": must be a range as first-last from 0 to 1023, for example 0-99.',
      '--snowflake-max-clock-drift-ms is "60001": must be a whole number from 0 to 60_000 (ms).',
      'LEAFCUTTER_MAX_ID in .env is "1.5": must be a whole number, 0 or more.',
    ]);
    expect(refused(given).problems.map(({ key }) => key)).toContain('maxId');
  });

  test('includes every rule between settings, once all are good by themselves', () => {
    expect(lines({ argv: ['--segment-min-step=20', '--tokens=weak'] })).toEqual([
      '--segment-min-step is 20: must not be above segment.maxStep.',
      '--tokens is ***: must be strong.',
    ]);
    expect(lines({ argv: ['--segment-max-step=-1'] })).toEqual([
      'segment.minStep is 1 by default: must not be above segment.maxStep.',
    ]);
    expect(lines({ argv: ['--segment-max-step=-1', '--listen=abc'] })).toHaveLength(1);
  });

  test('includes what is required and missing', () => {
    const needy = settings({
      mysql: { url: url({ protocols: ['mysql'], required: true, doc: 'Where MySQL is.' }) },
    });
    const surroundings = { argv: [], env: {}, cwd: '/here', service: 'coordinator' as const };
    expect(() => loadConfig(needy, surroundings)).toThrow(
      '--mysql-url or LEAFCUTTER_MYSQL_URL is required: must be a URL with mysql:// and without a password.',
    );
  });

  test('is cut where it is long', () => {
    expect(refused({ argv: [`--max-id=${'x'.repeat(5000)}`] }).message.length).toBeLessThan(200);
  });
});

describe('the configuration', () => {
  test('is frozen throughout', () => {
    const { config } = load();
    const assertFrozen = (value: unknown): void => {
      expect(Object.isFrozen(value)).toBe(true);
      for (const part of Object.values(Object(value))) if (typeof part === 'object') assertFrozen(part);
    };
    assertFrozen(config);
  });
});
