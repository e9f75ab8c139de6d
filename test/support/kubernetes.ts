import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { read, run } from './deploy.ts';
import { ROOT } from './root.ts';
import { scratchDir } from './scratch-dir.ts';

interface EnvVar {
  readonly name: string;
  readonly value?: string;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly restartPolicy?: string;
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly resources?: object;
  readonly securityContext?: object;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly { readonly name: string; readonly secret: { readonly secretName: string } }[];
}

/** The fields that these tests look at; `validate` and `unknownFields` check the rest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector?: { readonly matchLabels?: object };
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: PodSpec };
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
    readonly groups: readonly object[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** The npm packages that hold Kubernetes’ own schemas, and the type of a manifest of this API in them. */
const MODEL = (apiVersion: string, kind: string): string =>
  `${apiVersion.startsWith('monitoring.') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'}/${apiVersion}/${kind}`;

/** The documents of a file below deploy/kubernetes. */
export function manifestsOf(file: string): Manifest[] {
  return parseAllDocuments(read(`deploy/kubernetes/${file}`)).map((document) => document.toJS());
}

/** What Kubernetes’ schema objects to in the manifest; undefined if nothing. It doesn't object to unknown fields. */
export async function validate(manifest: Manifest): Promise<string | undefined> {
  const { apiVersion, kind } = manifest;
  const { [kind]: Model } = await import(MODEL(apiVersion, kind));
  try {
    new Model(manifest).validate();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/**
 * What Kubernetes’ types object to in manifests, unknown fields above all: an object literal may have no field that
 * its type lacks.
 */
export async function unknownFields(manifests: readonly Manifest[]): Promise<string> {
  const folder = await scratchDir('kubernetes');
  await symlink(join(ROOT, 'test', 'node_modules'), join(folder, 'node_modules'));
  const lines = manifests.flatMap((manifest, index) => [
    `import type { I${manifest.kind} as T${index} } from '${MODEL(manifest.apiVersion, manifest.kind)}';`,
    `export const m${index}: T${index} = ${JSON.stringify(manifest)};`,
  ]);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'manifests.ts'), lines.join('\n'));
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
  return run(join(ROOT, 'node_modules/.bin/tsc'), [...flags, 'manifests.ts'], { cwd: folder }).then(
    () => '',
    ({ stdout, message }: { stdout?: string; message: string }) => stdout || message,
  );
}
