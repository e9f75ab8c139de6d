import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { VERSION } from '@leafcutter/shared/version';
import { OWNER_LABEL } from '../../scripts/run-engine.mjs';
import { nodeImage } from '../support/container-images.ts';
import { type Service, stack } from '../support/deploy.ts';
import { docker } from '../support/docker-cli.ts';
import { runBuildSteps, running } from '../support/dockerfile.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { TEST_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startRedis } from '../support/redis-server.ts';
import { ROOT } from '../support/root.ts';
import { runFolder, scratchDir } from '../support/scratch-dir.ts';

const IMAGE = `leafcutter-test/leafcutter:${process.pid}`;
/** Whose the image and its containers are, should this process not come to remove them. */
const OWNED = ['--label', `${OWNER_LABEL}=${basename(runFolder())}`];

/** Built by this machine, as the Dockerfile says, with this machine's pnpm store; the stage that runs, by the engine. */
beforeAll(async () => {
  const { image, substituted } = await nodeImage();
  if (substituted) process.stderr.write(`BASE SUBSTITUTED: ${image} stands in for node:26-slim\n`);
  const context = await scratchDir('dockerfile');
  await mkdir(join(context, 'app'));
  await runBuildSteps(join(context, 'app'));
  await mkdir(join(context, 'deploy'));
  await cp(join(ROOT, 'deploy/healthcheck.mjs'), join(context, 'deploy/healthcheck.mjs'));
  const stage = running.replace('--from=build /app/program', 'app/program');
  await writeFile(join(context, 'Dockerfile'), `FROM ${image}\n${stage}`);
  await docker(['build', '--quiet', ...OWNED, '--tag', IMAGE, context], TEST_MS);
});

afterAll(() => docker(['image', 'rm', '--force', IMAGE]));

/** A container of ours, on loopback, fenced in as the service is in compose.yaml. */
class Contained implements AsyncDisposable {
  readonly #id: string;

  private constructor(id: string) {
    this.#id = id;
  }

  static async start(
    service: Service | undefined,
    { env, secrets }: { env: Record<string, string>; secrets: string },
  ): Promise<Contained> {
    if (!service?.read_only || !service.init) throw new Error('compose.yaml does not fence it in.');
    const fences = [
      ...['--read-only', '--init', '--memory', service.mem_limit ?? ''],
      ...(service.cap_drop ?? []).flatMap((it) => ['--cap-drop', it]),
      ...(service.security_opt ?? []).flatMap((it) => ['--security-opt', it]),
    ];
    const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const mounts = ['--volume', `${secrets}:/run/secrets/leafcutter:ro`];
    return new Contained(
      await docker([
        ...['run', '--detach', '--network', 'host', '--health-interval', '1s', ...OWNED, ...fences],
        ...[...variables, ...mounts, IMAGE, ...(service.command ?? [])],
      ]),
    );
  }

