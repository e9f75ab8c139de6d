import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter, type RunningProcess } from '../support/process.ts';
import { isAlive, scratchDir } from '../support/scratch-dir.ts';

/** `leafcutter dev` on ports and in a folder of its own. */
class Dev {
  readonly coordinator: string;
  readonly agents: readonly string[];
  readonly doors: readonly string[];
  readonly #dataDir: string;

  private constructor(
    coordinator: string,
    agents: readonly string[],
    doors: readonly string[],
    dataDir: string,
  ) {
    this.coordinator = coordinator;
    this.agents = agents;
    this.doors = doors;
    this.#dataDir = dataDir;
  }

  static async prepare(given: { coordinator?: string; agents?: readonly string[] } = {}): Promise<Dev> {
    const { coordinator = await freeAddress(), agents = [await freeAddress(), await freeAddress()] } = given;
    const doors = [await freeAddress(), await freeAddress(), await freeAddress()];
    return new Dev(coordinator, agents, doors, join(await scratchDir('dev'), 'data'));
  }

  /** Starts it, in the data folder of `home`. */
  start(env: Readonly<Record<string, string>> = {}, home: Dev = this): RunningProcess {
    const { coordinator, agents, doors } = this;
    const [grpc = '', goLeafGrpc = '', resp = ''] = doors;
    const flags = [
      '--dev-coordinator',
      coordinator,
      '--dev-agents',
      agents.join(','),
      '--dev-grpc',
      grpc,
      '--dev-go-leaf-grpc',
      goLeafGrpc,
      '--dev-resp',
      resp,
      '--data-dir',
      home.#dataDir,
    ];
    return leafcutter(['dev', ...flags], env);
  }

  /** IDs from all agents at once, in batches. */
  async draw(): Promise<{ segment: bigint[]; snowflake: bigint[] }> {
    const from = async (path: string) => {
      const batches = this.agents.flatMap((agent) =>
        Array.from({ length: 10 }, () => text(`http://${agent}${path}`)),
      );
      return (await Promise.all(batches)).flatMap((batch) => batch.trim().split('\n').map(BigInt));
    };
    return { segment: await from('/v1/ids/demo?count=50'), snowflake: await from('/v1/snowflake?count=50') };
  }
}

async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

