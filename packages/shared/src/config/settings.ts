import { CONFIG_FLAG, environmentName, flagName, negatedFlagName, secretFileName } from './names.ts';
import { Setting } from './setting.ts';

/** Settings by name, in sections as deep as one likes. */
export interface SettingTree {
  readonly [name: string]: Setting<unknown> | SettingTree;
}

/** The values of a tree of settings: same shape, readonly throughout. */
export type ConfigTree<T> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : ConfigTree<T[K]>;
};

/** The dotted keys of a tree of settings: `listen`, `snowflake.enabled`. */
export type KeyOf<T> = {
  [K in keyof T & string]: T[K] extends Setting<unknown> ? K : `${K}.${KeyOf<T[K]>}`;
}[keyof T & string];

/** What one rule found wrong: completes the sentence "`key` is …: `problem`.", such as `must be below b`. */
interface Objection<Key extends string = string> {
  readonly key: Key;
  readonly problem: string;
}

/** Checks values against each other. Sees only values that are good by themselves. */
export type Rule<T> = (config: ConfigTree<T>) => Objection<KeyOf<T>> | undefined;

/** The settings by dotted key, in the order of their definition, with what is needed to name and explain them. */
export interface SettingIndex {
  readonly byKey: ReadonlyMap<string, Setting<unknown>>;
}

/** All settings of a service with the rules between them. */
export interface Settings<T> extends SettingIndex {
  readonly tree: T;
  readonly rules: readonly Rule<T>[];
}

/** The frozen configuration that `loadConfig` makes from these settings. */
export type ConfigOf<S> = S extends { readonly tree: infer T } ? ConfigTree<T> : never;

/**
 * Declares the settings of a service. Throws when a name is not in camelCase, or when two settings would
 * be given by the same flag or variable.
 */
export function settings<T extends SettingTree>(
  tree: T,
  options: { readonly rules?: readonly Rule<NoInfer<T>>[] } = {},
): Settings<T> {
  const byKey = new Map(leaves(tree, ''));
  refuseSharedNames(byKey);
  return { tree, byKey, rules: options.rules ?? [] };
}

/** Every variable that these settings read, for `knownElsewhere` of another service. */
export function environmentNames({ byKey }: SettingIndex): string[] {
  return [...byKey].flatMap(([key, setting]) => variablesOf(key, setting));
}

/** The settings grouped by the part of their key before the last dot; top-level ones (`''`) first. */
export function bySection({ byKey }: SettingIndex): Map<string, [string, Setting<unknown>][]> {
  const sections = new Map<string, [string, Setting<unknown>][]>([['', []]]);
  for (const entry of byKey) {
    const section = entry[0].slice(0, Math.max(0, entry[0].lastIndexOf('.')));
    sections.set(section, [...(sections.get(section) ?? []), entry]);
  }
  if (sections.get('')?.length === 0) sections.delete('');
  return sections;
}

/** Puts values by dotted key into the shape of the tree and freezes it. The values are immutable already. */
export function shape<T extends SettingTree>(tree: T, values: ReadonlyMap<string, unknown>): ConfigTree<T> {
  return shapeSection(tree, values, '') as ConfigTree<T>;
}

function shapeSection(tree: SettingTree, values: ReadonlyMap<string, unknown>, prefix: string): object {
  const entries = Object.entries(tree).map(([name, node]) => [
    name,
    node instanceof Setting ? values.get(prefix + name) : shapeSection(node, values, `${prefix}${name}.`),
  ]);
  return Object.freeze(Object.fromEntries(entries));
}

function* leaves(tree: SettingTree, prefix: string): Generator<[string, Setting<unknown>]> {
  for (const [name, node] of Object.entries(tree)) {
    if (!/^[a-z][A-Za-z0-9]*$/.test(name))
      throw new Error(`The setting ${prefix}${name} is not in camelCase.`);
    if (node instanceof Setting) yield [prefix + name, node];
    else yield* leaves(node, `${prefix}${name}.`);
  }
}

function variablesOf(key: string, setting: Setting<unknown>): string[] {
  return setting.isSecret ? [environmentName(key), secretFileName(key)] : [environmentName(key)];
}

function refuseSharedNames(byKey: ReadonlyMap<string, Setting<unknown>>): void {
  const taken = new Map([CONFIG_FLAG, '--help', '--version'].map((name) => [name, 'every service']));
  for (const [key, setting] of byKey) {
    const flags = setting.isFlag ? [flagName(key), negatedFlagName(key)] : [flagName(key)];
    for (const name of [...flags, ...variablesOf(key, setting)]) {
      const other = taken.get(name);
      if (other !== undefined) throw new Error(`${name} would belong to ${key} and to ${other}.`);
      taken.set(name, key);
    }
  }
}
