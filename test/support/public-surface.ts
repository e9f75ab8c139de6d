import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { agentEndpoints } from '@leafcutter/agent/doors/http/endpoints/all';
import { agentSettings } from '@leafcutter/agent/settings';
import { runCommand } from '@leafcutter/cli/commands';
import { devSettings } from '@leafcutter/cli/dev/dev-settings';
import { EXIT } from '@leafcutter/cli/io';
import { COORDINATOR_ENDPOINTS } from '@leafcutter/coordinator/http/endpoints/all';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import type { SettingIndex } from '@leafcutter/shared/config/settings';
import { ERROR_CODES } from '@leafcutter/shared/errors';
import type { Operation } from '@leafcutter/shared/http/endpoint';
import { metricCatalogues } from './silent-metrics.ts';

const read = (file: string) => readFileSync(new URL(`../../packages/${file}`, import.meta.url), 'utf8');
const PROTOS = ['leafcutter/v1/id_service.proto', 'go-leaf/greeter.proto'];

/** All that others build on, a line each: what it is called, and what would break them if it changed. */
export async function publicSurface(): Promise<string[]> {
  const lines = [
    ...(await commandLines()),
    ...settingLines('agent', agentSettings),
    ...settingLines('coordinator', coordinatorSettings),
    ...settingLines('dev', devSettings),
    ...agentEndpoints(true).flatMap((endpoint) => endpointLines('agent', endpoint)),
    ...COORDINATOR_ENDPOINTS.flatMap((endpoint) => endpointLines('coordinator', endpoint)),
    ...Object.entries(ERROR_CODES).map(
      ([code, { status, retryable }]) => `error ${code} ${status}${retryable ? ' retryable' : ''}`,
    ),
    ...PROTOS.flatMap((file) => protoLines(read(`agent/proto/${file}`))),
    ...metricLines(),
    ...clientLines(read('client/src/index.ts')),
  ];
  return [...new Set(lines)].sort();
}

/** Commands, their actions and their flags, as their help tells them; settings have lines of their own. */
async function commandLines(): Promise<string[]> {
  const commands = wordsIn(await help());
  const lines = Object.entries(EXIT).map(([name, code]) => `exit ${code} ${name}`);
  for (const command of commands) {
    lines.push(`command ${command}`);
    if (['agent', 'coordinator', 'dev', 'version'].includes(command)) continue;
    const text = await help(command);
    lines.push(...wordsIn(text).map((action) => `command ${command} ${action}`));
    const flags = text.match(/(?<![\w-])--[a-z][a-z0-9-]*/g) ?? [];
    lines.push(...flags.map((flag) => `flag ${command} ${flag}`));
  }
  return lines;
}

const wordsIn = (text: string) =>
  [...text.matchAll(/^ {2}([a-z][a-z-]+)(?: [A-Z]+)? {2,}\S/gm)].map(([, word = '']) => word);

async function help(...command: string[]): Promise<string> {
  let text = '';
  const never = () => undefined;
  await runCommand({
    argv: [...command, '--help'],
    env: {},
    cwd: '/',
    out: (part) => {
      text += part;
    },
    err: never,
    watched: false,
    stopRequested: new Promise(never),
    onHangup: never,
    input: () => Readable.from([]),
    ask: undefined,
    tellListening: never,
    parent: undefined,
    node: '',
    self: [''],
  });
  return text;
}

function settingLines(service: string, { byKey }: SettingIndex): string[] {
  return [...byKey].map(([key, { takes, default: value, isRequired, reloads }]) => {
    const marks = `${isRequired ? ' required' : ''}${reloads === true ? ' reloads' : ''}`;
    return `setting ${service} ${key} takes ${takes}; default ${value ?? 'none'}${marks}`;
  });
}

function endpointLines(
  service: string,
  { at, query = {}, status = 200, errors = [], answer, body, media = {}, events = {} }: Operation,
): string[] {
  const endpoint = `${service} ${at}`;
  const json = Object.entries({ ...media, ...events }).map(
    ([name, schema]) => [`answers ${name}`, schema] as const,
  );
  const schemas: readonly (readonly [string, Operation['answer']])[] = [
    ['answers', answer],
    ['takes', body],
    ...json,
  ];
  return [
    `http ${endpoint} ${status}`,
    ...Object.keys(query).map((name) => `http ${endpoint} ?${name}`),
    ...errors.map((code) => `http ${endpoint} may fail with ${code}`),
    ...schemas.flatMap(([what, schema]) =>
      schema === undefined
        ? []
        : fieldsOf(schema.toJSONSchema()).map((field) => `http ${endpoint} ${what} ${field}`),
    ),
  ];
}

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

/** The fields of a JSON schema: `ranges[].start string`, with a `?` if it may be missing. */
function fieldsOf(schema: object, path = ''): string[] {
  const { type, properties = {}, required = [], items, additionalProperties, anyOf = [] } = schema as Schema;
  const inner = [
    ...anyOf.flatMap((one) => fieldsOf(one, path)),
    ...Object.entries(properties).flatMap(([name, field]) =>
      fieldsOf(field, `${path}${path === '' ? '' : '.'}${name}${required.includes(name) ? '' : '?'}`),
    ),
    ...(items === undefined ? [] : fieldsOf(items, `${path}[]`)),
    ...(typeof additionalProperties === 'object' ? fieldsOf(additionalProperties, `${path}.*`) : []),
  ];
  return inner.length > 0 ? inner : [`${path} ${String(type ?? 'any')}`.trim()];
}

function protoLines(source: string): string[] {
  const scope: string[] = [];
  const lines: string[] = [];
  for (const line of source.split('\n').map((text) => text.replace(/\/\/.*/, '').trim())) {
    const [, opened] = /^(?:service|message|enum|oneof) (\w+) \{$/.exec(line) ?? [];
    const [, call] = /^rpc (.+?)(?: \{\}?|;)?$/.exec(line) ?? [];
    const [, name] = /^package (.+);/.exec(line) ?? [];
    const [, field] = /^(\S.* = \d+)(?: \[.*\])?;/.exec(line) ?? [];
    if (opened !== undefined) scope.push(opened);
    if (name !== undefined) lines.push(`grpc package ${name}`);
    if (call !== undefined || field !== undefined) lines.push(`grpc ${scope.join('.')} ${call ?? field}`);
    if (line === '}') scope.pop();
  }
  return lines;
}

function metricLines(): string[] {
  const entries = Object.values(metricCatalogues()).flat();
  return entries.map(({ name, type, labels }) => `metric ${name} ${type} {${[...labels].sort().join(',')}}`);
}

function clientLines(index: string): string[] {
  return [...index.matchAll(/^export (type )?\{([^}]+)\}/gm)].flatMap(([, type, names = '']) =>
    names.split(',').map((name) => `client ${type ?? ''}${name.trim()}`),
  );
}
