import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { run } from './deploy.ts';
import type { Container, Manifest } from './kubernetes.ts';
import { ROOT } from './root.ts';

const CHART = join(ROOT, 'deploy/helm/leafcutter');

export interface Where {
  readonly release?: string;
  readonly namespace?: string;
  /** Flags. */
  readonly more?: readonly string[];
}

/** What the chart makes of values; a key that stands in an object twice is an error. */
export async function render(helm: string, values: object, where: Where = {}): Promise<Manifest[]> {
  const { release = 'leafcutter', namespace = 'leafcutter', more = [] } = where;
  const set = Object.entries(values).flatMap(([key, value]) => [
    '--set-json',
    `${key}=${JSON.stringify(value)}`,
  ]);
  const flags = ['--namespace', namespace, '--kube-version', '1.34.0', ...set, ...more];
  // No cluster that is the reader's own.
  const env = { ...process.env, KUBECONFIG: '/dev/null' };
  const { stdout } = await run(helm, ['template', release, CHART, ...flags], { env }).catch(
    ({ stderr }: { stderr: string }) => {
      // Not the command, which has the values that are complained of in it.
      throw new Error(stderr);
    },
  );
  return parseAllDocuments(stdout).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() ?? [];
  });
}

/** @throws Error if it is not among them */
export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name}.`);
  return found;
}

/** The values of a container’s variables, by name. */
export const variables = ({ env = [] }: Container) =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]));
