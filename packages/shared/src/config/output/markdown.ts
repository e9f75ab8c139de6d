import { environmentName, flagName, secretFileName } from '../names.ts';
import type { Setting } from '../setting.ts';
import { bySection, type SettingIndex } from '../settings.ts';
import { renderValue } from './render-value.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from the settings in the source; a test fails when it differs. -->

You can set each setting in four places, from strongest to weakest:

1. a flag;
2. an environment variable;
3. a \`.env\` file in the folder in which the process starts;
4. a YAML or JSON file that \`--config\` or \`LEAFCUTTER_CONFIG\` names.

If a setting is in none of them, its default applies. In the file, \`snowflake.enabled\` is the key \`enabled\` in the section
\`snowflake\`. Flags and variables separate the items of a list with commas; the file can also have YAML lists. Numbers may have
underscores: \`10_000\`. A flag without a value means true, and \`--no-…\` means false. A text in the file that looks like a number
needs quotes.

A service refuses unknown flags, and unknown keys in the file. It only warns about unknown \`LEAFCUTTER_*\` variables, because
Kubernetes injects some of its own. An empty variable counts as not set. If anything is wrong, the service prints every problem,
one per line, and exits with code 78.

A service never prints a secret. Set secrets as variables, because other users of the machine can see flags. Or store the secret in
a file, and name that file in the variable that ends in \`_FILE\`.

Settings marked *Reloads* take effect without a restart: within \`reloadIntervalS\` after a file with settings changed, or at once on
SIGHUP. The same holds for the content of files whose setting is marked *Its content reloads*. If other settings changed, the log says
that they need a restart. If a changed setting is wrong, nothing changes. If the new content of a file can't be used, its old content
stays in use.`;

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
