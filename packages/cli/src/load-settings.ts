import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { helpText } from '@leafcutter/shared/config/help';
import { type LoadedConfig, loadConfig } from '@leafcutter/shared/config/load-config';
import { environmentNames, type Settings, type SettingTree } from '@leafcutter/shared/config/settings';
import { ADMIN_TLS_VARIABLES } from './admin/admin-tls.ts';
import { devSettings } from './dev/dev-settings.ts';
import type { Io } from './io.ts';
import { versionText } from './version-text.ts';
import { WORKER_VARIABLE } from './workers/messages.ts';

/** Variables of our services and of `leafcutter tag`: one environment often serves them all. */
const knownElsewhere = [
  ...[coordinatorSettings, agentSettings, devSettings].flatMap(environmentNames),
  'LEAFCUTTER_COORDINATOR',
  'LEAFCUTTER_ADMIN_TOKEN',
  ...Object.values(ADMIN_TLS_VARIABLES),
  WORKER_VARIABLE,
];

/**
 * Loads the settings of a command, or answers `--help` and `--version` and resolves to undefined.
 * @throws ConfigError
 */
export function loadSettings<T extends SettingTree>(
  io: Io,
  settings: Settings<T>,
  service: 'agent' | 'coordinator' | 'dev command',
  usage: string,
): LoadedConfig<T> | undefined {
  // What `dev` starts gets none of the other settings, so a user who set one is told that it does nothing here.
  const known = service === 'dev command' ? [] : knownElsewhere;
  const loaded = loadConfig(settings, { ...io, service, knownElsewhere: known });
  if (loaded.help === true) io.out(helpText(settings, { service, usage }));
  else if (loaded.version === true) io.out(versionText(io));
  else return loaded;
  return undefined;
}
