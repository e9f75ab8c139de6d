import { ConfigError } from '@leafcutter/shared/config/config-error';
import { suggestion } from '@leafcutter/shared/config/did-you-mean';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { StartError } from '@leafcutter/shared/http/bind';
import { visible } from '@leafcutter/shared/visible';
import { EXIT, type ExitCode, type Io, UsageError } from './io.ts';
import { seeHelp } from './parse-flags.ts';
import { versionText } from './version-text.ts';

interface Command {
  readonly summary: string;
  /** Loads what it needs, and no more: an agent has no use for MySQL's driver. It gets the arguments after its name. */
  readonly load: () => Promise<(io: Io) => Promise<ExitCode>>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  dev: {
    summary: 'Run an embedded coordinator and two agents, to try it out.',
    load: async () => (await import('./dev/dev-command.ts')).devCommand,
  },
  coordinator: {
    summary: 'Run a coordinator.',
    load: async () => (await import('./serve/serve-command.ts')).coordinatorCommand,
  },
  agent: {
    summary: 'Run an agent.',
    load: async () => (await import('./serve/serve-command.ts')).agentCommand,
  },
  tag: {
    summary: 'Create, show, change and retire tags, one by one or from a file.',
    load: async () => (await import('./admin/admin-commands.ts')).tagCommand,
  },
  audit: {
    summary: 'Show who changed which tag or setting.',
    load: async () => (await import('./admin/admin-commands.ts')).auditCommand,
  },
  verify: {
    summary: 'Request IDs from running agents and prove that all are unique, rising and granted.',
    load: async () => (await import('./admin/admin-commands.ts')).verifyCommand,
  },
  explain: {
    summary: 'Show who was given an ID, and when.',
    load: async () => (await import('./admin/admin-commands.ts')).explainCommand,
  },
  import: {
    summary: 'Create tags from the counters of tinyid, go-leaf, CosId or Redis.',
    load: async () => (await import('./admin/admin-commands.ts')).importCommand,
  },
  move: {
    summary: 'Move an embedded deployment to MySQL.',
    load: async () => (await import('./move-command.ts')).moveCommand,
  },
  config: {
    summary: 'Show the settings of a service and where each comes from.',
    load: async () => (await import('./config-command.ts')).configCommand,
  },
};

const VERSION_WORDS = new Set(['version', '--version', '-v', '-V']);

/** Runs the command that the arguments name, and turns what it throws into a sentence and an exit code. */
export async function runCommand(io: Io): Promise<ExitCode> {
  const [name, ...rest] = io.argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(help());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (VERSION_WORDS.has(name)) {
    io.out(versionText(io));
    return EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    io.err(`There is no command "${name}"${suggestion(name, Object.keys(COMMANDS))}\n\n${help()}`);
    return EXIT.usage;
  }
  try {
    const run = await command.load();
    return await run({ ...io, argv: rest });
  } catch (error) {
    return explain(error, io);
  }
}

function explain(error: unknown, io: Io): ExitCode {
  if (error instanceof ConfigError) {
    const isUnknownFlag = error.problems.some(({ key }) => key.startsWith('--'));
    io.err(`${error.message}\n${isUnknownFlag ? `${seeHelp(helpful(io.argv))}\n` : ''}`);
    return EXIT.config;
  }
  if (error instanceof UsageError) {
    io.err(`${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof StartError) {
    io.err(`${visible(error.message)}\n`);
    return EXIT.failed;
  }
  // An INTERNAL error of ours has a cause, which the stack shows; one without a cause happened in a coordinator.
  if (error instanceof LeafcutterError && (error.code !== 'INTERNAL' || error.cause === undefined)) {
    io.err(`${error.code}: ${visible(error.message)}\n`);
    return EXIT.failed;
  }
  throw error;
}

/** The command whose help lists the flags that `argv` may have. */
function helpful([name = '', service = '']: readonly string[]): string {
  return name === 'config' ? `${name} ${service}` : name;
}

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  return [
    'Leafcutter hands out 64-bit unique IDs.',
    '',
    'Usage: leafcutter <command> [flags]',
    '',
    ...lines,
    `  ${'version'.padEnd(14)}Show the version, the commit and Node's version.`,
    '',
    'Run `leafcutter <command> --help` for the flags of a command.',
    '',
  ].join('\n');
}
