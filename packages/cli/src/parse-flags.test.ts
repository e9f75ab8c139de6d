import { describe, expect, test } from '@jest/globals';
import { UsageError } from './io.ts';
import { parseFlags } from './parse-flags.ts';

const parse = (...args: string[]) =>
  parseFlags('tag', { args, options: { step: { type: 'string' }, yes: { type: 'boolean' } } }).values;

describe('parseFlags', () => {
  test('gives the values of flags that the command has', () => {
    expect(parse('--step', '5', '--yes')).toEqual({ step: '5', yes: true });
  });

  test.each([
    ['--stp', 'tag has no flag --stp; did you mean --step?'],
    ['--quiet', 'tag has no flag --quiet.'],
    ['-q', 'tag has no flag -q.'],
  ])('says of %s what is wrong and where to look, and nothing else', (flag, sentence) => {
    expect(() => parse(flag)).toThrow(
      new UsageError(`${sentence}\nRun \`leafcutter tag --help\` for usage.`),
    );
  });

  test('says of a flag without its value that it lacks one', () => {
    expect(() => parse('--step')).toThrow(/'--step <value>' argument missing\nRun `leafcutter tag --help`/);
  });
});
