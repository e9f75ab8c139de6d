import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv, promisify } from 'node:util';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { AgentMetrics } from '@leafcutter/agent/metrics';
import { agentSettings } from '@leafcutter/agent/settings';
import { CoordinatorMetrics } from '@leafcutter/coordinator/metrics';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { environmentNames } from '@leafcutter/shared/config/settings';
import { ERROR_CODES, LeafcutterError } from '@leafcutter/shared/errors';
import { VERSION } from '@leafcutter/shared/version';
import { parse } from 'yaml';
import { lookUpBinary } from '../support/find-binary.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';

jest.setTimeout(120_000);

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const scratches: string[] = [];

afterAll(async () => {
  for (const scratch of scratches) await rm(scratch, { recursive: true, force: true });
});

async function scratch(): Promise<string> {
  const directory = await scratchDir('deploy');
  scratches.push(directory);
  return directory;
}

/** Some checks need a program that not every machine has; that one was left out must be seen. */
function testWith<T>(
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

interface Service {
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
  readonly mem_limit?: string;
  readonly restart?: string;
}

const composeText = read('deploy/compose.yaml');
const example = parseEnv(read('.env.example')) as Record<string, string>;
const VARIABLE = /\$(?:\$|\{(\w+):([?-])([^}]*)\})/g;

/** The services as Compose sees them with `env`: anchors merged, variables replaced. */
function services(env: Readonly<Record<string, string>>): Readonly<Record<string, Service>> {
  const resolved = composeText.replaceAll(VARIABLE, (_, name?: string, operator?: string, rest = '') => {
    if (name === undefined) return '$';
    if (env[name]) return env[name];
    if (operator === '?') throw new Error(rest);
    return rest;
  });
  return parse(resolved, { merge: true }).services;
}

const stack = services(example);
const ours = Object.entries(stack).filter(([, { build }]) => build !== undefined);

/** The configuration that one of our services would start with; other variables of this machine do not count. */
function configOf({ command = [], environment = {} }: Service) {
  const [service, ...argv] = command;
  const readFile = () => {
    throw Object.assign(new Error('The container has no files to read.'), { code: 'ENOENT' });
  };
  const surroundings = { argv, env: environment, cwd: '/', readFile };
  if (service === 'coordinator') return loadConfig(coordinatorSettings, { ...surroundings, service });
  if (service === 'agent') return loadConfig(agentSettings, { ...surroundings, service });
  throw new Error(`${service} is no service`);
}

function configured(role: 'coordinator' | 'agent') {
  return ours
    .filter(([, { command }]) => command?.[0] === role)
    .map(([name, service]) => ({ name, config: configOf(service).config }));
}

/** Runs `config` of whichever Compose there is; undefined where there is none. */
async function findCompose(): Promise<((envFile: string) => Promise<string>) | undefined> {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
  const file = join(ROOT, 'deploy', 'compose.yaml');
  const isPlugin = await run('docker', ['compose', 'version']).then(
    () => true,
    () => false,
  );
  if (isPlugin) {
    return async (envFile) =>
      (await run('docker', ['compose', '-f', file, '--env-file', envFile, 'config'], { env })).stdout;
  }
  const old = lookUpBinary('docker-compose');
  if (old === undefined) return undefined;
  // The first Compose knows no name of the project; all else it must understand.
  const nameless = join(await scratch(), 'compose.yaml');
  await writeFile(nameless, composeText.replace(/^name:.*$/m, ''));
  return async (envFile) =>
    (await run(old, ['-f', nameless, '--env-file', envFile, 'config'], { env })).stdout;
}

const compose = await findCompose();

