import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '@leafcutter/shared/config/config-error';
import type { Applier, Appliers, LiveConfig, SettingChange } from '@leafcutter/shared/config/live-settings';
import type { Setting } from '@leafcutter/shared/config/setting';
import type { ConfigTree, Settings, SettingTree } from '@leafcutter/shared/config/settings';
import { StartError } from '@leafcutter/shared/http/bind';
import type { Logger } from '@leafcutter/shared/logger';
import { readSmallFile } from '@leafcutter/shared/read-small-file';

/** A running service as far as a changed configuration concerns it. */
export interface Reloading<T> {
  /** What takes over the settings that can change while it runs. */
  readonly appliers: Appliers<T>;
  /** Told of a change: all of it was taken over, or some of it is wrong. `changes`: what was taken over. */
  reloaded(result: 'ok' | 'failed', changes: readonly SettingChange[]): void;
}

interface Parts<T extends SettingTree> {
  readonly settings: Settings<T>;
  /** The configuration that the service starts with. */
  readonly config: ConfigTree<T>;
  /** Reads everything again. @throws ConfigError */
  readonly load: () => ConfigTree<T>;
  readonly log: Logger;
}

/**
 * Brings a changed configuration to a running service. What is wrong changes nothing: the service goes on with what it
 * has, tokens above all, because without any it would be open to everyone.
 *
 * It waits until `follow` gives it the service, and follows that for good. It is made before the service starts: a file
 * that changes while that reads it is then found to differ.
 */
export class Reloader<T extends SettingTree> {
  readonly #parts: Parts<T>;
  #config: ConfigTree<T>;
  /** By key of a file whose content reloads, what was applied last. */
  readonly #contents: Map<string, unknown>;
  #service: Reloading<T> | undefined;
  #isAsked = false;
  /** By subject, what was told: once, not every ten seconds. */
  readonly #told = new Map<'wrong' | 'restart' | 'unusable', string>();

  constructor(parts: Parts<T>) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#contents = this.#readContents();
  }

  /** From now on, changes are brought to this service. */
  follow(service: Reloading<T>): void {
    this.#service = service;
    if (this.#isAsked) this.look();
  }

  /** Reads the configuration again, and applies what changed. Never throws. */
  look(): void {
    if (this.#service === undefined) {
      this.#isAsked = true;
      return;
    }
    const config = this.#load();
    const appliers: ReadonlyMap<string, Applier<T>> = new Map(Object.entries(this.#service.appliers));
    // Certificates are renewed whatever is wrong elsewhere: they end.
    if (config === undefined) this.#apply(appliers, this.#config, []);
    else this.#apply(appliers, config, this.#changed(config, appliers));
  }

  /** Undefined if the configuration is wrong. */
  #load(): ConfigTree<T> | undefined {
    try {
      return this.#parts.load();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#refuse(error.message);
      return undefined;
    }
  }

  /** The settings that are to be applied. Tells of those that changed, too, and need a restart. */
  #changed(config: ConfigTree<T>, appliers: ReadonlyMap<string, unknown>): readonly string[] {
    const { settings, log } = this.#parts;
    const changed = [...settings.byKey].filter(
      ([key]) => !isDeepStrictEqual(valueAt(config, key), valueAt(this.#config, key)),
    );
    // Another path of a file that reloads is not applied: only its content is.
    const live = changed.filter(([key, { isFile }]) => appliers.has(key) && !isFile);
    const emptied = live.filter(([key, { isSecret }]) => isSecret && isEmpty(valueAt(config, key)));
    if (emptied.length > 0) {
      const keys = emptied.map(([key]) => key).join(', ');
      this.#refuse(`${keys} would become empty; that needs a restart`);
      return [];
    }
    this.#told.delete('wrong');
    const fixed = changed.filter((entry) => !live.includes(entry)).map(([key]) => key);
    const why = fixed.length === 0 ? '' : `these settings changed and need a restart: ${fixed.join(', ')}`;
    if (this.#isNew('restart', why)) log.warn(why);
    return live.map(([key]) => key);
  }

  /** Applies these settings of `config`, and the files that hold something else now. */
  #apply(appliers: ReadonlyMap<string, Applier<T>>, config: ConfigTree<T>, changed: readonly string[]): void {
    const contents = this.#readContents();
    const renewed = [...contents].filter(([key, content]) => content !== this.#contents.get(key));
    const next = withValues(this.#config, config, changed);
    const due = [...changed, ...renewed.map(([key]) => key)];
    const applied: string[] = [];
    const problems: string[] = [];
    for (const apply of new Set(due.map((key) => appliers.get(key)))) {
      try {
        // A whole configuration has its live part, which TypeScript cannot tell of a tree that it does not know.
        apply?.(next as unknown as LiveConfig<T>);
        applied.push(...due.filter((key) => appliers.get(key) === apply));
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        problems.push(error.message);
      }
    }
    const changes = applied.map((key) => this.#changeOf(key, next));
    this.#config = withValues(
      this.#config,
      next,
      changed.filter((key) => applied.includes(key)),
    );
    for (const [key, content] of renewed) if (applied.includes(key)) this.#contents.set(key, content);
    this.#tell(changes, problems.join(' '));
  }

  #changeOf(key: string, next: ConfigTree<T>): SettingChange {
    const setting = this.#parts.settings.byKey.get(key);
    if (setting?.isFile) return { key, before: 'a file', after: 'the file renewed' };
    return {
      key,
      before: told(setting, valueAt(this.#config, key)),
      after: told(setting, valueAt(next, key)),
    };
  }

  #tell(changes: readonly SettingChange[], problem: string): void {
    const { log } = this.#parts;
    const applied = changes.map(({ key }) => key);
    if (this.#isNew('unusable', problem))
      log.error({ problem }, 'what changed cannot be used; what was before goes on');
    if (applied.length > 0)
      log.info({ settings: applied }, 'the configuration was read again, and these settings changed');
    if (problem !== '') this.#service?.reloaded('failed', changes);
    else if (applied.length > 0) this.#service?.reloaded('ok', changes);
  }

  #refuse(why: string): void {
    this.#service?.reloaded('failed', []);
    if (this.#isNew('wrong', why))
      this.#parts.log.error({ problem: why }, 'the changed configuration is wrong; the one before goes on');
  }

  /** Notes that this is told now; false if it was told before, or says nothing. */
  #isNew(subject: 'wrong' | 'restart' | 'unusable', sentence: string): boolean {
    const isNew = sentence !== '' && this.#told.get(subject) !== sentence;
    this.#told.set(subject, sentence);
    return isNew;
  }

  #readContents(): Map<string, unknown> {
    const files = [...this.#parts.settings.byKey].filter(([, { isFile, reloads }]) => isFile && reloads);
    return new Map(files.map(([key]) => [key, contentOf(valueAt(this.#config, key))]));
  }
}

/** Longer texts of values are cut, in characters. */
const MAX_TOLD = 200;

/** A value in words; of a secret only what is none. */
function told(setting: Setting<unknown> | undefined, value: unknown): string {
  if (setting?.isSecret === false) return String(value ?? 'none').slice(0, MAX_TOLD);
  const shown = setting?.toTell?.(value) ?? (Array.isArray(value) ? `${value.length} of them` : 'a secret');
  return shown.slice(0, MAX_TOLD);
}

/** What stands in a file, or why it cannot be read: whoever applies it finds that, too, and says so. */
function contentOf(file: unknown): unknown {
  try {
    return file === undefined ? undefined : readSmallFile(String(file));
  } catch (error) {
    return String(error);
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
