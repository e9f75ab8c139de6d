import { ConfigError } from '@leafcutter/shared/config/config-error';
import { suggestion } from '@leafcutter/shared/config/did-you-mean';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { StartError } from '@leafcutter/shared/http/listen';
import { VERSION } from '@leafcutter/shared/version';
import { configCommand } from './config-command.ts';
import { devCommand } from './dev-command.ts';
import { EXIT, type ExitCode, type Io, UsageError } from './io.ts';
import { agentCommand, coordinatorCommand } from './serve-command.ts';
import { tagCommand } from './tag-command.ts';

interface Command {
  readonly summary: string;
  /** Gets the arguments after its name. */
  readonly run: (io: Io) => Promise<ExitCode>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  dev: { summary: 'Run an embedded coordinator and two agents, to try it out.', run: devCommand },
  coordinator: { summary: 'Run a coordinator.', run: coordinatorCommand },
  agent: { summary: 'Run an agent.', run: agentCommand },
  tag: { summary: 'Create, show, change and retire tags.', run: tagCommand },
  config: { summary: 'Show the settings of a service and where each comes from.', run: configCommand },
};

/** Runs the command that the arguments name, and turns what it throws into a sentence and an exit code. */
export async function runCommand(io: Io): Promise<ExitCode> {
  const [name, ...rest] = io.argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(help());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === '-V') {
    io.out(`${VERSION}\n`);
    return EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    io.err(`There is no command "${name}".${suggestion(name, Object.keys(COMMANDS))}\n\n${help()}`);
    return EXIT.usage;
  }
  try {
    return await command.run({ ...io, argv: rest });
  } catch (error) {
    return explain(error, io);
  }
}

function explain(error: unknown, io: Io): ExitCode {
  if (error instanceof ConfigError) {
    io.err(`${error.message}\n`);
    return EXIT.config;
  }
  if (error instanceof UsageError) {
    io.err(`${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof StartError) {
    io.err(`${error.message}\n`);
    return EXIT.failed;
  }
  if (error instanceof LeafcutterError && error.code !== 'INTERNAL') {
    io.err(`${error.code}: ${error.message}\n`);
    return EXIT.failed;
  }
  throw error;
}

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  return [
    'Leafcutter hands out 64-bit unique IDs.',
    '',
    'Usage: leafcutter <command> [flags]',
    '',
    ...lines,
    '',
    '`leafcutter <command> --help` tells the flags of a command.',
    '',
  ].join('\n');
}
