import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort } from '../support/ports.ts';
import { startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { type Round, type Row, ratios } from './rounds.ts';

const run = promisify(execFile);

const CONNECTIONS = '50';

/** `INCR` per second at an agent's Redis door beside redis-server, loaded in turn by redis-benchmark. */
export async function respRows(
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const redis = await startRedis();
  stack.defer(async () => void (await redis.stop()));
  const flags = ['--data-dir', await scratchDir('bench-resp'), '--auto-create-tags'];
  const coordinator = await Service.start({ pace: 'product', kind: 'coordinator', name: 'bench', flags });
  stack.defer(() => coordinator.stop());
  const port = await freePort();
  const door = ['--coordinators', coordinator.url, '--resp-listen', `127.0.0.1:${port}`];
  const agent = await Service.start({ pace: 'product', kind: 'agent', name: 'bench', flags: door });
  stack.defer(() => agent.stop());

  const rows: Row[] = [];
  for (const pipeline of [1, 16]) {
    const requests = (quick ? 40_000 : 200_000) * (pipeline === 1 ? 1 : 8);
    const measured: Round[] = [];
    for (let round = 0; round <= rounds; round++) {
      const name = `Redis protocol, pipeline ${pipeline}`;
      progress(round === 0 ? `${name}: warming up` : `${name}: round ${round} of ${rounds}`);
      const subject = await incrementsPerSecond(port, pipeline, requests);
      const baseline = await incrementsPerSecond(redis.port, pipeline, requests);
      if (round > 0) measured.push({ subject, baseline });
    }
    rows.push({
      row: `agent INCR, pipeline ${pipeline}, vs redis-server`,
      unit: 'commands/s',
      ...ratios(measured),
    });
  }
  return rows;
}

/** `INCR` per second at a port, by redis-benchmark. */
export async function incrementsPerSecond(port: number, pipeline: number, requests: number): Promise<number> {
  const flags = ['-p', String(port), '-c', CONNECTIONS, '-P', String(pipeline), '-n', String(requests)];
  const { stdout } = await run('redis-benchmark', [...flags, '-q', 'INCR', 'bench'], { timeout: 120_000 });
  const rate = [...stdout.matchAll(/([0-9.]+) requests per second/g)].at(-1)?.[1];
  if (rate === undefined) throw new Error(`redis-benchmark said: ${stdout.slice(-200)}`);
  return Number(rate);
}
