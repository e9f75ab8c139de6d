import { environmentName, flagName, secretFileName } from '../names.ts';
import type { Setting } from '../setting.ts';
import { bySection, type SettingIndex } from '../settings.ts';
import { renderValue } from './render-value.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from the settings in the source; a test fails when it differs. -->

A setting is given as a flag, as a variable of the environment, in a \`.env\` file in the folder in which the
process starts, or in a YAML or JSON file that \`--config\` or \`LEAFCUTTER_CONFIG\` names. The first of these
that has it wins, in this order; otherwise its default counts. In the file, a key such as \`snowflake.enabled\`
is \`enabled\` in the section \`snowflake\`. In flags and variables, lists are separated by commas; in the file
they can be YAML lists. Numbers may have underscores: \`10_000\`. A bare flag means true, \`--no-…\` means false.

An unknown flag or an unknown key in the file is refused; an unknown \`LEAFCUTTER_*\` variable is warned about,
since Kubernetes injects its own; an empty variable counts as not set. When anything is wrong, all of it is
printed, one problem a line, and the process exits with code 78.

A secret is never printed. Give it as a variable, or name the file that holds it with the variable that ends in
\`_FILE\`: other users of the machine can see flags. A text in the file that looks like a number needs quotes.

A change of a setting that says *Reloads*, in whichever file it stands, counts within \`reloadIntervalS\`, or at once on SIGHUP; so
does new content of a file whose setting says *Its content reloads*. Of other settings that changed, the log says that they need a
restart. If a setting is wrong, nothing changes; if new content cannot be used, what the file held before goes on.`;

const HEAD = `| Key | Flag | Variable | Takes | Default | Unit | What it does |
|---|---|---|---|---|---|---|`;

/** One service in docs/configuration.md. */
interface DocumentedService {
  readonly title: string;
  readonly settings: SettingIndex;
}

/** The content of docs/configuration.md. */
export function configurationMarkdown(services: readonly DocumentedService[]): string {
  return `${[INTRODUCTION, ...services.flatMap(documentService)].join('\n\n')}\n`;
}

function documentService({ title, settings }: DocumentedService): string[] {
  const tables = [...bySection(settings)].map(([section, entries]) => {
    const rows = entries.map(([key, setting]) => row(key, setting));
    return `### ${title}: ${section || 'general'}\n\n${[HEAD, ...rows].join('\n')}`;
  });
  return [`## ${title}`, ...tables];
}

function row(key: string, setting: Setting<unknown>): string {
  const variable = environmentName(key);
  const cells = [
    code(key),
    code(setting.isFlag ? flagName(key).replace('--', '--[no-]') : flagName(key)),
    setting.isSecret ? `${code(variable)}, ${code(secretFileName(key))}` : code(variable),
    escapeBars(setting.takes),
    defaultCell(setting),
    setting.unit ?? '',
    escapeBars(setting.doc + reloadNote(setting)),
  ];
  return `| ${cells.join(' | ')} |`;
}

function reloadNote({ reloads, isFile }: Setting<unknown>): string {
  if (!reloads) return '';
  return isFile ? ' *Its content reloads.*' : ' *Reloads.*';
}

function defaultCell(setting: Setting<unknown>): string {
  if (setting.isRequired) return '**required**';
  return setting.default === undefined ? 'not set' : code(renderValue(setting.default, setting.isSecret));
}

function code(text: string): string {
  return `\`${escapeBars(text)}\``;
}

/** A bar would end the cell, even within code. */
function escapeBars(text: string): string {
  return text.replaceAll('|', '\\|');
}