  inspect(format: string): Promise<string> {
    return docker(['inspect', '--format', format, this.#id]);
  }

  async untilHealthy(): Promise<void> {
    const isHealthy = async () => (await this.inspect('{{.State.Health.Status}}')) === 'healthy';
    if ((await poll(isHealthy)) === undefined) throw new Error(`It is not healthy:\n${await this.logs()}`);
  }

  logs(): Promise<string> {
    return docker(['logs', this.#id]);
  }

  /** The output of a Node script that runs beside the service. */
  run(script: string): Promise<string> {
    return docker(['exec', this.#id, 'node', '-p', script]);
  }

  /** SIGTERM, and what the process then ends with. */
  async stop(): Promise<string> {
    await docker(['stop', '--time', '20', this.#id]);
    return this.inspect('{{.State.ExitCode}}');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker(['rm', '--force', '--volumes', this.#id]);
  }
}

test('says what it is, runs as nobody in particular, and is small', async () => {
  const [image] = JSON.parse(await docker(['image', 'inspect', IMAGE]));
  const { User, Entrypoint, Labels, Healthcheck, Env } = image.Config;
  expect(User).toBe('1000:1000');
  // A shell in between would swallow SIGTERM.
  expect(Entrypoint).toEqual(['node', '/app/bin/leafcutter.mjs']);
  expect(Labels).toMatchObject({
    'org.opencontainers.image.title': 'leafcutter',
    'org.opencontainers.image.version': VERSION,
    'org.opencontainers.image.revision': 'unknown',
  });
  expect(Healthcheck.Test).toEqual(['CMD', 'node', '/app/deploy/healthcheck.mjs']);
  expect(Env.join()).not.toMatch(/TOKEN|PASSWORD/);
  const [base] = JSON.parse(await docker(['image', 'inspect', (await nodeImage()).image]));
  const added = image.Size - base.Size;
  process.stderr.write(
    `The image adds ${(added / 1e6).toFixed(1)} MB to ${(base.Size / 1e6).toFixed(0)} MB of its base.\n`,
  );
  expect(added).toBeLessThan(12e6);
});

test('hands out IDs with secrets from files, unable to write or to gain anything, and stops when told', async () => {
  await using mariadb = await startMariadb();
  await using redis = await startRedis();
  const secrets = await secretFiles({
    'mysql-url': mariadb.url,
    'redis-url': redis.url,
    token: 'the-token-of-agents',
  });
  const [door, agentDoor] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const file = (name: string) => `/run/secrets/leafcutter/${name}`;
  await using coordinator = await Contained.start(stack['coordinator-1'], {
    secrets,
    env: {
      LEAFCUTTER_LISTEN: door,
      LEAFCUTTER_MYSQL_URL_FILE: file('mysql-url'),
      LEAFCUTTER_REDIS_URL_FILE: file('redis-url'),
      LEAFCUTTER_AGENT_TOKENS_FILE: file('token'),
      LEAFCUTTER_AUTO_CREATE_TAGS: 'true',
    },
  });
  await coordinator.untilHealthy();
  await using agent = await Contained.start(stack['agent-1'], {
    secrets,
    env: {
      LEAFCUTTER_LISTEN: agentDoor,
      LEAFCUTTER_COORDINATORS: `http://${door}`,
      LEAFCUTTER_COORDINATOR_TOKEN_FILE: file('token'),
      LEAFCUTTER_SNOWFLAKE_ENABLED: 'true',
    },
  });
  await agent.untilHealthy();

  for (const path of ['ids/orders', 'snowflake']) {
    const draw = () => fetch(`http://${agentDoor}/v1/${path}`).then(async (it) => it.ok && (await it.text()));
    expect(await poll(draw)).toMatch(/^\d+$/);
  }
  for (const container of [coordinator, agent]) {
    expect(await container.inspect('{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}')).toBe(
      'true [ALL]',
    );
    for (const path of ['/app/x', '/data/x', '/tmp/x'])
      expect(await container.run(writing(path))).toBe('EROFS');
    const status = await container.run("fs.readFileSync('/proc/1/status', 'utf8')");
    for (const line of [
      /^Uid:\s1000\s1000/m,
      /^CapEff:\s0+$/m,
      /^CapBnd:\s0+$/m,
      /^NoNewPrivs:\s1$/m,
      /^Seccomp:\s2$/m,
    ])
      expect(status).toMatch(line);
  }
  expect([await agent.stop(), await coordinator.stop()]).toEqual(['0', '0']);
  expect(await agent.logs()).toContain('agent has stopped');
  expect(await coordinator.logs()).toContain('coordinator has stopped');
});

test('could not change its own program, had it a root that can be written', async () => {
  const tryIn = (...flags: string[]) =>
    docker(['run', '--rm', ...OWNED, ...flags, '--entrypoint', 'node', IMAGE, '-p', writing('/app/x')]);
  expect(await tryIn()).toBe('EACCES');
  // The same attempt as root goes through: it is the user that stands in its way.
  expect(await tryIn('--user', '0')).toBe('written');
});

const writing = (path: string) =>
  `try { fs.writeFileSync('${path}', ''); 'written' } catch (error) { error.code }`;

async function secretFiles(files: Record<string, string>): Promise<string> {
  const folder = await scratchDir('secrets');
  // As Kubernetes mounts them: readable by everyone in the container, which has no other users.
  await chmod(folder, 0o755);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}
