import { describe, expect, test } from '@jest/globals';
import { example, type GivenToLoad, lines, load, refused } from './load-example.ts';
import { describeConfig } from './output/describe-config.ts';

describe('a secret', () => {
  test('can stand in a file, whose content is trimmed', () => {
    const { config, sources } = load({
      env: { LEAFCUTTER_MYSQL_URL_FILE: '/run/url' },
      files: {
        '/run/url': '\n mysql://u:p@h/d\n',
        '/here/tokens': 'a\nb\n',
        '/here/.env': 'LEAFCUTTER_TOKENS_FILE=tokens',
      },
    });
    expect(config.mysql.url).toBe('mysql://u:p@h/d');
    expect(config.tokens).toEqual(['a', 'b']);
    expect([sources.get('mysql.url'), sources.get('tokens')]).toEqual(['env', '.env']);
  });

  test('is refused when its file is missing or empty, or when it is given in both ways', () => {
    const files = { '/here/empty': ' \n' };
    expect(lines({ env: { LEAFCUTTER_TOKENS_FILE: 'gone' } })).toEqual([
      'LEAFCUTTER_TOKENS_FILE is "gone": the file cannot be read (ENOENT).',
    ]);
    expect(lines({ env: { LEAFCUTTER_TOKENS_FILE: 'empty' }, files })).toEqual([
      'LEAFCUTTER_TOKENS_FILE is "empty": the file is empty.',
    ]);
    expect(lines({ env: { LEAFCUTTER_TOKENS_FILE: 'empty', LEAFCUTTER_TOKENS: 'a' }, files })).toEqual([
      'LEAFCUTTER_TOKENS and LEAFCUTTER_TOKENS_FILE are both set; keep one of them.',
    ]);
  });

  test('has no file behind a setting that is none', () => {
    expect(load({ env: { LEAFCUTTER_LISTEN_FILE: 'x' } }).warnings).toHaveLength(1);
  });

  test('is never printed, wherever it stands and whatever is wrong', () => {
    const wrong: GivenToLoad[] = [
      { argv: ['--mysql-url=hunter2'] },
      { argv: ['--mysql-url', 'postgres://u:hunter2@h'] },
      { argv: ['--tokens', 'a,', 'hunter2'] },
      { argv: ['--token', 'hunter2'] },
      { argv: ['--token=hunter2'] },
      { argv: ['--coordinators=http://u:hunter2@h'] },
      { argv: ['--coordinators=http://u:hun/ter2@h,http://u:hunter2@h'] },
      { argv: ['--tokens=weak,hunter2'] },
      { env: { LEAFCUTTER_MYSQL_URL: 'hunter2' } },
      { env: { LEAFCUTTER_MYSQL_URL_FILE: '/run/url' } },
      { argv: ['--config=a'], files: { '/here/a': 'tokens: [{ hunter2: 1 }]' } },
      { argv: ['--config=a'], files: { '/here/a': 'token: hunter2' } },
      { argv: ['--config=a'], files: { '/here/a': 'tokens: "hunter2' } },
      { argv: ['--config=a'], files: { '/here/a': 'tokens: *hunter2' } },
      { argv: ['--config=a'], files: { '/here/a': 'tokens: a\n  hunter2: b' } },
      { argv: ['--config=a'], files: { '/here/a': 'tokens: !hunter2 b' } },
      { argv: ['--config=a'], files: { '/here/a': 'hunter2' } },
    ];
    for (const given of wrong) {
      const error = refused({ ...given, files: { '/run/url': 'hunter2', ...given.files } });
      expect(String(error.stack) + JSON.stringify(error)).not.toContain('hunter2');
    }
    expect(lines({ argv: ['--mysql-url=hunter2'] })).toEqual([
      '--mysql-url is ***: must be a URL with mysql://.',
    ]);
    const loaded = load({ argv: ['--tokens=hunter2'], env: { LEAFCUTTER_MYSQL_URL: 'mysql://u:hunter2@h' } });
    expect(JSON.stringify(describeConfig(example, loaded))).not.toContain('hunter2');
  });
});
