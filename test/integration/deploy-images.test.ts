import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { environmentNames } from '@leafcutter/shared/config/settings';
import { VERSION } from '@leafcutter/shared/version';
import {
  composeText,
  configOf,
  configured,
  example,
  ours,
  read,
  run,
  type Service,
  services,
  stack,
  testWith,
  VARIABLE,
} from '../support/deploy.ts';
import { building, runBuildSteps } from '../support/dockerfile.ts';
import { lookUpBinary } from '../support/find-binary.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** Runs `config` of the installed Compose; undefined if there is none. */
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
  // The first Compose does not know the name of a project; it must understand everything else.
  const nameless = join(await scratchDir('deploy'), 'compose.yaml');
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
      const hardened = {
        init: true,
        read_only: true,
        cap_drop: ['ALL'],
        restart: 'unless-stopped',
        security_opt: ['no-new-privileges:true'],
        pids_limit: expect.any(Number),
      };
      expect({ name, ...service }).toMatchObject({ name, ...hardened, mem_limit: expect.any(String) });
      // Our own image brings its health check along.
      if (service.build === undefined) expect({ name, ...service }).toHaveProperty('healthcheck.test');
      for (const { condition } of Object.values(service.depends_on ?? {}))
        expect(condition).toBe('service_healthy');
    }
  });

  test('lets our services drain before they are killed', () => {
    for (const [name, { stop_grace_period = '' }] of ours) {
      const { drainMs = Infinity } =
        configured(name.startsWith('agent') ? 'agent' : 'coordinator')[0]?.config ?? {};
      expect(Number(/^(\d+)s$/.exec(stop_grace_period)?.[1])).toBeGreaterThanOrEqual(drainMs / 1000 + 5);
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
    const empty = join(await scratchDir('deploy'), 'empty.env');
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
    const pinned = /pnpm@(\d+\.\d+\.\d+)/.exec(read('scripts/pnpm.mjs'))?.[1];
    expect(/PNPM_VERSION=(\S+)/.exec(building)?.[1]).toBe(pinned);
  });

  test('has what it runs on: its steps, done here, give a coordinator that its health check finds', async () => {
    const app = await scratchDir('deploy');
    await runBuildSteps(app);
    const main = join(app, 'program/bin/leafcutter.mjs');
    expect((await run(process.execPath, [main, '--version'])).stdout).toContain(`leafcutter ${VERSION} `);

    const listen = `127.0.0.1:${await freePort()}`;
    const healthcheck = (env = {}) =>
      run(process.execPath, [join(ROOT, 'deploy/healthcheck.mjs')], {
        env: { LEAFCUTTER_LISTEN: listen, ...env },
      });
    await expect(healthcheck()).rejects.toThrow(/ECONNREFUSED/);
    await using coordinator = startProcess({
      command: process.execPath,
      args: [main, 'coordinator'],
      env: { LEAFCUTTER_LISTEN: listen },
      cwd: app,
      name: 'coordinator',
    });
    await coordinator.waitForLine(/coordinator is ready/);
    await expect(healthcheck()).resolves.toBeDefined();
    // The second door is asked if there is one, because the first may speak TLS.
    const nobody = `127.0.0.1:${await freePort()}`;
    await expect(
      healthcheck({ LEAFCUTTER_OPS_LISTEN: listen, LEAFCUTTER_LISTEN: nobody }),
    ).resolves.toBeDefined();
    await expect(healthcheck({ LEAFCUTTER_OPS_LISTEN: nobody })).rejects.toThrow(/ECONNREFUSED/);
    const page = await (await fetch(`http://${listen}/`)).text();
    const [script = ''] = /assets\/[\w-]+\.js/.exec(page) ?? [];
    expect((await fetch(`http://${listen}/${script}`)).headers.get('content-type')).toContain('javascript');
  });
});
