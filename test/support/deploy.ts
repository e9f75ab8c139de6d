import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { test } from '@jest/globals';
import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { parse } from 'yaml';
import { ROOT } from './root.ts';

export const run = promisify(execFile);
export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Some checks need a program that not every machine has. If one is left out, that must be visible. */
export function testWith<T>(
  program: string,
  found: T | undefined,
  title: string,
  body: (found: T) => Promise<void>,
) {
  if (found !== undefined) test(title, () => body(found));
  else {
    process.stderr.write(`NOT RUN, ${program} is not installed: ${title}\n`);
    test.skip(title, () => undefined);
  }
}

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly mem_limit?: string;
  readonly restart?: string;
}

export const composeText = read('deploy/compose.yaml');
export const example = parseEnv(read('.env.example')) as Record<string, string>;
export const VARIABLE = /\$(?:\$|\{(\w+):([?-])([^}]*)\})/g;

/** The services as Compose sees them with `env`: anchors merged, variables replaced. */
export function services(env: Readonly<Record<string, string>>): Readonly<Record<string, Service>> {
  const resolved = composeText.replaceAll(VARIABLE, (_, name?: string, operator?: string, rest = '') => {
    if (name === undefined) return '$';
    if (env[name]) return env[name];
    if (operator === '?') throw new Error(rest);
    return rest;
  });
  return parse(resolved, { merge: true }).services;
}

export const stack = services(example);
export const ours = Object.entries(stack).filter(([, { build }]) => build !== undefined);

/** The configuration with which one of our services would start; this machine's other variables do not count. */
export function configOf({ command = [], environment = {} }: Service) {
  const [service, ...argv] = command;
  const readFile = () => {
    throw Object.assign(new Error('The container has no files to read.'), { code: 'ENOENT' });
  };
  const surroundings = { argv, env: environment, cwd: '/', readFile };
  if (service === 'coordinator') return loadConfig(coordinatorSettings, { ...surroundings, service });
  if (service === 'agent') return loadConfig(agentSettings, { ...surroundings, service });
  throw new Error(`${service} is no service`);
}

export function configured(role: 'coordinator' | 'agent') {
  return ours
    .filter(([, { command }]) => command?.[0] === role)
    .map(([name, service]) => ({ name, config: configOf(service).config }));
}
