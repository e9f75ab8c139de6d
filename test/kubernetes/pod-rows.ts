/** Faults that take pods, controllers and nodes to be seen. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from './api.ts';
import { bad, type Finding, good, reason, type Task, type Trial, verdict } from './subject.ts';

/** Longer than evictions need that nothing holds up. */
const DRAIN_S = 60;
const LOOK_EVERY_MS = 100;

const nodeOf = ({ spec }: KubeObject) => String(spec.nodeName);

/** Drains nodes one after the other, each for this namespace's pods only; says what holds it up. */
async function drain(trial: Trial, nodes: readonly string[], selector: string): Promise<string | undefined> {
  for (const node of nodes) {
    const flags = ['--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${DRAIN_S}s`];
    const ran = await trial.cluster.kubectl(['drain', node, ...flags, `--pod-selector=${selector}`]);
    await trial.cluster.kubectl(['uncordon', node]);
    if (!ran.isOk)
      return /Cannot evict[^\n]*|global timeout[^\n]*/.exec(ran.err)?.[0].slice(0, 120) ?? reason(ran);
  }
  return undefined;
}

/** Shared agents, and one on each node, by the plain manifests, as somebody has them on the way to the other mode. */
async function bothApplied(trial: Trial): Promise<Finding> {
  for (const file of ['agent-deployment.yaml', 'agent-daemonset.yaml']) {
    const ran = await trial.apply(await trial.manifest(file));
    if (!ran.isOk) return bad(reason(ran));
  }
  const pods = await trial.untilPods('leafcutter-agent', 5);
  const nodes = [...new Set(pods.map(nodeOf))];
  const held = await drain(trial, nodes, 'app.kubernetes.io/component=agent');
  return held === undefined ? good(`${nodes.length} nodes drained`) : bad(held);
}

async function sickCoordinators(trial: Trial): Promise<Finding> {
  const { unready } = trial.cluster.nodes;
  unready.add('leafcutter-coordinator');
  try {
    const ran = await trial.bring({ coordinator: { autoscaling: { enabled: false } } });
    if (!ran.isOk) return bad(reason(ran));
    const [pod] = await trial.untilPods('leafcutter-coordinator', 2);
    const held = await drain(trial, [nodeOf(pod as KubeObject)], 'app.kubernetes.io/component=coordinator');
    return held === undefined ? good('evicted') : bad(held);
  } finally {
    unready.delete('leafcutter-coordinator');
  }
}

export async function readyEndpoints(trial: Trial): Promise<number> {
  const slices = await trial.cluster.list('discovery.k8s.io/v1/endpointslices', trial.namespace);
  const own = slices.filter(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'leafcutter-agent',
  );
  const endpoints = own.flatMap(
    (slice) => (slice as unknown as { endpoints?: readonly Endpoint[] | null }).endpoints ?? [],
  );
  return endpoints.filter(({ conditions }) => conditions.ready).length;
}

interface Endpoint {
  readonly conditions: { readonly ready: boolean };
}

/** The fewest ready endpoints of the agents' Service while `act` runs. */
export async function fewestEndpoints(trial: Trial, act: () => Promise<void>): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  let ended = false;
  const look = async () => {
    while (!ended) {
      fewest = Math.min(fewest, await readyEndpoints(trial).catch(() => fewest));
      await sleep(LOOK_EVERY_MS);
    }
  };
  const looking = look();
  try {
    await act();
  } finally {
    ended = true;
    await looking;
  }
  return fewest;
}

async function otherMode(trial: Trial): Promise<Finding> {
  const to = async (mode: string, agents: number) => {
    const ran = await trial.bring({ agent: { mode } });
    if (!ran.isOk) throw new Error(reason(ran));
    await trial.untilPods('leafcutter-agent', agents);
    await trial.cluster.until(`${agents} endpoints`, async () => (await readyEndpoints(trial)) === agents);
  };
  await to('deployment', 2);
  const isEarlier = trial.subject.name === 'before';
  const fewest = await fewestEndpoints(trial, async () => {
    if (!isEarlier) await to('both', 5);
    await to('daemonset', 3);
  });
  return verdict(fewest > 0, `${isEarlier ? '' : 'by `both`: '}never under ${fewest}`);
}

async function taintedNode(trial: Trial): Promise<Finding> {
  const taint = 'dedicated=others:NoSchedule';
  await trial.cluster.kubectl(['taint', 'node', 'node-3', taint]);
  try {
    const ran = await trial.bring({ agent: { mode: 'daemonset' } });
    if (!ran.isOk) return bad(reason(ran));
    const name = 'leafcutter-agent';
    const desired = async () => {
      const { status } = (await trial.get('apps/v1/daemonsets', name)) ?? {};
      return Number(status?.desiredNumberScheduled ?? 0);
    };
    await trial.cluster.until('the DaemonSet is counted', async () => (await desired()) > 0);
    const count = await desired();
    return verdict(count === 3, `${count} of 3 nodes`);
  } finally {
    await trial.cluster.kubectl(['taint', 'node', 'node-3', `${taint}-`]);
  }
}

export const POD_ROWS: readonly Task[] = [
  { what: 'agents of both modes applied one after the other, then each node drained', see: bothApplied },
  { what: 'a node drained while no coordinator is ready', see: sickCoordinators },
  { what: 'endpoints of agents on the way from Deployment to DaemonSet', see: otherMode },
  { what: 'DaemonSet on three nodes, one of them tainted', see: taintedNode },
];
