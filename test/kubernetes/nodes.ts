import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, KubeObject } from './api.ts';

/** How often a node looks at its pods. */
const EVERY_MS = 200;
/** From when a node first sees a pod until that is ready: not at once, or no gap would ever show. */
const STARTS_WITHIN_MS = 2_000;

interface PodSpec {
  readonly restartPolicy?: string;
  readonly nodeName?: string;
  readonly containers: readonly { readonly name: string; readonly image: string }[];
  readonly initContainers?: readonly {
    readonly name: string;
    readonly image: string;
    readonly restartPolicy?: string;
  }[];
}

const path = ({ metadata: { namespace, name } }: KubeObject) =>
  `/api/v1/namespaces/${namespace}/pods/${name}`;

/**
 * Nodes without a kubelet. They say that every pod runs and is ready two seconds after it was bound, unless its name is among
 * `unready`, that one which is never to start again has succeeded, and that it is gone as soon as it is to be deleted. Nothing is started: there are no probes, no preStop, no volumes.
 */
export class Nodes {
  /** Beginnings of the names of pods that do not become ready. */
  readonly unready = new Set<string>();
  /** The grace that pods were given with their deletion, by name. */
  readonly graces = new Map<string, number>();
  /** What the API server refused: it changed in between, or is gone. Told if something else goes wrong. */
  lastProblem = '';
  readonly #api: Api;
  readonly #names: readonly string[];
  /** By name: the pod's address, and when it was first seen. */
  readonly #seen = new Map<string, { readonly ip: string; readonly atMs: number }>();
  #ended = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(api: Api, names: readonly string[]) {
    this.#api = api;
    this.#names = names;
  }

  async start(): Promise<void> {
    for (const [index, name] of this.#names.entries()) {
      const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${index % 2}` };
      const capacity = { cpu: '32', memory: '64Gi', pods: '110' };
      const now = new Date().toISOString();
      const ready = {
        type: 'Ready',
        status: 'True',
        reason: 'Simulated',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      };
      await this.#api.call('POST', '/api/v1/nodes', {
        kind: 'Node',
        apiVersion: 'v1',
        metadata: { name, labels },
      });
      await this.#api.call('PATCH', `/api/v1/nodes/${name}/status`, {
        status: { capacity, allocatable: capacity, conditions: [ready] },
      });
      // The server marks every new node as not ready, and the controller that would take that back is off.
      await this.#api.call('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null } });
    }
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      await this.#look().catch((error: Error) => {
        this.lastProblem = error.message;
      });
      await sleep(EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    for (const pod of await this.#api.list('/api/v1/pods')) {
      const { nodeName } = pod.spec as unknown as PodSpec;
      if (nodeName === undefined) continue;
      if (pod.metadata.deletionTimestamp !== undefined) await this.#end(pod);
      else await this.#report(pod);
    }
  }

  async #end(pod: KubeObject): Promise<void> {
    this.graces.set(pod.metadata.name, pod.metadata.deletionGracePeriodSeconds ?? 0);
    await this.#api.call('DELETE', path(pod), { gracePeriodSeconds: 0 });
  }

  async #report(pod: KubeObject): Promise<void> {
    const isReady = ![...this.unready].some((name) => pod.metadata.name.startsWith(name));
    const conditions = (pod.status?.conditions ?? []) as readonly { type: string; status: string }[];
    const said = conditions.find(({ type }) => type === 'Ready')?.status;
    if (said === (isReady ? 'True' : 'False')) return;
    const { ip, atMs } = this.#firstSeen(pod.metadata.name);
    if (performance.now() < atMs + STARTS_WITHIN_MS) return;
    const now = new Date().toISOString();
    const status = (type: string, is: boolean) => ({
      type,
      status: is ? 'True' : 'False',
      lastTransitionTime: now,
    });
    const { containers, initContainers = [], restartPolicy } = pod.spec as unknown as PodSpec;
    const running = ({ name, image }: { name: string; image: string }, ready: boolean) => ({
      name,
      image,
      imageID: '',
      ready,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    });
    await this.#api.call('PATCH', `${path(pod)}/status`, {
      status: {
        phase: restartPolicy === 'Never' ? 'Succeeded' : 'Running',
        startTime: now,
        podIP: ip,
        podIPs: [{ ip }],
        conditions: [
          status('Initialized', true),
          status('ContainersReady', isReady),
          status('Ready', isReady),
        ],
        initContainerStatuses: initContainers.map((container) => running(container, true)),
        containerStatuses: containers.map((container) => running(container, isReady)),
      },
    });
  }

  #firstSeen(name: string) {
    const index = this.#seen.size + 1;
    const seen = this.#seen.get(name) ?? {
      ip: `10.1.${index >> 8}.${index & 255}`,
      atMs: performance.now(),
    };
    this.#seen.set(name, seen);
    return seen;
  }
}
