import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../load-config.ts';
import { example, lines, load } from '../load-example.ts';

describe('flags', () => {
  test('take their value after a blank or after =', () => {
    expect(load({ argv: ['--listen', '[::1]:0', '--agent-id=a=b'] }).config).toMatchObject({
      listen: { host: '::1', port: 0 },
      agentId: 'a=b',
    });
    expect(load({ argv: ['--segment-min-step', '-5'] }).config.segment.minStep).toBe(-5);
  });

  test.each([
    [['--snowflake-enabled'], true],
    [['--snowflake-enabled=no'], false],
    [['--snowflake-enabled', 'false'], false],
    [['--no-snowflake-enabled'], false],
    [['--snowflake-enabled', '--agent-id=a'], true],
  ])('that are on or off need no value: %j', (argv, enabled) => {
    expect(load({ argv }).config.snowflake.enabled).toBe(enabled);
  });

  test('are refused when given twice, without a value, or with one that has no place', () => {
    const argv = [
      '--agent-id=a',
      '--agent-id=b',
      '--snowflake-enabled',
      '--no-snowflake-enabled',
      '--max-id',
      '--listen',
    ];
    expect(lines({ argv })).toEqual([
      '--agent-id is given twice; a setting is given once, and lists take commas.',
      '--snowflake-enabled and --no-snowflake-enabled are both given; a setting is given once, and lists take commas.',
      '--max-id has no value: must be a whole number, 0 or more.',
      '--listen has no value: must be an address as host:port, for example 127.0.0.1:8000.',
    ]);
    expect(lines({ argv: ['--no-snowflake-enabled=1'] })).toEqual([
      '--no-snowflake-enabled is "1": takes no value.',
    ]);
    expect(lines({ argv: ['--config'] })).toEqual(['--config has no value: must be the path of a file.']);
    expect(lines({ argv: ['start'] })).toEqual([
      'There is an argument without a flag after the command; lists take commas without spaces.',
    ]);
  });

  test('that are unknown are refused with the nearest one, and their value is not taken for an argument', () => {
    expect(lines({ argv: ['--listn', 'x', '--quiet', '--no-listen'] })).toEqual([
      '--listn is not a setting of the agent; did you mean --listen?',
      '--quiet is not a setting of the agent.',
      '--no-listen is not a setting of the agent; did you mean --listen?',
    ]);
  });

  test('for help and the version are answered even when the rest is wrong', () => {
    const surroundings = { env: {}, cwd: '/here', service: 'agent' as const };
    expect(loadConfig(example, { ...surroundings, argv: ['--nonsense', '-h'] })).toEqual({ help: true });
    expect(loadConfig(example, { ...surroundings, argv: ['--help', '-V'] })).toEqual({ help: true });
    expect(loadConfig(example, { ...surroundings, argv: ['--version'] })).toEqual({ version: true });
  });
});
