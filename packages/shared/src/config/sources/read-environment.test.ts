import { describe, expect, test } from '@jest/globals';
import { load } from '../load-example.ts';

describe('the environment', () => {
  test('with unknown names raises warnings that suggest the nearest and never show the value', () => {
    const { warnings } = load({
      env: {
        LEAFCUTTER_LISTN: 'hunter2',
        LEAFCUTTER_PORT: 'tcp://hunter2',
        PATH: '/bin',
        LEAFCUTTER_CONFIG: undefined,
      },
      files: { '/here/.env': 'LEAFCUTTER_TOKEN=hunter2\nOTHER=1' },
    });
    expect(warnings).toEqual([
      'LEAFCUTTER_LISTN is not a setting of the agent and is ignored; did you mean LEAFCUTTER_LISTEN?',
      'LEAFCUTTER_PORT is not a setting of the agent and is ignored.',
      'LEAFCUTTER_TOKEN in .env is not a setting of the agent and is ignored; did you mean LEAFCUTTER_TOKENS?',
    ]);
  });

  test('may hold what another service reads', () => {
    const env = { LEAFCUTTER_REDIS_URL: 'x' };
    expect(load({ env, knownElsewhere: ['LEAFCUTTER_REDIS_URL'] }).warnings).toEqual([]);
  });

  test('with an empty value counts as not set, with a warning', () => {
    const { sources, warnings } = load({ env: { LEAFCUTTER_LISTEN: '' } });
    expect(sources.get('listen')).toBe('default');
    expect(warnings).toEqual(['LEAFCUTTER_LISTEN is empty and is ignored.']);
  });

  test('cannot change what is no setting', () => {
    expect(load({ argv: ['--config=a'], files: { '/here/a': '' } }).config).toEqual(load().config);
  });
});
