import { environmentName, flagName, secretFileName } from '../names.ts';
import type { Setting } from '../setting.ts';
import { bySection, type SettingIndex } from '../settings.ts';
import { renderValue } from './render-value.ts';

const WIDTH = 100;
/** A flag longer than this has its explanation on the lines below it. */
const LONGEST_FLAG = 38;

/** A flag with its value, and what it does. */
type Line = readonly [flag: string, explanation: string];

const COMMON: readonly Line[] = [
  ['--config <file>', 'A YAML or JSON file of settings, nested by section.'],
  ['-h, --help', 'Print this text.'],
  ['-V, --version', 'Print the version.'],
];

/** The text for `--help`. `usage` is the command line without flags: `leafcutter agent`. */
export function helpText(
  index: SettingIndex,
  { service, usage }: { readonly service: string; readonly usage: string },
): string {
  const sections = [...bySection(index)].map(([section, entries]): [string, readonly Line[]] => [
    section || 'general',
    entries.map(([key, setting]) => [synopsis(key, setting), explanation(setting)]),
  ]);
  sections.push(['common', COMMON]);
  const flags = sections.flatMap(([, lines]) => lines.map(([flag]) => flag.length));
  const column = Math.max(...flags.filter((length) => length <= LONGEST_FLAG)) + 4;
  return [
    `Usage: ${usage} [flags]`,
    ...sections.map(([title, lines]) =>
      [`${title}:`, ...lines.map((line) => layOut(line, column))].join('\n'),
    ),
    wrap(environmentHint(index, service), WIDTH).join('\n'),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function synopsis(key: string, setting: Setting<unknown>): string {
  const name = flagName(key);
  return setting.isFlag ? name.replace('--', '--[no-]') : `${name} <${setting.placeholder}>`;
}

function explanation(setting: Setting<unknown>): string {
  const unit = setting.unit === undefined ? '' : ` ${setting.unit}`;
  if (setting.isRequired) return `${setting.doc} [required]`;
  if (setting.default === undefined) return setting.doc;
  return `${setting.doc} [${renderValue(setting.default, setting.isSecret)}${unit}]`;
}

function environmentHint({ byKey }: SettingIndex, service: string): string {
  const [key = 'listen'] = byKey.keys();
  const secret = [...byKey].find(([, { isSecret }]) => isSecret)?.[0];
  const hint = `Each flag of the ${service} is also an environment variable: ${flagName(key)} is ${environmentName(key)}.`;
  const file = secret && ` To keep a secret in a file, name that file in ${secretFileName(secret)}.`;
  return `${hint}${file ?? ''} Flags override variables, which override .env, which overrides the file of --config, which overrides defaults (in brackets).`;
}

function layOut([flag, explanation]: Line, column: number): string {
  const lines = wrap(explanation, WIDTH - column);
  const indented = lines.map((line) => ' '.repeat(column) + line);
  const head = `  ${flag}`;
  // Two blanks at least part the flag from its explanation.
  if (head.length + 2 > column) return [head, ...indented].join('\n');
  return [head.padEnd(column) + (lines[0] ?? ''), ...indented.slice(1)].join('\n');
}

function wrap(sentence: string, width: number): string[] {
  const lines = [''];
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
