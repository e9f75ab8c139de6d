import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { VERSION } from '@leafcutter/shared/version';
import { read, run, testWith } from '../support/deploy.ts';
import { lookUpBinary } from '../support/find-binary.ts';
import {
  type Container,
  type Manifest,
  manifestsOf,
  type PodSpec,
  unknownFields,
  validate,
} from '../support/kubernetes.ts';
import { ROOT } from '../support/root.ts';

const FILES = [
  'coordinator.yaml',
  'agent-deployment.yaml',
  'agent-daemonset.yaml',
  'monitoring.yaml',
  'namespace.yaml',
  'secrets.example.yaml',
  'sidecar.yaml',
];
const SECRETS = '/run/secrets/leafcutter';
const manifests = FILES.flatMap(manifestsOf);
const secrets = new Map(
  manifestsOf('secrets.example.yaml').map(({ metadata, stringData }) => [metadata.name, stringData ?? {}]),
);

const pods = FILES.flatMap((file) =>
  manifestsOf(file)
    .filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet')
    .map((manifest) => ({ file, manifest, pod: manifest.spec.template.spec })),
);
const containersOf = ({ containers, initContainers = [] }: PodSpec) => [...initContainers, ...containers];
const ours = pods.flatMap(({ file, manifest, pod }) =>
  containersOf(pod)
    .filter(({ args }) => args !== undefined)
    .map((container) => ({ file, manifest, pod, container })),
);

/** The configuration that the container starts with; the kubelet fills in what has no value. */
function configOf(pod: PodSpec, { args = [], env = [], volumeMounts = [] }: Container) {
  const volume = pod.volumes.find(({ name }) => name === volumeMounts[0]?.name);
  const files = secrets.get(volume?.secret.secretName ?? '') ?? {};
  const readFile = (path: string) => {
    const text = path.startsWith(`${SECRETS}/`) ? files[path.slice(SECRETS.length + 1)] : undefined;
    if (text !== undefined) return text;
    throw Object.assign(new Error('There is no such file.'), { code: 'ENOENT' });
  };
  const [service = '', ...argv] = args;
  const given = Object.fromEntries(env.map(({ name, value = 'filled-in' }) => [name, value]));
  const surroundings = { argv, env: given, cwd: '/', readFile };
  if (service === 'coordinator') return loadConfig(coordinatorSettings, { ...surroundings, service });
  if (service === 'agent') return loadConfig(agentSettings, { ...surroundings, service });
  throw new Error(`${service} is no service`);
}

interface Listening {
  readonly listen: { readonly port: number; readonly isLoopback: boolean };
  readonly opsListen?: { readonly port: number; readonly isLoopback: boolean };
  readonly drainMs: number;
  readonly startTimeoutS?: number;
  readonly tokens?: readonly string[];
}

function listeningOf(pod: PodSpec, container: Container): Listening {
  const loaded = configOf(pod, container);
  if (!('config' in loaded)) throw new Error('It would print its help.');
  return loaded.config as Listening;
}

describe('every manifest', () => {
  test('is what Kubernetes’ schemas and types allow', async () => {
    for (const manifest of manifests)
      expect([manifest.kind, await validate(manifest)]).toEqual([manifest.kind, undefined]);
    expect(await unknownFields(manifests)).toBe('');
  });

  test('with a misspelt field, or a wrong value, would be found', async () => {
    const [manifest] = manifestsOf('coordinator.yaml').filter(({ kind }) => kind === 'Deployment');
    const text = JSON.stringify(manifest);
    const misspelt = (right: string, wrong: string): Manifest => JSON.parse(text.replace(right, wrong));
    expect(await unknownFields([misspelt('readOnlyRootFilesystem', 'readOnlyRootFileSystem')])).toMatch(
      /'"readOnlyRootFileSystem"' does not exist/,
    );
    expect(await validate(misspelt('"containerPort":8100', '"containerPort":"http"'))).toMatch(
      /containerPort/,
    );
    const [monitor] = manifestsOf('monitoring.yaml').filter(({ kind }) => kind === 'PodMonitor');
    const wrong = JSON.parse(JSON.stringify(monitor).replace('podMetricsEndpoints', 'podMetricsEndpoint'));
    expect(await unknownFields([wrong])).toMatch(/podMetricsEndpoint/);
  });

  test('works in any namespace that kustomize gives it: none stands in an address', () => {
    for (const file of ['coordinator.yaml', 'agent-deployment.yaml', 'agent-daemonset.yaml'])
      expect(read(`deploy/kubernetes/${file}`)).not.toMatch(/\.svc\b/);
  });

  testWith('kubectl', lookUpBinary('kubectl'), 'is taken by kustomize', async (kubectl) => {
    const { stdout } = await run(kubectl, ['kustomize', join(ROOT, 'deploy/kubernetes')]);
    expect(stdout).toContain(`image: leafcutter:${VERSION}`);
  });
});

