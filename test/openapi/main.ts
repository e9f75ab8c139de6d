/**
 * Lets schemathesis ask both services everything that their OpenAPI documents allow, and what they do not, with and without
 * tokens. Not in CI: it is fetched from PyPI, and takes minutes.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../clients/kits.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const HELP = `Usage: npm run test:openapi -- [--examples n] [--seed n] [WHO …]

Fetches schemathesis into ~/.cache/leafcutter-openapi, starts an embedded coordinator and an agent, open and with tokens, and
asks for what their documents allow and do not. An answer is wrong if it is a 5xx but 503, or the document does not describe it.
  --examples n   requests of each operation (default 50)
  --seed n       of the random requests (default 1)
  WHO            only those whose name has this in it, such as "coordinator" or "viewer"
`;
const VERSION = '4.32.5';
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'leafcutter-openapi');
const CHECKS = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_headers_conformance', 'response_schema_conformance'],
];
/** A grant may be refused with 503, if the document says so. */
const SETTINGS = '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 503]\n';
const GET_LIMIT_MS = 30 * 60_000;
const RUN_LIMIT_MS = 30 * 60_000;
const TOKEN = 'a-token-that-nobody-would-guess-0123456789';

/** The program, fetched once. @throws Error that says why it is not to be had */
async function schemathesis(): Promise<string> {
  const program = join(CACHE, VERSION, 'bin/schemathesis');
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const venv = join(CACHE, VERSION);
  const steps: readonly (readonly string[])[] = [
    ['python3', '-m', 'venv', venv],
    [join(venv, 'bin/pip'), 'install', '-q', `schemathesis==${VERSION}`],
  ];
  for (const [command = '', ...args] of steps) {
    const { isOk, err } = await run(command, args, { limitMs: GET_LIMIT_MS });
    if (!isOk) throw new Error(`${command}: ${err.trim().split('\n').at(-1)}`);
  }
  return program;
}

interface Target {
  readonly name: string;
  readonly service: Service;
  readonly token?: string;
}

async function start(
  name: string,
  kind: 'coordinator' | 'agent',
  flags: readonly string[],
  env = {},
): Promise<Service> {
  return Service.start({ kind, name, flags, env: { LEAFCUTTER_LOG_LEVEL: 'error', ...env } });
}

async function targets(): Promise<Target[]> {
  const folder = await scratchDir('openapi');
  const open = await start('open-coordinator', 'coordinator', ['--data-dir', join(folder, 'open')]);
  const closed = await start('coordinator', 'coordinator', ['--data-dir', join(folder, 'closed')], {
    LEAFCUTTER_AGENT_TOKENS: `agent-${TOKEN}`,
    LEAFCUTTER_ADMIN_TOKENS: TOKEN,
    LEAFCUTTER_VIEWER_TOKENS: `viewer-${TOKEN}`,
  });
  const agentOf = ({ url }: Service) => ['--coordinators', url, '--snowflake-enabled'];
  const openAgent = await start('open-agent', 'agent', agentOf(open));
  const closedAgent = await start('agent', 'agent', agentOf(closed), {
    LEAFCUTTER_TOKENS: TOKEN,
    LEAFCUTTER_COORDINATOR_TOKEN: `agent-${TOKEN}`,
  });
  return [
    { name: 'an agent, open', service: openAgent },
    { name: 'an agent with tokens, asked without', service: closedAgent },
    { name: 'an agent with tokens, asked with one', service: closedAgent, token: TOKEN },
    { name: 'a coordinator, open', service: open },
    { name: 'a coordinator with tokens, asked without', service: closed },
    { name: 'a coordinator with tokens, asked by an agent', service: closed, token: `agent-${TOKEN}` },
    { name: 'a coordinator with tokens, asked by a viewer', service: closed, token: `viewer-${TOKEN}` },
    { name: 'a coordinator with tokens, asked by an admin', service: closed, token: TOKEN },
  ];
}

/** Asks one of them everything; resolves to what was wrong. */
async function ask(program: string, { service, token }: Target, cwd: string): Promise<string | undefined> {
  // Fetched here, because it gives a busy machine ten seconds for the document.
  const document = join(cwd, `${service.name}.json`);
  writeFileSync(document, JSON.stringify(await service.json('/openapi.json')));
  const args = [
    ...['run', document, '--url', service.url, '--no-color', '--checks', CHECKS.join(',')],
    ...['--max-examples', values.examples, '--seed', values.seed, '--request-timeout', '60'],
    // A stream does not end.
    ...['--exclude-path', '/v1/events', '--continue-on-failure'],
    ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
  ];
  const { isOk, out, err } = await run(program, args, { cwd, limitMs: RUN_LIMIT_MS });
  return isOk ? undefined : `${out}\n${err}`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    examples: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) process.stdout.write(HELP);
else {
  const program = await schemathesis();
  // It leaves its findings where it runs.
  const cwd = await scratchDir('schemathesis');
  writeFileSync(join(cwd, 'schemathesis.toml'), SETTINGS);
  const all = await targets();
  const isWanted = ({ name }: Target) =>
    positionals.length === 0 || positionals.some((word) => name.includes(word));
  for (const target of all.filter(isWanted)) {
    const wrong = await ask(program, target, cwd);
    process.stdout.write(wrong === undefined ? `ok   ${target.name}\n` : `RED  ${target.name}\n${wrong}\n`);
    if (wrong !== undefined) process.exitCode = 1;
  }
  await Promise.all(all.map(({ service }) => service.stop()));
}
