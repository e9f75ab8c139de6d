import { resolve } from 'node:path';
import { readSmallFile } from '../read-small-file.ts';
import { ConfigError } from './config-error.ts';
import { resolveSetting, subject } from './resolve-setting.ts';
import {
  type ConfigTree,
  type KeyOf,
  type SettingIndex,
  type Settings,
  type SettingTree,
  shape,
} from './settings.ts';
import { gatherGiven } from './sources/gather-given.ts';
import type { Findings, GivenByKey, ReadFile, Source } from './sources/given.ts';
import type { Variables } from './sources/read-environment.ts';
import { askedFor } from './sources/read-flags.ts';

/** What surrounds the process; only `main.ts` knows it. */
export interface Surroundings {
  /** Without node, the script and the command's name. */
  readonly argv: readonly string[];
  readonly env: Variables;
  /** Where to look for `.env`, and the base of relative names of files. */
  readonly cwd: string;
  readonly service: 'agent' | 'coordinator' | 'dev command';
  /** Variables that raise no warning though this service does not read them: see `environmentNames`. */
  readonly knownElsewhere?: Iterable<string>;
  /** Default: {@link readSmallFile}. */
  readonly readFile?: ReadFile;
}

/** A configuration that can be used. */
export interface LoadedConfig<T> {
  /** Frozen throughout. */
  readonly config: ConfigTree<T>;
  /** Sentences for the log, without secrets. */
  readonly warnings: readonly string[];
  /** Where each value comes from, by dotted key. */
  readonly sources: ReadonlyMap<KeyOf<T>, Source>;
  readonly help?: undefined;
  readonly version?: undefined;
}

/** `--help` or `--version` was asked for. Then nothing is read, so nothing can be wrong. */
export type Asked =
  | { readonly help: true; readonly version?: undefined; readonly config?: undefined }
  | { readonly version: true; readonly help?: undefined; readonly config?: undefined };

/**
 * Resolves every setting: flags over environment over `.env` over file over default. If a setting is given in several
 * places, only the strongest value is checked. Rules run once all values are good by themselves.
 *
 * @throws ConfigError listing every problem found.
 */
export function loadConfig<T extends SettingTree>(
  settings: Settings<T>,
  surroundings: Surroundings,
): LoadedConfig<T> | Asked {
  const { argv, env, cwd, service, readFile = readSmallFile } = surroundings;
  const asked = askedFor(argv);
  if (asked !== undefined) return asked === 'help' ? { help: true } : { version: true };

  const findings: Findings = { problems: [], warnings: [] };
  const readHere = (path: string) => readFile(resolve(cwd, path));
  const knownElsewhere = new Set(surroundings.knownElsewhere);
  const given = gatherGiven(settings, { argv, env, service, knownElsewhere, readFile: readHere }, findings);
  const values = resolveAll(settings, given, readHere, findings);
  throwIfAny(findings);

  const config = shape(settings.tree, values);
  for (const rule of settings.rules) {
    const objection = rule(config);
    if (objection === undefined) continue;
    const { key, problem } = objection;
    const named = subject(key, settings.byKey.get(key), given.get(key), values.get(key));
    findings.problems.push({ key, message: `${named}: ${problem}.` });
  }
  throwIfAny(findings);

  const sourceOf = (key: string): Source => given.get(key)?.source ?? 'default';
  // The keys of the index are exactly those of the tree, which its type cannot express.
  const keys = [...settings.byKey.keys()] as KeyOf<T>[];
  return { config, warnings: findings.warnings, sources: new Map(keys.map((key) => [key, sourceOf(key)])) };
}

/** A setting that has a problem already is skipped: a second message about it would only confuse. */
function resolveAll(
  { byKey }: SettingIndex,
  given: GivenByKey,
  readFile: ReadFile,
  { problems }: Findings,
): ReadonlyMap<string, unknown> {
  const wrong = new Set(problems.map(({ key }) => key));
  const values = new Map<string, unknown>();
  for (const [key, setting] of byKey) {
    if (wrong.has(key)) continue;
    const resolved = resolveSetting(key, setting, given.get(key), readFile);
    if ('problem' in resolved) problems.push({ key, message: resolved.problem });
    else values.set(key, resolved.value);
  }
  return values;
}

function throwIfAny({ problems }: Findings): void {
  if (problems.length > 0) throw new ConfigError(problems);
}
