import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { VERSION } from '@leafcutter/shared/version';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

/** Runs the program to its end. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using process = leafcutter(args, env);
  const { code } = await process.exited;
  return { code, output: process.tail(2_000) };
}

let folder: string;
beforeAll(async () => {
  folder = await scratchDir('cli');
});

describe('the program', () => {
  test.each([[['--help']], [['-h']], [['help']]])('explains itself with %p', async (args) => {
    const { code, output } = await run(args);
    expect(code).toBe(0);
    for (const command of ['dev', 'coordinator', 'agent', 'tag', 'config']) {
      expect(output).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
  });

  test('explains itself and ends with 64 where it is asked for nothing', async () => {
    const { code, output } = await run([]);
    expect(code).toBe(64);
    expect(output).toContain('Usage: leafcutter <command>');
  });

  test.each([[['version']], [['--version']], [['-v']], [['agent', '--version']]])(
    'tells its version and its Node with %p',
    async (args) => {
      const output = `leafcutter ${VERSION} (from a checkout, Node ${process.versions.node})`;
      expect(await run(args)).toEqual({ code: 0, output });
    },
  );

  test.each(['coordinator', 'agent', 'dev'])('%s --help tells its flags', async (command) => {
    const { code, output } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(output).toContain(command === 'dev' ? '--dev-agents' : '--listen');
  });

  test('suggests the command that was meant', async () => {
    const { code, output } = await run(['cordinator']);
    expect(code).toBe(64);
    expect(output).toContain('There is no command "cordinator"');
    expect(output).toMatch(/[Dd]id you mean "?coordinator"?/);
  });

  test('knows no command that every object has', async () => {
    expect((await run(['constructor'])).code).toBe(64);
  });

  test('suggests the flag that was meant', async () => {
    const { code, output } = await run(['agent', '--lisen', '127.0.0.1:1']);
    expect(code).toBe(78);
    expect(output).toContain('--lisen is not a setting of the agent');
    expect(output).toMatch(/[Dd]id you mean "?--listen"?/);
    expect(output).toContain('Run `leafcutter agent --help` for usage.');
  });
});

describe('configuration', () => {
  const file = () => join(folder, 'agent.yaml');

  test.each([
    ['a flag', ['--wait-ms', '0'], {}, '--wait-ms is "0": must be a whole number from 1 to 60_000 (ms).'],
    [
      'a variable',
      [],
      { LEAFCUTTER_WAIT_MS: 'soon' },
      'LEAFCUTTER_WAIT_MS is "soon": must be a whole number',
    ],
    ['a file that never ends', [], { LEAFCUTTER_TOKENS_FILE: '/dev/zero' }, 'it is not a regular file'],
    ['an address', ['--listen', '8000'], {}, '--listen is "8000": must be an address as host:port'],
    [
      'a URL',
      ['--coordinators', 'here'],
      {},
      '--coordinators is "here": must be 1 or more URLs with http://',
    ],
  ])('that is wrong in %s is refused with 78 and a sentence', async (_where, flags, env, sentence) => {
    const { code, output } = await run(['agent', ...flags], env);
    expect(code).toBe(78);
    expect(output).toContain(sentence);
    expect(output).not.toContain('    at ');
  });

  test('that is wrong in a file is refused with the key and the file', async () => {
    writeFileSync(file(), 'waitMs: 0\nsegment:\n  maxTag: 5\n');
    const { code, output } = await run(['agent', '--config', file()]);
    expect(code).toBe(78);
    expect(output).toContain(`waitMs in agent.yaml is 0: must be a whole number from 1 to 60_000 (ms).`);
    expect(output).toContain(
      'segment.maxTag in agent.yaml is not a setting of the agent; did you mean segment.maxTags?',
    );
  });

  test('is listed with all that is wrong at once, and without secrets', async () => {
    const { code, output } = await run(['coordinator', '--listen', 'x', '--drain-ms', 'y'], {
      LEAFCUTTER_MYSQL_URL: 'http://root:hunter2@db/ids',
    });
    expect(code).toBe(78);
    for (const name of ['--listen', '--drain-ms', 'LEAFCUTTER_MYSQL_URL']) expect(output).toContain(name);
    expect(output).not.toContain('hunter2');
  });

  test.each([
    [
      'coordinator',
      ['--listen', '0.0.0.0:0'],
      'set agentTokens and adminTokens, or allowUnauthenticatedNetwork',
    ],
    ['coordinator', ['--listen', '0.0.0.0:0', '--agent-tokens', 'a'], 'set agentTokens and adminTokens'],
    ['agent', ['--listen', '[::]:0'], 'set tokens or allowUnauthenticatedNetwork'],
  ])('%s %p is refused beyond loopback without tokens', async (service, flags, sentence) => {
    const { code, output } = await run([service, ...flags]);
    expect(code).toBe(78);
    expect(output).toContain('--listen is');
    expect(output).toContain(sentence);
  });

  test.each([
    ['short beyond loopback', ['--listen', '0.0.0.0:0'], 'hunter2'],
    ['one that cannot match', [], 'hunter2 hunter3'],
  ])('with a token that is %s is refused, and the token is not told', async (_what, flags, tokens) => {
    const { code, output } = await run(['agent', ...flags], { LEAFCUTTER_TOKENS: tokens });
    expect(code).toBe(78);
    expect(output).toContain('LEAFCUTTER_TOKENS is ***: ');
    expect(output).not.toContain('hunter');
  });

  test('is shown with its sources, secrets masked', async () => {
    const env = { LEAFCUTTER_TOKENS: 'hunter2', LEAFCUTTER_WAIT_MS: '1500' };
    const { code, output } = await run(['config', 'agent', '--listen', '127.0.0.1:1'], env);
    expect(code).toBe(0);
    expect(output).toMatch(/^listen +127\.0\.0\.1:1 {2}\(flag\)$/m);
    expect(output).toMatch(/^waitMs +1500 ms {2}\(env\)$/m);
    expect(output).toMatch(/^tokens +\*\*\* {2}\(env\)$/m);
    expect(output).not.toContain('hunter2');
  });

  test('of another service in the environment is no reason to complain, an unknown variable is', async () => {
    const env = { LEAFCUTTER_ADMIN_TOKENS: 'a', LEAFCUTTER_WAIT_MZ: '5', LEAFCUTTER_SERVICE_PORT: '1' };
    const { code, output } = await run(['config', 'agent'], env);
    expect(code).toBe(0);
    expect(output).toContain('LEAFCUTTER_WAIT_MZ is not a setting of the agent');
    expect(output).not.toContain('LEAFCUTTER_ADMIN_TOKENS');
  });
});

describe('a busy port', () => {
  const taken = createServer();
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
  });
  afterAll(() => void taken.close());

  test.each(['coordinator', 'agent'])('ends %s with a sentence that names it', async (service) => {
    const data = service === 'coordinator' ? ['--data-dir', join(folder, 'busy')] : [];
    const { code, output } = await run([service, '--listen', `127.0.0.1:${port}`, ...data]);
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} on 127.0.0.1 is in use by another process`);
    expect(output).not.toContain('    at ');
  });

  test('on the second door of an agent is named as well', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const { code, output } = await run(['agent', '--listen', listen, '--ops-listen', `127.0.0.1:${port}`]);
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} on 127.0.0.1 is in use`);
    expect(output).toContain('opsListen');
  });
});

describe('an embedded coordinator', () => {
  test('refuses a data directory that another one has open, and takes it over when that one is gone', async () => {
    const flags = ['--data-dir', join(folder, 'one')];
    const first = await Service.start({ kind: 'coordinator', name: 'first', flags });
    const second = ['coordinator', '--listen', `127.0.0.1:${await freePort()}`, ...flags];
    const { code, output } = await run(second);
    expect(code).toBe(1);
    expect(output).toContain('Another process, most likely a coordinator, has');
    expect(output).toContain('stop it, or use another data directory');
    expect(output).not.toContain('    at ');
    await first.process.kill();
    await using heir = leafcutter(second);
    await heir.waitForLine(/coordinator is ready/);
  });

  test.each([
    ['--snowflake-layout', 'javascript'],
    ['--snowflake-timestamp-bits', '40'],
    ['--snowflake-machine-id-bits', '9'],
    ['--snowflake-sequence-bits', '11'],
    ['--snowflake-datacenter-bits', '5'],
    ['--snowflake-epoch-ms', '1700000000000'],
  ])('refuses a data directory of another snowflake layout: %s %s', async (...changed) => {
    const flags = ['--data-dir', join(folder, changed[0])];
    const first = await Service.start({ kind: 'coordinator', name: 'first', flags });
    await first.stop();
    const listen = `127.0.0.1:${await freePort()}`;
    const { code, output } = await run(['coordinator', '--listen', listen, ...changed, ...flags]);
    expect(code).toBe(1);
    expect(output).toContain('The store belongs to a deployment with snowflake layout 41-10-12');
    expect(output).toContain('A deployment keeps its layout and epoch: set snowflake.* back');
  });

  test('takes another range of machine ids, and the preset by its widths', async () => {
    const data = ['--data-dir', join(folder, 'range')];
    const widths = ['--snowflake-timestamp-bits', '41', '--snowflake-machine-id-bits', '10'];
    for (const flags of [[], ['--snowflake-machine-id-range', '5-9'], widths]) {
      const started = await Service.start({ kind: 'coordinator', name: 'range', flags: [...data, ...flags] });
      await started.stop();
    }
  });
});

describe('SIGTERM', () => {
  test('ends agent and coordinator with 0, and the lease with them', async () => {
    const flags = ['--data-dir', join(folder, 'term')];
    const coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags });
    const agent = await Service.start({
      kind: 'agent',
      name: 'leaver',
      flags: ['--coordinators', coordinator.url, '--snowflake-enabled'],
    });
    const held = () => coordinator.json<{ machineIds: { agentId: string }[] }>('/v1/leases?state=held');
    expect((await held()).machineIds.map(({ agentId }) => agentId)).toEqual(['leaver']);

    const begun = performance.now();
    // A client that keeps its connection open does not keep the agent.
    const events = await fetch(`${agent.url}/v1/events`);
    expect(await agent.process.stop()).toEqual({ code: 0, signal: null });
    await events.body?.cancel().catch(() => undefined);
    expect((await held()).machineIds).toEqual([]);
    expect(await coordinator.process.stop()).toEqual({ code: 0, signal: null });
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    process.stdout.write(`agent and coordinator ended ${seconds} s after they were asked to (target 10 s)\n`);
    expect(agent.process.tail()).toContain('agent has stopped');
    expect(coordinator.process.tail()).toContain('coordinator has stopped');
  });

  test('ends an agent whose coordinator is away', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const nobody = `http://127.0.0.1:${await freePort()}`;
    await using agent = leafcutter([
      'agent',
      '--listen',
      listen,
      '--coordinators',
      nobody,
      '--snowflake-enabled',
    ]);
    await agent.waitForLine(/agent is listening/);
    expect(await poll(async () => (await fetch(`http://${listen}/livez`)).ok)).toBe(true);
    expect(await agent.stop()).toEqual({ code: 0, signal: null });
  });
});
