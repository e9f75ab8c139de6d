import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '@leafcutter/shared/config/config-error';
import type { ConfigTree, Settings, SettingTree } from '@leafcutter/shared/config/settings';
import type { Logger } from '@leafcutter/shared/logger';

/** A running service as far as a changed configuration concerns it. */
export interface Reloading<Config> {
  /** Takes over what can change while it runs. */
  reload(config: Config): void;
  /** Counts a configuration that could not be taken over. */
  reloadFailed(): void;
}

interface Parts<T extends SettingTree> {
  readonly settings: Settings<T>;
  /** The configuration that the service runs with. */
  readonly config: ConfigTree<T>;
  /** Reads everything again. @throws ConfigError */
  readonly load: () => ConfigTree<T>;
  readonly service: Reloading<ConfigTree<T>>;
  readonly log: Logger;
}

/**
 * Brings a changed configuration to a running service. What is wrong changes nothing: the service goes on with what it
 * has, tokens above all, because without any it would be open to everyone.
 */
export class Reloader<T extends SettingTree> {
  readonly #parts: Parts<T>;
  #config: ConfigTree<T>;
  /** Told once, not every ten seconds. */
  #told = '';

  constructor(parts: Parts<T>) {
    this.#parts = parts;
    this.#config = parts.config;
  }

  /** Reads the configuration again, and applies what changed. Never throws. */
  look(): void {
    const { load, service, settings, log } = this.#parts;
    let config: ConfigTree<T>;
    try {
      config = load();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#refuse(error.message);
      return;
    }
    const changed = [...settings.byKey].filter(
      ([key]) => !isDeepStrictEqual(valueAt(config, key), valueAt(this.#config, key)),
    );
    const live = changed.filter(([, { reloads }]) => reloads).map(([key]) => key);
    const emptied = changed.filter(
      ([key, { reloads, isSecret }]) => reloads && isSecret && isEmpty(valueAt(config, key)),
    );
    if (emptied.length > 0) {
      this.#refuse(
        `${emptied.map(([key]) => key).join(', ')} would be left without any; that needs a restart`,
      );
      return;
    }
    const fixed = changed.filter(([, { reloads }]) => !reloads).map(([key]) => key);
    this.#tell(fixed.length === 0 ? '' : `these settings changed and need a restart: ${fixed.join(', ')}`);
    if (live.length === 0) return;
    this.#config = withValues(this.#config, config, live);
    service.reload(this.#config);
    log.info({ settings: live }, 'the configuration was read again, and these settings changed');
  }

  #refuse(why: string): void {
    this.#parts.service.reloadFailed();
    if (this.#told === why) return;
    this.#told = why;
    this.#parts.log.error({ problem: why }, 'the changed configuration is wrong; the one before goes on');
  }

  #tell(sentence: string): void {
    if (this.#told === sentence) return;
    this.#told = sentence;
    if (sentence !== '') this.#parts.log.warn(sentence);
  }
}

/** The value of a dotted key. */
function valueAt(config: object, key: string): unknown {
  return key.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], config);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** `config` with some values of another one. */
function withValues<C extends object>(config: C, from: C, keys: readonly string[]): C {
  const copy = copyOfTree(config);
  for (const key of keys) {
    const path = key.split('.');
    const name = path.pop() ?? '';
    const section = path.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], copy);
    (section as Record<string, unknown>)[name] = valueAt(from, key);
  }
  return copy as C;
}

/** The sections copied, the values shared. */
function copyOfTree(config: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, isSection(value) ? copyOfTree(value) : value]),
  );
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
