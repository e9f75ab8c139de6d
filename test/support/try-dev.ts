import { deepEqual, match } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { GREETER, GrpcClient, ID_SERVICE } from './grpc-client.ts';
import { PATIENCE_MS } from './patience.ts';
import { freePort } from './ports.ts';
import { startProcess } from './process.ts';
import { scratchDir } from './scratch-dir.ts';

const run = promisify(execFile);
const portOf = (at: string) => Number(at.split(':').at(-1));
const text = async (url: string) => (await fetch(url)).text();

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** The line starts others that start the program: all of them are interrupted, as by Ctrl-C in a terminal. */
  readonly asGroup?: boolean;
  /** Where it keeps its counters, as it sees files; default a folder of the run. */
  readonly data?: string;
}

/**
 * Tries a program as a newcomer does: starts `dev`, draws an ID over each door, lets `verify` look for IDs that came
 * twice, and stops it.
 *
 * @param line the command line that starts the program
 * @throws Error that says what went wrong
 */
export async function tryDev(line: readonly [string, ...string[]], options: Options = {}): Promise<void> {
  const { env = {}, cwd, asGroup = false, data = join(await scratchDir('dev'), 'data') } = options;
  const [command, ...args] = asGroup ? (['setsid', ...line] as const) : line;
  const at = await Promise.all(Array.from({ length: 5 }, async () => `127.0.0.1:${await freePort()}`));
  const [coordinator = '', agent = '', grpc = '', goLeaf = '', resp = ''] = at;
  const doors = ['--dev-grpc', grpc, '--dev-go-leaf-grpc', goLeaf, '--dev-resp', resp];
  const flags = ['--dev-coordinator', coordinator, '--dev-agents', agent, ...doors, '--data-dir', data];
  await using dev = startProcess({ command, args: [...args, 'dev', ...flags], env, cwd, name: 'dev' });
  await dev.waitForLine(/Leafcutter is ready/);

  const ids = await drawOverEachDoor(agent, {
    grpc: portOf(grpc),
    goLeaf: portOf(goLeaf),
    resp: portOf(resp),
  });
  deepEqual(
    ids,
    ids.map((_, index) => String(index + 1)),
  );
  match(await text(`http://${agent}/v1/snowflake`), /^\d{15,19}$/);
  for (const page of [agent, coordinator]) match(await text(`http://${page}/`), /<!doctype html>/);

  const places = ['--agents', `http://${agent}`, '--coordinator', `http://${coordinator}`];
  const drawn = ['--tag', 'demo', '--snowflake', '--ids', '5000'];
  const surroundings = { env: { ...process.env, ...env }, cwd, timeout: PATIENCE_MS };
  const { stdout } = await run(line[0], [...line.slice(1), 'verify', ...drawn, ...places], surroundings);
  match(stdout, /VERDICT: no violation/);

  if (asGroup) process.kill(-dev.pid, 'SIGINT');
  else dev.signal('SIGINT');
  await dev.waitForLine(/Stopped\. The next start continues from here/);
  const exit = await dev.exited;
  // What stands between makes a code of its own of it.
  if (!asGroup) deepEqual(exit, { code: 0, signal: null });
}

async function drawOverEachDoor(
  agent: string,
  ports: { readonly grpc: number; readonly goLeaf: number; readonly resp: number },
): Promise<string[]> {
  const ids = [
    await text(`http://${agent}/v1/ids/demo`),
    await text(`http://${agent}/api/segment/get/demo`),
    await text(`http://${agent}/tinyid/id/nextIdSimple?bizType=demo`),
  ];
  using native = new GrpcClient(ID_SERVICE, ports.grpc);
  ids.push(String((await native.call('NextId', { tag: 'demo' })).value?.id));
  using greeter = new GrpcClient(GREETER, ports.goLeaf);
  ids.push(String((await greeter.call('Segment', { biz_tag: 'demo' })).value?.Id));
  const redis = new Redis(ports.resp, '127.0.0.1', { retryStrategy: null });
  ids.push(String(await redis.incr('demo')));
  redis.disconnect();
  return ids;
}