describe('compose.yaml', () => {
  test('gives our services settings that they know and accept', () => {
    expect(ours.map(([name]) => name)).toEqual(['coordinator-1', 'coordinator-2', 'agent-1', 'agent-2']);
    for (const [, service] of ours) {
      expect(Object.keys(service.environment ?? {}).every((name) => name.startsWith('LEAFCUTTER_'))).toBe(
        true,
      );
      expect(configOf(service)).toMatchObject({ warnings: [] });
    }
  });

  test('a setting that does not exist would be found', () => {
    const [, service] = ours[0] as [string, Service];
    const environment = { ...service.environment, LEAFCUTTER_LISTNE: 'x' };
    expect(configOf({ ...service, environment })).toMatchObject({
      warnings: [expect.stringMatching(/LISTNE/)],
    });
  });

  test('lets agents reach every coordinator with a token that it accepts', () => {
    const coordinators = configured('coordinator');
    for (const { config } of configured('agent')) {
      expect(config).toMatchObject({
        coordinators: coordinators.map(({ name }) => `http://${name}:8100`),
        snowflake: { enabled: true },
        tokens: [example.APPLICATION_TOKENS],
      });
      for (const coordinator of coordinators) {
        expect(coordinator.config).toMatchObject({
          agentTokens: [(config as { coordinatorToken?: string }).coordinatorToken],
          adminTokens: [example.ADMIN_TOKENS],
        });
      }
    }
  });

  test('publishes ports on loopback only, each once', () => {
    const published = Object.values(stack).flatMap(({ ports = [] }) => ports);
    expect(published.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    const taken = published.map((port) => port.split(':')[1]);
    expect(taken.sort()).toEqual(['3000', '8000', '8001', '8100', '8101', '9090']);
  });

  test('fences every container in and watches its health', () => {
    for (const [name, service] of Object.entries(stack)) {
      const hardened = { init: true, read_only: true, cap_drop: ['ALL'], restart: 'unless-stopped' };
      expect({ name, ...service }).toMatchObject({ name, ...hardened, mem_limit: expect.any(String) });
      // Our own image brings its health check along.
      if (service.build === undefined) expect({ name, ...service }).toHaveProperty('healthcheck.test');
      for (const { condition } of Object.values(service.depends_on ?? {}))
        expect(condition).toBe('service_healthy');
    }
  });

  test('mounts files that exist', () => {
    const sources = Object.values(stack).flatMap(({ volumes = [] }) =>
      volumes.map((it) => it.split(':')[0] ?? ''),
    );
    const files = sources.filter((source) => source.startsWith('.'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect([file, existsSync(join(ROOT, 'deploy', file))]).toEqual([file, true]);
  });

  test('says which variable is missing, for each that has no default', () => {
    const needed = [...composeText.matchAll(VARIABLE)].flatMap(([, name, kind]) =>
      kind === '?' ? [name ?? ''] : [],
    );
    expect(new Set(needed).size).toBe(7);
    for (const name of needed) {
      expect(() => services({ ...example, [name]: '' })).toThrow(`${name} is not set`);
    }
  });

  testWith('Compose', compose, 'resolves in Compose with .env.example, and not without', async (config) => {
    const empty = join(await scratch(), 'empty.env');
    await writeFile(empty, '');
    expect(await config(join(ROOT, '.env.example'))).toContain('change-me-application');
    await expect(config(empty)).rejects.toThrow(/_\w+ is not set, copy \.env\.example/);
  });
});

describe('.env.example', () => {
  test('explains every variable of compose.yaml, and no other', () => {
    const used = new Set([...composeText.matchAll(VARIABLE)].flatMap(([, name]) => name ?? []));
    const explained = [...read('.env.example').matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(explained.sort()).toEqual([...used].sort());
  });

  test('holds nothing that works as a secret', () => {
    for (const value of Object.values(example)) expect(value).toMatch(/^(change-me-[a-z-]+)?$/);
  });

  test('sets nothing that services started from the same folder read', () => {
    const known = new Set([...environmentNames(coordinatorSettings), ...environmentNames(agentSettings)]);
    expect(Object.keys(example).filter((name) => known.has(name) || name.startsWith('LEAFCUTTER_'))).toEqual(
      [],
    );
  });
});

describe('the image', () => {
  const dockerfile = read('deploy/Dockerfile').replaceAll(/\\\n/g, ' ');
  const [building = ''] = dockerfile.split(/^FROM \S+$/m);
  const copies = [...building.matchAll(/^COPY (.+) (\S+)$/gm)].map(([, sources = '', target = '']) => ({
    sources: sources.split(' '),
    target,
  }));

  test('copies what exists and is let through by .dockerignore', () => {
    const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path = '']) => path);
    for (const source of copies.flatMap(({ sources }) => sources)) {
      expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
      expect(allowed.filter((path) => source === path || source.startsWith(`${path}/`))).toHaveLength(1);
    }
  });

  test('installs with the pnpm of the scripts', () => {
    const pinned = /pnpm@(\d+\.\d+\.\d+)/.exec(read('scripts/run.mjs'))?.[1];
    expect(/PNPM_VERSION=(\S+)/.exec(dockerfile)?.[1]).toBe(pinned);
  });

  test('has what it runs on: its steps, done here, give a coordinator that its health check finds', async () => {
    const app = await scratch();
    const steps = building.matchAll(/^(?:COPY (?<copy>.+)|RUN (?<shell>.+))$/gm);
    const env = { ...process.env, PNPM_VERSION: /PNPM_VERSION=(\S+)/.exec(building)?.[1] };
    for (const { groups } of steps) {
      if (groups?.shell !== undefined) await run('sh', ['-c', groups.shell], { cwd: app, env });
      else await copyStep(groups?.copy ?? '', app);
    }
    expect(existsSync(join(app, 'node_modules/.pnpm'))).toBe(true);
    expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);
    const main = join(app, 'packages/cli/src/main.ts');
    expect((await run(process.execPath, [main, '--version'])).stdout.trim()).toBe(VERSION);

    const listen = `127.0.0.1:${await freePort()}`;
    const healthcheck = () =>
      run(process.execPath, [join(app, 'deploy/healthcheck.mjs')], { env: { LEAFCUTTER_LISTEN: listen } });
    await expect(healthcheck()).rejects.toThrow(/ECONNREFUSED/);
    await using coordinator = startProcess({
      command: process.execPath,
      args: [main, 'coordinator'],
      env: { LEAFCUTTER_LISTEN: listen },
      cwd: app,
      name: 'coordinator',
    });
    await coordinator.waitForLine(/coordinator is ready/, 30_000);
    await expect(healthcheck()).resolves.toBeDefined();
  });
});

