import { join } from 'node:path';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { pinServer, stepAside, wrk } from './load-tools.ts';
import { incrementsPerSecond } from './resp-rows.ts';
import { type Round, type Row, ratios } from './rounds.ts';

const STEP = 50_000_000;
const PIPELINE = 16;

interface Doors {
  readonly http: string;
  readonly respPort: number;
}

/** One agent, and in turn with it that of another version, whose tree is `beside`, both on the servers' core. */
export async function besideDoors(
  beside: string,
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const subject = await openDoors(stack, undefined);
  const baseline = await openDoors(stack, join(beside, 'packages/cli/src/main.ts'));
  const seconds = quick ? 2 : 4;
  const increments = quick ? 400_000 : 1_600_000;
  const rate: Round[] = [];
  const p99: Round[] = [];
  const resp: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    progress(
      round === 0 ? 'doors of an agent: warming up' : `doors of an agent: round ${round} of ${rounds}`,
    );
    const own = await wrk(subject.http, seconds);
    const other = await wrk(baseline.http, seconds);
    const incremented = await incrementsPerSecond(subject.respPort, PIPELINE, increments);
    const besides = await incrementsPerSecond(baseline.respPort, PIPELINE, increments);
    if (round === 0) continue;
    rate.push({ subject: own.perSecond, baseline: other.perSecond });
    p99.push({ subject: own.p99, baseline: other.p99 });
    resp.push({ subject: incremented, baseline: besides });
  }
  const http = `agent HTTP, 1 ID, kept alive, vs ${beside}`;
  return [
    { row: http, unit: 'requests/s', atLeast: 0.98, ...ratios(rate) },
    { row: `${http}, 99th percentile`, unit: 'ms', ...ratios(p99) },
    {
      row: `agent INCR, pipeline ${PIPELINE}, vs ${beside}`,
      unit: 'commands/s',
      atLeast: 0.97,
      ...ratios(resp),
    },
  ];
}

async function openDoors(stack: AsyncDisposableStack, main: string | undefined): Promise<Doors> {
  const flags = ['--data-dir', await scratchDir('bench-beside'), '--auto-create-tags'];
  const common = { pace: 'product', name: 'bench', main } as const;
  const coordinator = await Service.start({ ...common, kind: 'coordinator', flags });
  stack.defer(() => coordinator.stop());
  const body = JSON.stringify({ tag: 'bench', step: STEP, maxStep: STEP, start: '1000000000' });
  const headers = { 'content-type': 'application/json' };
  await coordinator.json('/v1/tags', { method: 'POST', headers, body });
  await stepAside(coordinator.process.pid);
  const respPort = await freePort();
  const agent = await Service.start({
    ...common,
    kind: 'agent',
    flags: ['--coordinators', coordinator.url, '--resp-listen', `127.0.0.1:${respPort}`],
  });
  stack.defer(() => agent.stop());
  await pinServer(agent.process.pid);
  return { http: `${agent.url}/v1/ids/bench`, respPort };
}
