import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { type Round, ratios } from './rounds.ts';

const CONNECTIONS = 64;

/**
 * Requests per second for one ID over kept-alive connections, beside a bare `node:http` server that answers a
 * constant. Both run for the whole time, each in a process of its own, and are loaded in turn.
 */
export async function httpRow(
  rounds: number,
  secondsEach: number,
  progress: (text: string) => void,
): Promise<object> {
  await using stack = new AsyncDisposableStack();
  const bare = stack.use(
    startProcess({
      command: process.execPath,
      args: [fileURLToPath(new URL('./constant-server.ts', import.meta.url))],
      name: 'bare node:http',
    }),
  );
  const port = /\d+$/.exec(await bare.waitForLine(/^listening on \d+$/))?.[0];
  const data = await scratchDir('bench');
  const coordinator = await Service.start({
    kind: 'coordinator',
    name: 'bench',
    flags: ['--data-dir', data],
  });
  stack.defer(() => coordinator.stop());
  const agent = await Service.start({
    kind: 'agent',
    name: 'bench',
    flags: ['--coordinators', coordinator.url],
  });
  stack.defer(() => agent.stop());
  await coordinator.json('/v1/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag: 'bench', step: 1_000_000 }),
  });

  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? 'HTTP: warming up' : `HTTP: round ${round} of ${rounds}`);
    const subject = await load(`${agent.url}/v1/ids/bench`, secondsEach);
    const baseline = await load(`http://127.0.0.1:${port}/`, secondsEach);
    if (round > 0) measured.push({ subject, baseline });
  }
  return {
    row: 'agent HTTP, 1 ID, keep-alive, vs bare node:http',
    unit: 'requests/s',
    connections: CONNECTIONS,
    ...ratios(measured),
  };
}

async function load(url: string, seconds: number): Promise<number> {
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds });
  if (result.errors > 0 || result.non2xx > 0)
    throw new Error(`${url}: ${result.errors} errors, ${result.non2xx} refusals`);
  return result.requests.average;
}