describe('containers', () => {
  test('are coordinator, agents shared and by node, and a sidecar', () => {
    expect(ours.map(({ manifest, container }) => `${manifest.kind} ${container.name}`)).toEqual([
      'Deployment coordinator',
      'Deployment agent',
      'DaemonSet agent',
      'Deployment leafcutter-agent',
    ]);
  });

  test('meet the profile `restricted`, on a read-only root, with bounded memory', () => {
    for (const { manifest, pod } of pods) {
      expect({ name: manifest.metadata.name, ...pod }).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      });
      for (const container of containersOf(pod)) {
        expect(container).toMatchObject({
          image: expect.stringMatching(/:[\d.]+$/),
          resources: {
            requests: { cpu: expect.any(String), memory: expect.any(String) },
            limits: { memory: expect.any(String) },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        });
      }
    }
  });

  test('get settings that they know and accept, and secrets that the example has', () => {
    for (const { pod, container } of ours) {
      expect(configOf(pod, container)).toMatchObject({ warnings: [] });
      for (const { name, value } of container.env ?? [])
        expect(name.endsWith('_FILE')).toBe(value?.startsWith(`${SECRETS}/`) ?? false);
    }
  });

  test('with a misspelt setting, or a secret that is not mounted, would be found', () => {
    const { pod, container } = ours[0] as (typeof ours)[number];
    const rename = (from: string, to: string) => JSON.parse(JSON.stringify(container).replace(from, to));
    expect(configOf(pod, rename('LEAFCUTTER_LISTEN', 'LEAFCUTTER_LISTNE'))).toMatchObject({
      warnings: [expect.stringMatching(/LISTNE/)],
    });
    expect(() => configOf(pod, rename('/mysql-url', '/mysql'))).toThrow(/mysql/);
  });

  test('name the ports that they listen on, and are asked for health there', () => {
    for (const { pod, container } of ours) {
      const { listen, opsListen } = listeningOf(pod, container);
      const listening = [listen, ...(opsListen === undefined ? [] : [opsListen])];
      const reached = listening.filter(({ isLoopback }) => !isLoopback).map(({ port }) => port);
      const named = container.ports ?? [];
      expect(named.map(({ containerPort }) => containerPort)).toEqual(reached);
      const { startupProbe, livenessProbe, readinessProbe } = container;
      expect([startupProbe, livenessProbe]).toEqual([expect.anything(), expect.anything()]);
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        if (probe) expect(named.map(({ name }) => name)).toContain(probe.httpGet.port);
      expect(livenessProbe?.httpGet.path).toBe('/livez');
      if (container.restartPolicy === undefined) expect(readinessProbe?.httpGet.path).toBe('/readyz');
    }
  });

  test('listen on the ports of the settings’ defaults', () => {
    const [coordinator, ...agents] = ours.map(({ pod, container }) => listeningOf(pod, container));
    expect(coordinator?.listen.port).toBe(loadedDefaults('coordinator').listen.port);
    for (const { listen } of agents) expect(listen.port).toBe(loadedDefaults('agent').listen.port);
  });

  test('have time to drain before they are killed', () => {
    for (const { pod, container } of ours) {
      const preStopS = container.lifecycle?.preStop.sleep.seconds ?? 0;
      const { drainMs } = listeningOf(pod, container);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(preStopS + drainMs / 1000 + 5);
      if (container.restartPolicy === undefined) expect(preStopS).toBeGreaterThan(0);
    }
  });

  test('are not started again while a coordinator waits for MySQL, which opsListen says meanwhile', () => {
    const { pod, container } = ours[0] as (typeof ours)[number];
    expect(listeningOf(pod, container).startTimeoutS).toBe(31_536_000);
    for (const probe of [container.startupProbe, container.livenessProbe])
      expect(probe?.httpGet).toEqual({ path: '/livez', port: 'ops' });
  });
});

describe('the sidecar', () => {
  const { pod, container } = ours.find(({ file }) => file === 'sidecar.yaml') as (typeof ours)[number];

  test('is ready before the application starts, and lets nobody but its pod draw IDs', () => {
    expect(pod.initContainers).toContain(container);
    expect(container).toMatchObject({
      restartPolicy: 'Always',
      startupProbe: { httpGet: { path: '/readyz' } },
    });
    expect(listeningOf(pod, container)).toMatchObject({ listen: { isLoopback: true }, tokens: [] });
  });

  test('has no hook that runs while the application still ends', () => {
    expect(container).not.toHaveProperty('lifecycle');
  });

  test('is the shared agent, except for where it listens and in which namespace its coordinators are', () => {
    const shared = ours.find(({ file }) => file === 'agent-deployment.yaml')?.container;
    const settings = ({ env = [] }: Container) =>
      env.filter(
        ({ name }) => !/_(LISTEN|TOKENS_FILE|COORDINATORS)$/.test(name) || name === 'LEAFCUTTER_OPS_LISTEN',
      );
    expect(settings(container)).toEqual(settings(shared as Container));
    expect(container.securityContext).toEqual(shared?.securityContext);
    expect(container.image).toBe(shared?.image);
  });
});

function loadedDefaults(service: 'coordinator' | 'agent'): Listening {
  const readFile = () => {
    throw Object.assign(new Error('There is no file.'), { code: 'ENOENT' });
  };
  const surroundings = { argv: [], env: {}, cwd: '/', readFile, service };
  const loaded =
    service === 'coordinator'
      ? loadConfig(coordinatorSettings, surroundings)
      : loadConfig(agentSettings, surroundings);
  if (!('config' in loaded)) throw new Error('It would print its help.');
  return loaded.config as Listening;
}
