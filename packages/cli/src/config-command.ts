import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { describeConfig } from '@leafcutter/shared/config/describe-config';
import { configurationMarkdown } from '@leafcutter/shared/config/markdown';
import type { Settings, SettingTree } from '@leafcutter/shared/config/settings';
import { devSettings } from './dev/dev-settings.ts';
import { EXIT, type ExitCode, type Io, UsageError } from './io.ts';
import { loadSettings } from './load-settings.ts';

const HELP = `Usage: leafcutter config <agent|coordinator> [flags of the service]
       leafcutter config --markdown

Checks the settings of a service and prints each with its value and where it comes from. Secrets are masked.
--markdown prints docs/configuration.md.
`;

/** `leafcutter config`. */
export async function configCommand(io: Io): Promise<ExitCode> {
  const [which, ...argv] = io.argv;
  if (which === '--markdown') {
    io.out(configurationDocument());
    return EXIT.ok;
  }
  if (which === 'agent') return describe(io, argv, which, agentSettings);
  if (which === 'coordinator') return describe(io, argv, which, coordinatorSettings);
  if (which === '--help' || which === '-h') {
    io.out(HELP);
    return EXIT.ok;
  }
  throw new UsageError(HELP);
}

/** The content of docs/configuration.md. */
export function configurationDocument(): string {
  return configurationMarkdown([
    { title: 'Coordinator', settings: coordinatorSettings },
    { title: 'Agent', settings: agentSettings },
    { title: 'leafcutter dev', settings: devSettings },
  ]);
}

function describe<T extends SettingTree>(
  io: Io,
  argv: readonly string[],
  service: 'agent' | 'coordinator',
  settings: Settings<T>,
): ExitCode {
  const loaded = loadSettings({ ...io, argv }, settings, service, `leafcutter config ${service}`);
  if (loaded === undefined) return EXIT.ok;
  for (const warning of loaded.warnings) io.err(`${warning}\n`);
  const described = describeConfig(settings, loaded);
  const width = Math.max(...described.map(({ key }) => key.length));
  for (const { key, value, unit, source } of described) {
    io.out(`${key.padEnd(width)}  ${value}${unit === undefined ? '' : ` ${unit}`}  (${source})\n`);
  }
  return EXIT.ok;
}