async function text(url: string): Promise<string> {
  const response = await fetch(url);
  const body = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${body}`);
  return body;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

function isGone(pids: readonly number[]): boolean {
  return pids.every((pid) => !isAlive(pid));
}

const max = (ids: readonly bigint[]) => ids.reduce((highest, id) => (id > highest ? id : highest), 0n);
const min = (ids: readonly bigint[]) => ids.reduce((lowest, id) => (id < lowest ? id : lowest), 2n ** 63n);

describe('leafcutter dev', () => {
  test('serves different IDs from every agent, stops on Ctrl-C and continues above all it gave out', async () => {
    const dev = await Dev.prepare();
    let before: { segment: bigint[]; snowflake: bigint[] } | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      await using running = dev.start();
      await running.waitForLine(/Leafcutter is ready/);
      await running.waitForLine(new RegExp(`curl http://${dev.agents[0]}/v1/ids/demo`));
      const drawn = await dev.draw();
      expect(new Set(drawn.segment).size).toBe(1_000);
      expect(new Set(drawn.snowflake).size).toBe(1_000);
      if (before !== undefined) {
        expect(min(drawn.segment)).toBeGreaterThan(max(before.segment));
        expect(min(drawn.snowflake)).toBeGreaterThan(max(before.snowflake));
      }
      before = drawn;

      const children = childrenOf(running.pid);
      expect(children).toHaveLength(3);
      process.kill(running.pid, signal);
      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(running.tail()).toContain('Stopped. The next start continues from here.');
      expect(isGone(children)).toBe(true);
    }
  });

  test('takes the keys of opaque tags from the environment, and leaves no child behind when it is killed', async () => {
    const dev = await Dev.prepare();
    await using running = dev.start({ LEAFCUTTER_OPAQUE_KEYS: `1=${'k'.repeat(32)}` });
    await running.waitForLine(/Leafcutter is ready/);
    const children = childrenOf(running.pid);
    expect(children).toHaveLength(3);
    const body = JSON.stringify({ tag: 'secret', shape: 'S-{opaque-base36}' });
    const headers = { 'content-type': 'application/json' };
    await fetch(`http://${dev.coordinator}/v1/tags`, { method: 'POST', headers, body });
    for (const agent of dev.agents)
      expect(await text(`http://${agent}/v1/ids/secret`)).toMatch(/^S-1[0-9A-Z]{13}$/);
    await running.kill();
    expect(await poll(() => isGone(children))).toBe(true);
  });

  test('stops, and says why, when one of its services dies', async () => {
    const dev = await Dev.prepare();
    await using running = dev.start();
    await running.waitForLine(/Leafcutter is ready/);
    const [first = -1, ...others] = childrenOf(running.pid);
    process.kill(first, 'SIGKILL');
    expect(await running.exited).toEqual({ code: 1, signal: null });
    expect(running.tail()).toMatch(/coordinator ended with SIGKILL; its log is in .*logs/);
    expect(isGone(others)).toBe(true);
  });

  test('stops at once when asked to while it starts', async () => {
    const dev = await Dev.prepare();
    await using running = dev.start();
    await running.waitForLine(/Starting an embedded coordinator/);
    const children = (await poll(() => childrenOf(running.pid).length > 0 && childrenOf(running.pid))) ?? [];
    process.kill(running.pid, 'SIGINT');
    expect((await running.exited).code).toBe(0);
    expect(isGone(children)).toBe(true);
  });

  test.each(['coordinator', 'agent'] as const)('names the port that is busy for the %s', async (which) => {
    const port = await freePort();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    const busy = `127.0.0.1:${port}`;
    const dev = await Dev.prepare(
      which === 'coordinator' ? { coordinator: busy } : { agents: [await freeAddress(), busy] },
    );
    await using running = dev.start();
    const { code } = await running.exited;
    taken.close();
    expect(code).toBe(1);
    expect(running.tail()).toContain(`Port ${port} on 127.0.0.1 is in use`);
    expect(running.tail()).toContain('To use other ports: leafcutter dev --dev-coordinator');
    expect(running.tail()).not.toContain('Leafcutter is ready');
  });

  test('does not take another one that runs on the same ports for its own', async () => {
    const dev = await Dev.prepare();
    await using running = dev.start();
    await running.waitForLine(/Leafcutter is ready/);
    const twin = await Dev.prepare(dev);
    await using second = twin.start();
    expect((await second.exited).code).toBe(1);
    expect(second.tail()).toContain(`Port ${dev.coordinator.split(':')[1]} on 127.0.0.1 is in use`);
    expect(second.tail()).not.toContain('Leafcutter is ready');
    expect((await dev.draw()).segment).toHaveLength(1_000);
  });

  test('says of a data folder that is in use how to run a second one', async () => {
    const dev = await Dev.prepare();
    await using running = dev.start();
    await running.waitForLine(/Leafcutter is ready/);
    const beside = await Dev.prepare();
    await using second = beside.start({}, dev);
    expect((await second.exited).code).toBe(1);
    expect(second.tail()).toMatch(/Another process, .* has .*leafcutter\.db open/);
    expect(second.tail()).toContain('To run a second one: leafcutter dev --data-dir');
    expect(second.tail()).not.toContain('To use other ports');
  });

  test('ends with 78 and a sentence where a setting is wrong', async () => {
    await using running = leafcutter(['dev', '--dev-agents', '8000']);
    expect((await running.exited).code).toBe(78);
    expect(running.tail()).toContain('--dev-agents is "8000": must be 1 or more addresses as host:port');
  });
});
