import { describe, expect, test } from '@jest/globals';
import { type GivenToLoad, lines, load } from '../load-example.ts';

describe('the file', () => {
  const read = (content: string): GivenToLoad => ({
    argv: ['--config', 'a.yaml'],
    files: { '/here/a.yaml': content },
  });

  test('is YAML or JSON, with sections or dotted keys', () => {
    const yaml =
      'listen: 127.0.0.1:1\ncoordinators: [http://a, http://b]\nsnowflake:\n  enabled: yes\nsegment.maxStep: 10_000\n';
    expect(load(read(yaml)).config).toMatchObject({
      listen: { port: 1 },
      coordinators: ['http://a', 'http://b'],
      snowflake: { enabled: true },
      segment: { maxStep: 10_000 },
    });
    const json = JSON.stringify({ snowflake: { enabled: true, machineIds: '0-5' } }, null, '\t');
    expect(load(read(json)).config.snowflake).toMatchObject({
      enabled: true,
      machineIds: { first: 0, last: 5 },
    });
  });

  test('refuses a number that it could only round', () => {
    expect(load(read('maxId: 9007199254740991')).config.maxId).toBe(9_007_199_254_740_991);
    expect(lines(read('maxId: 9007199254740993'))).toEqual([expect.stringContaining('9007199254740993')]);
  });

  test('may be empty or hold sections in which all is commented out', () => {
    expect(load(read('# nothing')).sources.get('listen')).toBe('default');
    expect(load(read('listen:\nsnowflake:\n  # enabled: true\n')).config.snowflake.enabled).toBe(false);
  });

  test('with unknown or misplaced keys is refused', () => {
    const content =
      'listn: x\nsnowflake: true\nsegment:\n  maxStp: 5\n  maxStep: 5\nsegment.maxStep: 6\n__proto__: { a: 1 }\n';
    expect(lines(read(content))).toEqual([
      'listn in a.yaml is not a setting of the agent; did you mean listen?',
      'snowflake in a.yaml is a section: put its settings below it, by name, each on its own line.',
      'segment.maxStp in a.yaml is not a setting of the agent; did you mean segment.maxStep?',
      'segment.maxStep in a.yaml is given twice.',
      '__proto__ in a.yaml is not a setting of the agent.',
    ]);
  });

  test('that holds a number where text is meant is told to use quotes', () => {
    expect(lines(read('agentId: 0123'))).toEqual([
      'agentId in a.yaml is 123: must be text of 1 to 1024 characters, in quotes.',
    ]);
  });

  test('that cannot be read or understood is refused with the place', () => {
    expect(lines({ argv: ['--config=gone'] })).toEqual([
      '--config is "gone": the file cannot be read (ENOENT).',
    ]);
    expect(lines(read('listen: a\nlisten: b'))).toEqual([
      '--config is "a.yaml": not valid YAML or JSON at line 2, column 1 (duplicate key).',
    ]);
    expect(lines(read('- a'))).toEqual([
      '--config is "a.yaml": must contain settings by name, such as "listen: 127.0.0.1:8000".',
    ]);
  });
});
