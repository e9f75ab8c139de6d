import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Api, type KubeObject } from './api.ts';
import { Nodes } from './nodes.ts';
import type { Programs } from './programs.ts';

const NODES = ['node-1', 'node-2', 'node-3'];
/** A command that hangs must not hang the run. */
const COMMAND_MS = 5 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What became of a command. */
export interface Ran {
  readonly isOk: boolean;
  readonly out: string;
  readonly err: string;
}

/** A control plane on 127.0.0.1 with simulated nodes. It ends with this process. */
export class Cluster implements AsyncDisposable {
  readonly api: Api;
  readonly nodes: Nodes;
  readonly programs: Programs;
  readonly #folder: string;
  readonly #processes: readonly RunningProcess[];
  readonly #removed = new Set<string>();

  private constructor(programs: Programs, folder: string, api: Api, processes: readonly RunningProcess[]) {
    this.programs = programs;
    this.#folder = folder;
    this.api = api;
    this.#processes = processes;
    this.nodes = new Nodes(api, NODES);
  }

  /** @throws Error with the last lines of what does not come up */
  static async start(programs: Programs): Promise<Cluster> {
    const folder = await scratchDir('kubernetes');
    const token = randomBytes(16).toString('hex');
    const key = join(folder, 'accounts.key');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
    const [client, peer, port] = await Promise.all([freePort(), freePort(), freePort()]);
    const certificate = join(folder, 'apiserver.crt');
    const config = join(folder, 'kubeconfig');
    await writeFile(config, kubeconfig(`https://127.0.0.1:${port}`, token, certificate), { mode: 0o600 });

    const start = (command: string, args: readonly string[]) =>
      startProcess({ name: command, command, args });
    const etcd = start(programs.etcd, etcdFlags(folder, client, peer));
    const server = start(programs.apiServer, serverFlags({ folder, key, port, etcd: client }));
    const processes = [etcd, server];
    const api = await poll(async () => {
      if (!etcd.running || !server.running) return 'ended';
      const asked = new Api(port, token, certificate);
      if ((await asked.call('GET', '/readyz').catch(() => '')) === 'ok') return asked;
      asked.close();
      return undefined;
    });
    if (!(api instanceof Api))
      throw new Error(`The API server does not answer:\n${etcd.tail(5)}\n${server.tail(20)}`);
    const controllers = [
      '--controllers=*,-node-lifecycle-controller',
      `--service-account-private-key-file=${key}`,
    ];
    const own = [`--kubeconfig=${config}`, '--secure-port=0', '--leader-elect=false'];
    processes.push(
      start(programs.controllerManager, [...own, ...controllers, `--root-ca-file=${certificate}`]),
    );
    processes.push(start(programs.scheduler, own));
    const cluster = new Cluster(programs, folder, api, processes);
    await cluster.nodes.start();
    return cluster;
  }

  kubectl(args: readonly string[], input?: string): Promise<Ran> {
    return this.#run(this.programs.kubectl, args, input);
  }

  helm(major: 3 | 4, args: readonly string[]): Promise<Ran> {
    return this.#run(major === 3 ? this.programs.helm3 : this.programs.helm4, args);
  }

  /** The object, or undefined. `resource` is its kind in the plural, with the group before it: `apps/v1/deployments`. */
  async get(resource: string, namespace: string, name: string): Promise<KubeObject | undefined> {
    return (await this.api.call('GET', `${pathOf(resource, namespace)}/${name}`)) as KubeObject | undefined;
  }

  list(resource: string, namespace: string): Promise<readonly KubeObject[]> {
    return this.api.list(pathOf(resource, namespace));
  }

  /** @throws Error that says what the state is not, with the controllers’ last words */
  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    if ((await poll(isSo)) === true) return;
    const dead = this.#processes
      .filter(({ running }) => !running)
      .map((process) => `${process.name}: ${process.tail(3)}`);
    throw new Error(`Not within ${PATIENCE_MS} ms: ${what}. ${dead.join('\n')} ${this.nodes.lastProblem}`);
  }

  /** Makes a namespace, with the strictest profile enforced unless told otherwise, and Secrets as the chart wants them. */
  async namespace(name: string, profile = 'restricted'): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': profile };
    await this.api.call('POST', '/api/v1/namespaces', { metadata: { name, labels } });
    for (const [secret, keys] of Object.entries(SECRETS)) {
      const stringData = Object.fromEntries(keys.map((key) => [key, 'value']));
      await this.api.call('POST', `/api/v1/namespaces/${name}/secrets`, {
        metadata: { name: secret },
        stringData,
      });
    }
    await this.until('the namespace has its account', async () =>
      Boolean(await this.get('serviceaccounts', name, 'default')),
    );
  }

  /** Has a namespace removed, with what is in it; that takes a while. */
  async remove(namespace: string): Promise<void> {
    await this.api.call('DELETE', `/api/v1/namespaces/${namespace}`);
    this.#removed.add(namespace);
  }

  /** Waits until nothing is left of what was to be removed. */
  async untilRemoved(): Promise<void> {
    for (const name of this.#removed) {
      const isGone = async () => (await this.api.call('GET', `/api/v1/namespaces/${name}`)) === undefined;
      await this.until(`${name} is gone`, isGone);
      this.#removed.delete(name);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nodes.stop();
    this.api.close();
    for (const process of [...this.#processes].reverse()) await process.stop(5_000);
  }

  #run(command: string, args: readonly string[], input?: string): Promise<Ran> {
    // A home of their own: what they keep of other servers, or other runs, is not for this one.
    const env = { ...process.env, HOME: this.#folder, KUBECONFIG: join(this.#folder, 'kubeconfig') };
    const options = { env, timeout: COMMAND_MS, maxBuffer: MAX_OUTPUT_BYTES };
    return new Promise((resolve) => {
      const child = execFile(command, [...args], options, (error, out, err) =>
        resolve({ isOk: error === null, out, err }),
      );
      // If it ends without having read, its message says why.
      child.stdin?.on('error', () => undefined).end(input);
    });
  }
}

const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'leafcutter-coordinator': ['mysql-url', 'redis-url', 'agent-tokens', 'admin-tokens'],
  'leafcutter-agent': ['coordinator-token', 'application-tokens'],
};

function pathOf(resource: string, namespace: string): string {
  const parts = resource.split('/');
  const plural = parts.at(-1);
  const group = parts.length > 1 ? `/apis/${parts.slice(0, -1).join('/')}` : '/api/v1';
  return `${group}/namespaces/${namespace}/${plural}`;
}

function etcdFlags(folder: string, client: number, peer: number): string[] {
  const [clients, peers] = [client, peer].map((port) => `http://127.0.0.1:${port}`);
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    '--logger=zap',
    '--log-level=error',
  ];
}

interface Serving {
  readonly folder: string;
  readonly key: string;
  readonly port: number;
  readonly etcd: number;
}

function serverFlags({ folder, key, port, etcd }: Serving): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${folder}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--service-cluster-ip-range=10.96.0.0/16',
  ];
}

function kubeconfig(server: string, token: string, certificate: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster: { server, 'certificate-authority': certificate } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'admin' } }],
    'current-context': 'here',
  });
}
