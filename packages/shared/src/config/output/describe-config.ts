import type { LoadedConfig } from '../load-config.ts';
import type { Settings, SettingTree } from '../settings.ts';
import type { Source } from '../sources/given.ts';
import { renderValue } from './render-value.ts';

/** One setting as it came out. */
export interface DescribedSetting {
  readonly key: string;
  /** As it could be given; `not set`, `none` for an empty list, `***` for a secret. */
  readonly value: string;
  readonly unit?: string;
  readonly source: Source;
}

/** Every setting with its value and where that comes from, for `leafcutter config`. Secrets are masked. */
export function describeConfig<T extends SettingTree>(
  settings: Settings<T>,
  loaded: LoadedConfig<T>,
): DescribedSetting[] {
  const sources: ReadonlyMap<string, Source> = loaded.sources;
  return [...settings.byKey].map(([key, { isSecret, unit }]) => {
    const value = valueAt(loaded.config, key);
    return {
      key,
      value: renderValue(value, isSecret),
      ...(unit !== undefined && value !== undefined && { unit }),
      source: sources.get(key) ?? 'default',
    };
  });
}

function valueAt(config: object, key: string): unknown {
  return key.split('.').reduce<unknown>((section, name) => Reflect.get(Object(section), name), config);
}
