/** What must hold of the chart and the manifests as they are, whatever once went wrong. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { KubeObject } from './api.ts';
import { broughtText, difference, leftBehind } from './difference.ts';
import { fewestEndpoints, readyEndpoints } from './pod-rows.ts';
import {
  bad,
  earlierSubject,
  type Finding,
  flagsOf,
  good,
  reason,
  type Task,
  Trial,
  verdict,
  WAYS,
  type Way,
} from './subject.ts';

const extras = {
  extraEnv: [
    { name: 'LEAFCUTTER_LOG_LEVEL', value: 'warn' },
    { name: 'LEAFCUTTER_DRAIN_MS', value: '7000' },
  ],
  extraVolumes: [{ name: 'own', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'own', mountPath: '/own' }],
  extraPorts: [{ name: 'own', containerPort: 7000, protocol: 'TCP' }],
  podLabels: { team: 'ids' },
  podAnnotations: { 'example.com/a': 'true' },
  serviceAccount: { create: true, name: '', annotations: { 'example.com/c': '2' } },
};

/** In this order, so that every pair of neighbours changes something of another kind. */
const MATRIX: Readonly<Record<string, object>> = {
  defaults: {},
  extras: { coordinator: extras, agent: extras, commonLabels: { owner: 'true' } },
  'both modes': { agent: { mode: 'both' } },
  'daemon set': {
    agent: { mode: 'daemonset', doors: { http: 8001, grpc: 9000, goLeaf: 1234, redis: 6390 } },
  },
  sidecars: { agent: { mode: 'none' }, coordinator: { autoscaling: { enabled: false }, replicas: 3 } },
  TLS: {
    coordinator: {
      tls: { secretName: 'server', verifyClients: true },
      mysqlTls: { secretName: 'mysql' },
      redisTls: { secretName: 'redis', showCertificate: true },
    },
    agent: {
      tls: { issuerRef: { name: 'own' }, dnsNames: ['ids.example'] },
      coordinatorTls: { secretName: 'client', showCertificate: true },
    },
  },
  'monitoring, no policies': {
    monitoring: { enabled: true },
    coordinator: { networkPolicy: { enabled: false } },
    agent: { networkPolicy: { enabled: false } },
  },
  OpenShift: { podSecurityContext: { runAsUser: null, runAsGroup: null }, listenHost: '::' },
};

/** Upgrades along the matrix and back to the defaults. What is then there is what was rendered. */
async function upgrades(trial: Trial, way: Way): Promise<Finding> {
  let count = 0;
  for (const [name, values] of [...Object.entries(MATRIX), ['defaults again', {}] as const]) {
    const ran = await trial.bring(values, { way });
    if (!ran.isOk) return bad(`${name}: ${reason(ran)}`);
    const text = await broughtText(trial, values, way);
    const flags = ['--server-side', '--force-conflicts', '--field-manager=tool', '-f', '-'];
    const differs = (await difference(trial, flags, text)) ?? (await leftBehind(trial, text));
    if (differs !== undefined) return bad(`${name}: ${differs}`);
    count += 1;
  }
  return good(`${count} value sets, no difference after any, and nothing left behind`);
}

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: Record<string, unknown> } };
}

/** Pods of templates, without what would make them, are let into a namespace with the profile `restricted`. */
async function bare(trial: Trial): Promise<Finding> {
  const files = ['coordinator.yaml', 'agent-deployment.yaml', 'agent-daemonset.yaml', 'sidecar.yaml'];
  const texts = await Promise.all(files.map((file) => trial.manifest(file)));
  const objects = texts.flatMap((text) =>
    parseAllDocuments(text).map((one) => one.toJS() as Workload | null),
  );
  const workloads = objects.filter(
    (one) => one?.kind === 'Deployment' || one?.kind === 'DaemonSet',
  ) as Workload[];
  const path = `/api/v1/namespaces/${trial.namespace}/pods?dryRun=All&fieldValidation=Strict`;
  const admit = (name: string, spec: object) =>
    trial.cluster.api.call('POST', path, { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }).then(
      () => undefined,
      (error: Error) => error.message,
    );
  for (const [index, { spec }] of workloads.entries()) {
    const refused = await admit(`bare-${index}`, { ...spec.template.spec, serviceAccountName: 'default' });
    if (refused !== undefined) return bad(refused.slice(0, 160));
  }
  const open = { ...workloads[0]?.spec.template.spec, serviceAccountName: 'default', securityContext: {} };
  const isGuarded = /restricted/.test((await admit('open', open)) ?? '');
  return verdict(
    isGuarded,
    `${workloads.length} admitted; one without its security context ${isGuarded ? 'refused' : 'ADMITTED'}`,
  );
}

