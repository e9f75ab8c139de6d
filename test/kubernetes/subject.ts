import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/root.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { KubeObject } from './api.ts';
import type { Cluster, Ran } from './cluster.ts';

/** The last commit whose chart had only been rendered. */
const EARLIER = '74c29d9';

/** A folder `deploy` that is tried. */
export interface Subject {
  readonly name: 'before' | 'after';
  readonly deploy: string;
}

/** What is seen of a subject. */
export interface Finding {
  readonly isGood: boolean;
  readonly what: string;
}

/** One of the faults that an API server showed once, or something else that must hold of the chart and the manifests. */
export interface Task {
  readonly what: string;
  /** It is tried in a namespace of its own. */
  readonly see: (on: Trial) => Promise<Finding>;
}

export async function earlierSubject(): Promise<Subject> {
  const folder = await scratchDir('earlier');
  await mkdir(folder, { recursive: true });
  const git = `git archive ${EARLIER} deploy | tar -x -C '${folder}'`;
  await promisify(execFile)('sh', ['-c', git], { cwd: ROOT });
  return { name: 'before', deploy: join(folder, 'deploy') };
}

export const presentSubject: Subject = { name: 'after', deploy: join(ROOT, 'deploy') };

/** How objects get to the server: a Helm of this version, or `kubectl apply --server-side` of what Helm renders. */
export type Way = 'Helm 3' | 'Helm 4' | 'server-side apply';
export const WAYS: readonly Way[] = ['Helm 3', 'Helm 4', 'server-side apply'];

/** A subject in a namespace. */
export class Trial {
  readonly cluster: Cluster;
  readonly subject: Subject;
  readonly namespace: string;

  constructor(cluster: Cluster, subject: Subject, namespace: string) {
    this.cluster = cluster;
    this.subject = subject;
    this.namespace = namespace;
  }

  /** Installs or upgrades a release with these values, and no others. */
  async bring(
    values: object,
    { way = 'Helm 3', release = 'leafcutter' }: { way?: Way; release?: string } = {},
  ): Promise<Ran> {
    const common = [release, this.#chart, '--namespace', this.namespace, ...flagsOf(values)];
    if (way !== 'server-side apply')
      return this.cluster.helm(way === 'Helm 3' ? 3 : 4, ['upgrade', '--install', ...common]);
    const rendered = await this.render(values, release);
    if (!rendered.isOk) return rendered;
    return this.cluster.kubectl([...SERVER_SIDE, '--namespace', this.namespace, '-f', '-'], rendered.out);
  }

  render(values: object, release = 'leafcutter'): Promise<Ran> {
    // Without the test pod, which is none of the release's objects.
    const flags = ['--no-hooks', '--kube-version', '1.34.4', '--namespace', this.namespace];
    return this.cluster.helm(3, ['template', release, this.#chart, ...flags, ...flagsOf(values)]);
  }

  /** A file of deploy/kubernetes, for this namespace. */
  async manifest(file: string): Promise<string> {
    const text = await readFile(join(this.subject.deploy, 'kubernetes', file), 'utf8');
    return text.replaceAll(/namespace: "?leafcutter"?$/gm, `namespace: ${this.namespace}`);
  }

  /** Applies the kustomization by an overlay that puts it into this namespace. */
  async overlay(): Promise<Ran> {
    const folder = await scratchDir('overlay');
    const resources = [relative(folder, join(this.subject.deploy, 'kubernetes'))];
    const kustomization = { ...KUSTOMIZATION, namespace: this.namespace, resources };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    return this.cluster.kubectl(['apply', '--validate=strict', '-k', folder]);
  }

  apply(text: string, ...flags: string[]): Promise<Ran> {
    return this.cluster.kubectl(['apply', '--validate=strict', ...flags, '-f', '-'], text);
  }

  get(resource: string, name: string): Promise<KubeObject | undefined> {
    return this.cluster.get(resource, this.namespace, name);
  }

  pods(): Promise<readonly KubeObject[]> {
    return this.cluster.list('pods', this.namespace);
  }

  /** Waits until this many pods whose names begin so run, and no others. */
  async untilPods(beginning: string, count: number): Promise<readonly KubeObject[]> {
    let found: readonly KubeObject[] = [];
    await this.cluster.until(`${count} pods ${beginning}`, async () => {
      found = (await this.pods()).filter(({ metadata }) => metadata.name.startsWith(beginning));
      return found.length === count && found.every(({ status }) => status?.phase === 'Running');
    });
    return found;
  }

  /** The first container of a Deployment. */
  async container(deployment: string): Promise<Container> {
    const found = await this.get('apps/v1/deployments', deployment);
    if (found === undefined) throw new Error(`There is no deployment ${deployment}.`);
    const { template } = found.spec as { template: { spec: { containers: readonly Container[] } } };
    return template.spec.containers[0] as Container;
  }

  get #chart(): string {
    return join(this.subject.deploy, 'helm/leafcutter');
  }
}

export interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources?: { readonly requests?: { readonly memory?: string } };
}

const KUSTOMIZATION = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
const SERVER_SIDE = ['apply', '--server-side', '--validate=strict', '--field-manager=tool'];

export const flagsOf = (values: object): string[] =>
  Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);

/** The line of a message that tells why. */
export function reason({ err, out }: Ran): string {
  const lines = `${err}\n${out}`.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line !== '' && !/^(level=|I\d|W\d|Pulled|Digest)/.test(line));
  return (said.find((line) => /error|conflict/i.test(line)) ?? said.at(-1) ?? 'it says nothing').slice(
    0,
    300,
  );
}

export const good = (what: string): Finding => ({ isGood: true, what });
export const bad = (what: string): Finding => ({ isGood: false, what });
export const verdict = (isGood: boolean, what: string): Finding => ({ isGood, what });