async function copyStep(step: string, app: string): Promise<void> {
  const paths = step.split(' ');
  const target = paths.pop() ?? '';
  for (const source of paths) {
    const to = target.endsWith('/') ? join(app, target, basename(source)) : join(app, target);
    await mkdir(dirname(to), { recursive: true });
    // As .dockerignore has it.
    const filter = (path: string) =>
      !path.includes('node_modules', ROOT.length) && !path.endsWith('.test.ts');
    await cp(join(ROOT, source), to, { recursive: true, filter });
  }
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(read('deploy/grafana/dashboards/leafcutter.json'));
const panels: readonly Panel[] = dashboard.panels;
const plots = panels.filter(({ type }) => type !== 'row');
const prometheusConfig = parse(read('deploy/prometheus/prometheus.yml'));
const rules: readonly { readonly alert: string; readonly expr: string }[] = parse(
  read('deploy/prometheus/alerts.yml'),
).groups.flatMap(({ rules }: { rules: object[] }) => rules);

/** Both services' metrics after everything has happened once, so that every series exists. */
function busyMetrics() {
  const failure = new LeafcutterError('STORE_UNAVAILABLE', 'It is away.');
  const tag = { tag: 'demo', current: null, next: null, remaining: 5, ratePerSecond: 1, runwaySeconds: 5 };
  const agent = new AgentMetrics({
    tags: () => [{ ...tag, refill: 'idle', lastError: null, waiting: 1 }],
    lease: () => ({ state: 'holding', windowRemainingMs: 60_000, issued: 1 }),
    clockOffsetMs: () => 3,
  });
  agent.issued('demo', 'segment', 'http', 1);
  agent.issued('', 'snowflake', 'http', 1);
  agent.refused(failure);
  agent.refilled('demo', { start: 1n, end: 11n }, 5);
  agent.refillFailed('demo', failure);
  agent.discarded('demo', 1, 'late');
  agent.waited('demo', 1);
  agent.granted();
  agent.extended();
  agent.heartbeat(1);
  agent.failed('renew', failure);
  agent.clockWentBack();
  const coordinator = new CoordinatorMetrics(async () => ({ free: 1, held: 1, waiting: 1 }));
  coordinator.segmentsGranted('demo', 2, 10n, 5);
  coordinator.lockWaited('demo', 1, false);
  coordinator.counterBehind({ kind: 'tag', tag: 'demo' });
  coordinator.unfenced({ kind: 'machine', machineId: 1 });
  coordinator.leaseGranted();
  coordinator.windowExtended();
  coordinator.registryAway();
  coordinator.failed(failure);
  coordinator.redisUp(true);
  coordinator.agentsAlive(1);
  coordinator.jobDone('audit', 'ok');
  coordinator.audited({ ranges: 1, violations: ['Two ranges overlap.'], fencesBehind: 0 });
  return { agent, coordinator };
}

/** Every series name that the two services can have. */
async function seriesNames(): Promise<ReadonlySet<string>> {
  const scraped = await Promise.all(Object.values(busyMetrics()).map((metrics) => metrics.scrape()));
  return new Set(
    scraped.flatMap(({ body }) =>
      [...body.matchAll(/^(leafcutter_\w+)(?:\{.*\})? /gm)].map(([, name]) => name ?? ''),
    ),
  );
}

describe('the dashboard', () => {
  test('has panels that explain themselves', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(plots.map(({ title }) => title)).size).toBe(plots.length);
    for (const panel of plots) {
      expect(panel).toMatchObject({
        title: expect.stringMatching(/./),
        description: expect.stringMatching(/\.$/),
      });
      expect([panel.title, panel.fieldConfig?.defaults.unit]).toEqual([
        panel.title,
        expect.stringMatching(/./),
      ]);
      expect([panel.title, panel.targets?.length]).not.toEqual([panel.title, 0]);
      for (const { expr, legendFormat } of panel.targets ?? [])
        expect([expr, legendFormat]).not.toContain('');
    }
    expect(dashboard.templating.list.map(({ name }: { name: string }) => name)).toEqual([
      'datasource',
      'tag',
    ]);
  });

  test('and the alerts ask only for metrics that the services have', async () => {
    const known = await seriesNames();
    const queries = [...plots.flatMap(({ targets = [] }) => targets), ...rules].map(({ expr }) => expr);
    const asked = new Set(queries.flatMap((query) => query.match(/leafcutter_\w+/g) ?? []));
    expect(asked.size).toBeGreaterThan(25);
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('Prometheus', () => {
  test('scrapes every service of ours where it listens', () => {
    const targets = (job: string) =>
      prometheusConfig.scrape_configs.find(({ job_name }: { job_name: string }) => job_name === job)
        .static_configs[0].targets;
    for (const role of ['coordinator', 'agent'] as const) {
      const listening = configured(role).map(({ name, config }) => `${name}:${config?.listen.port}`);
      expect(targets(`leafcutter-${role}`)).toEqual(listening);
    }
  });

  test('calls for help at every code that is not the caller’s own mistake', () => {
    const { expr = '' } = rules.find(({ alert }) => alert === 'LeafcutterRequestsRefused') ?? {};
    const serious = Object.entries(ERROR_CODES).filter(([, { status }]) => status >= 500);
    expect(/code=~"([^"]+)"/.exec(expr)?.[1]?.split('|').sort()).toEqual(
      serious.map(([code]) => code).sort(),
    );
  });

  testWith('promtool', lookUpBinary('promtool'), 'accepts its configuration and alerts', async (promtool) => {
    await run(promtool, ['check', 'config', join(ROOT, 'deploy/prometheus/prometheus.yml')]);
  });

  testWith(
    'prometheus',
    lookUpBinary('prometheus'),
    'finds data for every panel, and an audit violation raises its alert',
    async (prometheus) => {
      await using scraped = await serveMetrics();
      await using server = await startPrometheus(prometheus, scraped.ports);
      for (const { title, targets = [] } of plots) {
        for (const { expr, legendFormat } of targets) {
          const query = expr.replaceAll('$__rate_interval', '10s').replaceAll('$tag', '.*');
          const series = await poll(async () => (await server.query(query)).find(() => true), 20_000, 200);
          expect([title, query, series]).toEqual([title, query, expect.anything()]);
          const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
          // Snowflake IDs have no tag.
          for (const label of labels)
            if (label !== 'tag') expect([title, series]).toHaveProperty(`1.${label}`);
        }
      }
      const firing = 'ALERTS{alertname="LeafcutterAuditViolation",alertstate="firing"}';
      expect(await poll(async () => (await server.query(firing)).length, 20_000, 200)).toBe(1);
      expect(await server.brokenRules()).toEqual([]);
    },
  );
});

/** Serves each service's metrics as the service would, in this process. */
async function serveMetrics() {
  const servers = Object.values(busyMetrics()).map((metrics) =>
    createServer(async (_, response) => {
      const { body, contentType } = await metrics.scrape();
      response.setHeader('Content-Type', contentType).end(body);
    }),
  );
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const [agent, coordinator] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    ports: { agent, coordinator } as { agent: number; coordinator: number },
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** A Prometheus with our configuration, but for the addresses and the pace. */
async function startPrometheus(command: string, ports: { agent: number; coordinator: number }) {
  const directory = await scratch();
  const port = await freePort();
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(ROOT, 'deploy/prometheus/alerts.yml')],
    scrape_configs: (['agent', 'coordinator'] as const).map((role) => ({
      job_name: `leafcutter-${role}`,
      static_configs: [{ targets: [`127.0.0.1:${ports[role]}`] }],
    })),
  };
  // JSON is YAML.
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const url = `127.0.0.1:${port}`;
  const args = [`--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`];
  const process = startProcess({
    command,
    args: [...args, `--web.listen-address=${url}`],
    name: 'prometheus',
  });
  const ask = async (path: string) => {
    const { data } = (await (await fetch(`http://${url}/api/v1/${path}`)).json()) as {
      data: {
        result: { metric: Record<string, string> }[];
        groups: { rules: { name: string; health: string }[] }[];
      };
    };
    return data;
  };
  const up = await poll(async () => (await fetch(`http://${url}/-/ready`)).ok, 20_000, 50);
  if (!up) throw new Error(`Prometheus did not come up; it last said:\n${process.tail()}`);
  return {
    async query(query: string) {
      const { result } = await ask(`query?query=${encodeURIComponent(query)}`);
      return result.map(({ metric }) => metric);
    },
    async brokenRules() {
      const { groups } = await ask('rules?type=alert');
      return groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== 'ok');
    },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
