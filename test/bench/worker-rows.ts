import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { wrk } from './load-tools.ts';
import { type Round, type Row, ratios } from './rounds.ts';

/** Two workers beside one, one ID per request over kept-alive connections; the workers may use both cores, the load one. */
export async function workerRows(
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const flags = ['--data-dir', await scratchDir('bench-workers'), '--auto-create-tags'];
  const coordinator = await Service.start({ pace: 'product', kind: 'coordinator', name: 'bench', flags });
  stack.defer(() => coordinator.stop());
  const agents: Service[] = [];
  for (const workers of ['2', '1']) {
    const door = ['--coordinators', coordinator.url, '--workers', workers];
    const agent = await Service.start({
      pace: 'product',
      kind: 'agent',
      name: `bench-${workers}`,
      flags: door,
    });
    stack.defer(() => agent.stop());
    agents.push(agent);
  }
  const [two, one] = agents;
  if (two === undefined || one === undefined) throw new Error('two agents were started');
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? 'workers: warming up' : `workers: round ${round} of ${rounds}`);
    const subject = await wrk(`${two.url}/v1/ids/bench`, quick ? 2 : 4);
    const baseline = await wrk(`${one.url}/v1/ids/bench`, quick ? 2 : 4);
    if (round > 0) measured.push({ subject: subject.perSecond, baseline: baseline.perSecond });
  }
  return [
    {
      row: 'agent HTTP, two workers vs one',
      unit: 'requests/s',
      note: 'the load generator takes one of the two cores',
      ...ratios(measured),
    },
  ];
}
