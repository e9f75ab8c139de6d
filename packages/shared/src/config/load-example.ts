/** What the tests of loading share: settings of several kinds, and a machine that does not exist. */
import { ConfigError } from './config-error.ts';
import { tokenList, urlList } from './kinds/list-kinds.ts';
import { int, range } from './kinds/number-kinds.ts';
import { address, flag, text, url } from './kinds/setting-kinds.ts';
import { type LoadedConfig, loadConfig, type Surroundings } from './load-config.ts';
import { settings } from './settings.ts';

const doc = 'A setting.';

/** Some of every kind, with rules. */
export const example = settings(
  {
    listen: address({ default: '127.0.0.1:8000', doc }),
    agentId: text({ optional: true, doc }),
    coordinators: urlList({ default: ['http://127.0.0.1:8100'], doc }),
    tokens: tokenList({ doc }),
    mysql: { url: url({ protocols: ['mysql'], secret: true, optional: true, doc }) },
    snowflake: {
      enabled: flag({ default: false, doc }),
      machineIds: range({ default: '0-1023', max: 1023, doc }),
      maxClockDriftMs: int({ default: 2000, min: 0, max: 60_000, unit: 'ms', doc }),
    },
    segment: { minStep: int({ default: 1, doc }), maxStep: int({ default: 10, doc }) },
    maxId: int({ default: 100, min: 0, doc }),
  },
  {
    rules: [
      ({ segment }) =>
        segment.minStep > segment.maxStep
          ? { key: 'segment.minStep', problem: 'must not be above segment.maxStep' }
          : undefined,
      ({ tokens }) => (tokens.includes('weak') ? { key: 'tokens', problem: 'must be strong' } : undefined),
    ],
  },
);

/** What a test gives; files by absolute path, `/here` being where the process starts. */
export type GivenToLoad = Partial<Surroundings> & { readonly files?: Readonly<Record<string, string>> };

/** Loads {@link example} without touching the machine. */
export function load({ files = {}, ...given }: GivenToLoad = {}): LoadedConfig<typeof example.tree> {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return content;
  };
  const loaded = loadConfig(example, {
    argv: [],
    env: {},
    cwd: '/here',
    service: 'agent',
    readFile,
    ...given,
  });
  if (loaded.help || loaded.version) throw new Error('The test did not ask for that.');
  return loaded;
}

/** The error with which it is refused. */
export function refused(given: GivenToLoad): ConfigError {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

/** The problems with which it is refused. */
export const lines = (given: GivenToLoad): string[] => refused(given).message.split('\n');
