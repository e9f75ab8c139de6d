import { basename } from 'node:path';
import { parseYaml } from '../../yaml.ts';
import { suggestion } from '../did-you-mean.ts';
import type { SettingIndex } from '../settings.ts';
import { type Findings, type Given, type GivenByKey, type ReadFile, reasonOf } from './given.ts';

interface Reading {
  readonly readFile: ReadFile;
  readonly service: string;
}

/** Reads the file that `--config` or `LEAFCUTTER_CONFIG` names: YAML, and so JSON too. */
export function readConfigFile(
  index: SettingIndex,
  named: Given,
  { readFile, service }: Reading,
  findings: Findings,
): GivenByKey {
  const path = String(named.value);
  const problem = (key: string, message: string) => findings.problems.push({ key, message });

  let source: string;
  try {
    source = readFile(path);
  } catch (error) {
    problem('config', `${named.name} is "${path}": the file cannot be read (${reasonOf(error)}).`);
    return new Map();
  }

  const parsed = parse(source);
  if ('problem' in parsed) {
    problem('config', `${named.name} is "${path}": ${parsed.problem}.`);
    return new Map();
  }
  const given = new Map<string, Given>();
  for (const [key, value] of flatten(index, parsed.content, '')) {
    const name = `${key} in ${basename(path)}`;
    if (given.has(key)) problem(key, `${name} is given twice.`);
    else if (index.byKey.has(key)) given.set(key, { source: 'file', name, value });
    else if (isSection(index, key))
      problem(key, `${name} is a section: put its settings below it, by name, each on its own line.`);
    else problem(key, `${name} is not a setting of the ${service}${suggestion(key, index.byKey.keys())}`);
  }
  return given;
}

function parse(source: string): { readonly content: object } | { readonly problem: string } {
  const parsed = parseYaml(source);
  if ('problem' in parsed) return parsed;
  const { content } = parsed;
  if (content === null) return { content: {} };
  if (typeof content === 'object' && !Array.isArray(content)) return { content };
  return { problem: 'must contain settings by name, such as "listen: 127.0.0.1:8000"' };
}

/** Nested keys become dotted ones. An empty value counts as not set, as if everything below it were commented out. */
function* flatten(index: SettingIndex, content: object, prefix: string): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(content)) {
    const key = prefix + name;
    if (value === null && (index.byKey.has(key) || isSection(index, key))) continue;
    if (isSection(index, key) && typeof value === 'object' && !Array.isArray(value)) {
      yield* flatten(index, value, `${key}.`);
    } else {
      yield [key, value];
    }
  }
}

function isSection({ byKey }: SettingIndex, key: string): boolean {
  return [...byKey.keys()].some((known) => known.startsWith(`${key}.`));
}
