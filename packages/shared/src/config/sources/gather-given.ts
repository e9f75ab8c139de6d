import { parseEnv } from 'node:util';
import type { SettingIndex } from '../settings.ts';
import { type Findings, type GivenByKey, type ReadFile, reasonOf } from './given.ts';
import { readConfigFile } from './read-config-file.ts';
import { readEnvironment, type Variables } from './read-environment.ts';
import { readFlags } from './read-flags.ts';

/** Where values are looked for. */
interface Places {
  readonly argv: readonly string[];
  readonly env: Variables;
  readonly service: string;
  readonly knownElsewhere: ReadonlySet<string>;
  readonly readFile: ReadFile;
}

/** The strongest value given for each setting: flags over environment over `.env` over file. */
export function gatherGiven(index: SettingIndex, places: Places, findings: Findings): GivenByKey {
  const { argv, env, service, readFile } = places;
  const flags = readFlags(index, argv, service, findings);
  const environment = readEnvironment(index, env, { ...places, source: 'env' }, findings);
  const dotEnv = readDotEnv(readFile, findings);
  const local = readEnvironment(index, dotEnv, { ...places, source: '.env' }, findings);
  const named = flags.configFile ?? environment.configFile ?? local.configFile;
  const file = named ? readConfigFile(index, named, { readFile, service }, findings) : [];
  return new Map([...file, ...local.given, ...environment.given, ...flags.given]);
}

function readDotEnv(readFile: ReadFile, { problems }: Findings): Variables {
  try {
    return parseEnv(readFile('.env'));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason !== 'ENOENT') problems.push({ key: '.env', message: `.env cannot be read (${reason}).` });
    return {};
  }
}
