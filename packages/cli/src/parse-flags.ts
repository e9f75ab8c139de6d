import { type ParseArgsConfig, parseArgs } from 'node:util';
import { suggestion } from '@leafcutter/shared/config/did-you-mean';
import { UsageError } from './io.ts';

/**
 * Reads the flags of a command as `parseArgs` does, and says in our words what is wrong with them.
 * @throws UsageError
 */
export function parseFlags<const T extends ParseArgsConfig>(command: string, config: T) {
  try {
    return parseArgs(config);
  } catch (error) {
    const said = (error as Error).message;
    const unknown = /^Unknown option '(-[^']*)'/.exec(said)?.[1];
    const flags = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    const problem =
      unknown === undefined ? said : `${command} has no flag ${unknown}${suggestion(unknown, flags)}`;
    throw new UsageError(`${problem}\n${seeHelp(command)}`);
  }
}

/** Where to look: a page of usage would push the sentence above it off the screen. */
export function seeHelp(command: string): string {
  return `Run \`leafcutter ${command} --help\` for usage.`;
}
