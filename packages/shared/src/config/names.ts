/** Every variable of Leafcutter starts with this; others are never looked at. */
export const ENVIRONMENT_PREFIX = 'LEAFCUTTER_';

/** Names the configuration file, as the flag `--config` does. */
export const CONFIG_VARIABLE = 'LEAFCUTTER_CONFIG';
export const CONFIG_FLAG = '--config';

/** The flag of a key: `snowflake.maxClockDriftMs` is `--snowflake-max-clock-drift-ms`. */
export function flagName(key: string): string {
  return `--${words(key).join('-')}`;
}

/** The flag that switches a key off: `snowflake.enabled` is `--no-snowflake-enabled`. */
export function negatedFlagName(key: string): string {
  return `--no-${words(key).join('-')}`;
}

/** The variable of a key: `snowflake.maxClockDriftMs` is `LEAFCUTTER_SNOWFLAKE_MAX_CLOCK_DRIFT_MS`. */
export function environmentName(key: string): string {
  return ENVIRONMENT_PREFIX + words(key).join('_').toUpperCase();
}

/** The variable that names a file with the secret inside, as Docker and Kubernetes mount them. */
export function secretFileName(key: string): string {
  return `${environmentName(key)}_FILE`;
}

function words(key: string): string[] {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1.$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1.$2')
    .toLowerCase()
    .split('.');
}
