import { describe, expect, test } from '@jest/globals';
import { tokenList } from '../kinds/list-kinds.ts';
import { int } from '../kinds/number-kinds.ts';
import { address, choice, flag, text, token } from '../kinds/setting-kinds.ts';
import { settings } from '../settings.ts';
import { helpText } from './help.ts';
import { configurationMarkdown } from './markdown.ts';

const example = settings({
  listen: address({ default: '127.0.0.1:8000', doc: 'Where applications reach the agent.' }),
  level: choice(['info', 'warn'], { default: 'info', doc: 'The least that is logged.' }),
  tokens: tokenList({ doc: 'Tokens of applications.' }),
  agentId: text({
    required: true,
    doc: 'A name that is readable and stable, such as that of the pod in which the agent runs.',
  }),
  snowflake: {
    enabled: flag({ default: false, doc: 'Asks for a lease.' }),
    maxClockDriftMs: int({ default: 20_000, min: 0, unit: 'ms', doc: 'How far IDs may run ahead.' }),
    longestNameOfASettingThatThereIs: token({ optional: true, doc: 'Is explained below.' }),
  },
});

describe('the text for --help', () => {
  const help = helpText(example, { service: 'agent', usage: 'leafcutter agent' });

  test('groups by section, aligned, with defaults and units', () => {
    expect(help).toBe(`Usage: leafcutter agent [flags]

general:
  --listen <host:port>                 Where applications reach the agent. [127.0.0.1:8000]
  --level <info|warn>                  The least that is logged. [info]
  --tokens <secret,…>                  Tokens of applications. [none]
  --agent-id <text>                    A name that is readable and stable, such as that of the pod
                                       in which the agent runs. [required]

snowflake:
  --[no-]snowflake-enabled             Asks for a lease. [false]
  --snowflake-max-clock-drift-ms <ms>  How far IDs may run ahead. [20_000 ms]
  --snowflake-longest-name-of-a-setting-that-there-is <secret>
                                       Is explained below.

common:
  --config <file>                      A YAML or JSON file of settings, nested by section.
  -h, --help                           Print this text.
  -V, --version                        Print the version.

Each flag of the agent is also an environment variable: --listen is LEAFCUTTER_LISTEN. To keep a
secret in a file, name that file in LEAFCUTTER_TOKENS_FILE. Flags override variables, which override
.env, which overrides the file of --config, which overrides defaults (in brackets).
`);
  });

  test('is never wider than 100 columns', () => {
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('the page on configuration', () => {
  const page = configurationMarkdown([{ title: 'Agent', settings: example }]);

  test('has a table for each section of each service', () => {
    expect(page.match(/^##.*/gm)).toEqual(['## Agent', '### Agent: general', '### Agent: snowflake']);
  });

  test('has a row for each setting with all its names, what it takes, default, unit and purpose', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows).toHaveLength(7);
    expect(rows).toContain(
      '| `snowflake.maxClockDriftMs` | `--snowflake-max-clock-drift-ms` | `LEAFCUTTER_SNOWFLAKE_MAX_CLOCK_DRIFT_MS` | a whole number, 0 or more | `20_000` | ms | How far IDs may run ahead. |',
    );
    expect(rows).toContain(
      '| `tokens` | `--tokens` | `LEAFCUTTER_TOKENS`, `LEAFCUTTER_TOKENS_FILE` | tokens of printable ASCII characters without spaces, separated by commas | `none` |  | Tokens of applications. |',
    );
    expect(rows.find((row) => row.includes('agentId'))).toContain('| **required** |');
  });

  test('keeps a bar in a text from ending its cell', () => {
    const barred = settings({ a: text({ optional: true, pattern: /^(a|b)$/, doc: 'One | other.' }) });
    const row = configurationMarkdown([{ title: 'A', settings: barred }])
      .split('\n')
      .at(-2);
    expect(row).toContain('/^(a\\|b)$/');
    expect(row?.match(/(?<!\\)\|/g)).toHaveLength(8);
  });
});