async function plainManifests(trial: Trial): Promise<Finding> {
  const folder = join(trial.subject.deploy, 'kubernetes');
  const made = readdirSync(folder).filter(
    (name) => !/^(kustomization|namespace|secrets\.example)/.test(name),
  );
  for (const file of made) {
    const text = await trial.manifest(file);
    const ran = await trial.apply(text, '--namespace', trial.namespace);
    if (!ran.isOk) return bad(`${file}: ${reason(ran)}`);
    const differs = await difference(trial, ['-f', '-'], text);
    if (differs !== undefined) return bad(`${file}: ${differs}`);
  }
  try {
    const applied = await trial.cluster.kubectl(['apply', '--validate=strict', '-k', folder]);
    const differs = applied.isOk
      ? await difference(new Trial(trial.cluster, trial.subject, 'leafcutter'), ['-k', folder])
      : reason(applied);
    if (differs !== undefined) return bad(`kustomization: ${differs}`);
  } finally {
    await trial.cluster.remove('leafcutter');
  }
  return good(`${made.length} files and the kustomization; no difference`);
}

/** Pushes the packaged chart into a registry of charts, and installs it from there. */
async function pushed(trial: Trial, major: 3 | 4): Promise<Finding> {
  const folder = await scratchDir('registry');
  const port = await freePort();
  const config = join(folder, 'config.yml');
  const storage = `storage: { filesystem: { rootdirectory: ${folder} } }`;
  writeFileSync(
    config,
    `version: 0.1\nlog: { level: error }\n${storage}\nhttp: { addr: "127.0.0.1:${port}" }\n`,
  );
  const { registry: command } = trial.cluster.programs;
  await using server = startProcess({ name: 'registry', command, args: ['serve', config] });
  const isUp = await poll(async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).ok);
  if (isUp !== true) return bad(server.tail(3));
  const chart = join(trial.subject.deploy, 'helm/leafcutter');
  const helm = (...args: string[]) => trial.cluster.helm(major, args);
  const packed = await helm('package', chart, '--destination', folder);
  if (!packed.isOk) return bad(reason(packed));
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  const sent = await helm('push', join(folder, archive), `oci://127.0.0.1:${port}/charts`, '--plain-http');
  if (!sent.isOk) return bad(reason(sent));
  const from = [`oci://127.0.0.1:${port}/charts/leafcutter`, '--plain-http', '--namespace', trial.namespace];
  const ran = await helm('install', 'leafcutter', ...from, ...flagsOf({ monitoring: { enabled: true } }));
  return verdict(ran.isOk, ran.isOk ? 'pushed, and installed from there' : reason(ran));
}

/** A rollout that a HorizontalPodAutoscaler, a budget and both modes watch ends with every pod running. */
async function allRun(trial: Trial): Promise<Finding> {
  const ran = await trial.bring({ agent: { mode: 'both' } }, { way: 'Helm 4' });
  if (!ran.isOk) return bad(reason(ran));
  const agents = await trial.untilPods('leafcutter-agent', 5);
  const coordinators = await trial.untilPods('leafcutter-coordinator', 2);
  const nodes = (pods: readonly KubeObject[]) => new Set(pods.map(({ spec }) => spec.nodeName)).size;
  return verdict(
    nodes(coordinators) === 2,
    `${agents.length} agents on ${nodes(agents)} nodes, ${coordinators.length} coordinators on ${nodes(coordinators)}`,
  );
}

/** What a sidecar's pod is given, from the API server's side. What its kubelet would do is not seen. */
async function sidecar(trial: Trial): Promise<Finding> {
  const ran = await trial.apply(await trial.manifest('sidecar.yaml'), '--namespace', trial.namespace);
  if (!ran.isOk) return bad(reason(ran));
  const pods = await trial.untilPods('your-application', 2);
  const [pod] = pods as [KubeObject];
  await trial.cluster.kubectl(['delete', 'pod', pod.metadata.name, '--namespace', trial.namespace]);
  const grace = trial.cluster.nodes.graces.get(pod.metadata.name);
  await trial.untilPods('your-application', 2);
  const { initContainers = [] } = pod.spec as { initContainers?: readonly { restartPolicy?: string }[] };
  const isSidecar = initContainers.some(({ restartPolicy }) => restartPolicy === 'Always');
  return verdict(isSidecar && grace === 45, `an init container that stays: ${isSidecar}; ${grace} s to end`);
}

/** From a release of the earlier chart, as the CHANGELOG says: selectors cannot change, so the agents' Deployment goes first. */
async function fromEarlier(trial: Trial, way: Way): Promise<Finding> {
  const earlier = new Trial(trial.cluster, await earlierSubject(), trial.namespace);
  const installed = await earlier.bring({}, { way });
  if (!installed.isOk) return bad(reason(installed));
  await trial.untilPods('leafcutter-coordinator', 2);
  const straight = await trial.bring({}, { way });
  await trial.cluster.kubectl(['delete', 'deployment', 'leafcutter-agent', '--namespace', trial.namespace]);
  const ran = await trial.bring({}, { way });
  if (!ran.isOk) return bad(reason(ran));
  await trial.untilPods('leafcutter-agent', 2);
  const differs = await leftBehind(trial, await broughtText(trial, {}, way));
  const said = straight.isOk ? 'taken straight' : 'refused at first';
  return differs === undefined
    ? good(`${said}, taken once the agents' Deployment was deleted`)
    : bad(differs);
}

/** The pod of `helm test` is let in under `restricted`; its node says that it has succeeded. */
async function helmTest(trial: Trial, major: 3 | 4): Promise<Finding> {
  const ran = await trial.bring({ test: { tag: 'orders' } }, { way: major === 3 ? 'Helm 3' : 'Helm 4' });
  if (!ran.isOk) return bad(reason(ran));
  const tested = await trial.cluster.helm(major, ['test', 'leafcutter', '--namespace', trial.namespace]);
  return verdict(tested.isOk, tested.isOk ? 'its pod is let in, and waited for' : reason(tested));
}

/** While each pod is exchanged for a new one, there are as many ready agents as before. */
async function rollout(trial: Trial): Promise<Finding> {
  const ran = await trial.bring({});
  if (!ran.isOk) return bad(reason(ran));
  const old = (await trial.untilPods('leafcutter-agent', 2)).map(({ metadata }) => metadata.name);
  const two = () => readyEndpoints(trial).then((count) => count === 2);
  await trial.cluster.until('both agents are endpoints', two);
  const fewest = await fewestEndpoints(trial, async () => {
    await trial.bring({ agent: { restartedAt: 'now' } });
    await trial.cluster.until('all pods are new', async () => {
      const names = (await trial.pods()).map(({ metadata }) => metadata.name);
      return !names.some((name) => old.includes(name)) && (await two());
    });
  });
  return verdict(fewest === 2, `never under ${fewest} of 2`);
}

export const CHECKS: readonly Task[] = [
  { what: 'plain manifests, applied strictly; `kubectl diff` after', see: plainManifests },
  { what: 'bare pods of every template under PodSecurity `restricted`', see: bare },
  ...WAYS.map((way) => ({
    what: `upgrades between values (${Object.keys(MATRIX).join(', ')}) by ${way}; \`kubectl diff\` after each`,
    see: (trial: Trial) => upgrades(trial, way),
  })),
  ...(['Helm 3', 'Helm 4'] as const).map((way) => ({
    what: `an upgrade of a release of 74c29d9 by ${way}`,
    see: (trial: Trial) => fromEarlier(trial, way),
  })),
  { what: 'pods are spread and run', see: allRun },
  { what: 'ready agents while an upgrade exchanges every pod', see: rollout },
  { what: '`helm test`, by Helm 3', see: (trial) => helmTest(trial, 3) },
  { what: '`helm test`, by Helm 4', see: (trial) => helmTest(trial, 4) },
  { what: 'an application with a sidecar: what the API server takes it for', see: sidecar },
  { what: 'the chart from an OCI registry, by Helm 3', see: (trial) => pushed(trial, 3) },
  { what: 'the chart from an OCI registry, by Helm 4', see: (trial) => pushed(trial, 4) },
];
