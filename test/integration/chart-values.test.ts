import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { makeCertificates } from '../support/certificates.ts';
import { find, render, variables, type Where } from '../support/chart.ts';
import { read } from '../support/deploy.ts';
import { testWithHelm } from '../support/helm.ts';
import { type Container, type Manifest, unknownFields, validate } from '../support/kubernetes.ts';

const podOf = (manifests: readonly Manifest[], component: string, kind = 'Deployment') =>
  find(manifests, kind, `leafcutter-${component}`).spec.template.spec;
const containerOf = (manifests: readonly Manifest[], component: string) =>
  podOf(manifests, component).containers[0] as Container;
/** All values within `value`, at any depth, by the key that they stand at. */
function* within(value: unknown, key = ''): Generator<readonly [key: string, value: unknown]> {
  yield [key, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [inner, one] of Object.entries(value)) yield* within(one, Array.isArray(value) ? key : inner);
}

/** What is there twice in a list of which the API server keeps one. */
function repeated(manifests: readonly Manifest[]): string[] {
  const keysOf: Record<string, readonly string[]> = {
    ports: ['name', 'containerPort'],
    volumeMounts: ['mountPath'],
  };
  return [...within(manifests)].flatMap(([list, value]) => {
    if (!Array.isArray(value)) return [];
    return (keysOf[list] ?? ['name']).flatMap((key) => {
      const given = value.flatMap((one) => one?.[key] ?? []);
      return given.filter((one, at) => given.indexOf(one) < at).map((one) => `${list}: ${one}`);
    });
  });
}

/** Peers of rules of network policies that would let everybody in, or out to everywhere, by being none. */
const emptyPeers = (manifests: readonly Manifest[]) =>
  [...within(manifests)].filter(
    ([key, value]) => (key === 'from' || key === 'to') && Array.isArray(value) && value.length === 0,
  );

const EXTRAS = {
  extraEnv: [
    { name: 'LEAFCUTTER_LISTEN', value: '0.0.0.0:1' },
    { name: 'LEAFCUTTER_DRAIN_MS', valueFrom: { configMapKeyRef: { name: 'own', key: 'drain' } } },
    { name: 'LEAFCUTTER_LOG_LEVEL', value: 'debug' },
    { name: 'LEAFCUTTER_LOG_LEVEL', value: 'warn' },
  ],
  extraEnvFrom: [{ configMapRef: { name: 'own' } }],
  extraArgs: ['--log-level', 'warn'],
  extraVolumes: [
    { name: 'secrets', emptyDir: {} },
    { name: 'own', emptyDir: {} },
  ],
  extraVolumeMounts: [
    { name: 'own', mountPath: '/run/secrets/leafcutter' },
    { name: 'own', mountPath: '/own' },
  ],
  extraPorts: [
    { name: 'ops', containerPort: 8080, protocol: 'TCP', hostPort: 8080 },
    { name: 'own', containerPort: 7000, protocol: 'TCP' },
  ],
  extraInitContainers: [{ name: 'first', image: 'first:1' }],
  extraContainers: [{ name: 'beside', image: 'beside:1' }],
  podLabels: { team: 'ids', 'app.kubernetes.io/component': 'mine' },
  podAnnotations: { 'example.com/a': 'true' },
  priorityClassName: 'high',
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'own', operator: 'Exists' }],
  service: {
    type: 'LoadBalancer',
    labels: { exposed: 'true' },
    annotations: { 'example.com/b': '1' },
    loadBalancerClass: 'example.com/internal',
    loadBalancerSourceRanges: ['10.0.0.0/8'],
    externalTrafficPolicy: 'Local',
    ipFamilyPolicy: 'PreferDualStack',
    ipFamilies: ['IPv6', 'IPv4'],
  },
  serviceAccount: { create: true, name: 'own', annotations: { 'example.com/c': '2' } },
  restartedAt: '2026-11-30',
  annotations: { 'example.com/e': 'of the workload' },
  revisionHistoryLimit: 3,
  runtimeClassName: 'gvisor',
  schedulerName: 'own',
  hostAliases: [{ ip: '10.0.0.1', hostnames: ['mysql.example'] }],
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['10.0.0.2'], options: [{ name: 'ndots', value: '1' }] },
  podDisruptionBudget: { maxUnavailable: '25%' },
};
const RULES = {
  extraIngress: [{ from: [{ podSelector: { matchLabels: { app: 'own' } } }], ports: [{ port: 7000 }] }],
  extraEgress: [{ ports: [{ protocol: 'TCP', port: 26379 }] }, { ports: [{ protocol: 'TCP', port: 443 }] }],
};
/** An object of the user's, once as it is, once as text. */
function ownObject(name: string, index: number): object | string {
  const metadata = { name, labels: { owner: 'true' }, annotations: { 'example.com/d': 'null' } };
  const own = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  return index === 0 ? own : JSON.stringify(own);
}
/** As many values as go together. */
const EVERYTHING = {
  commonLabels: { owner: 'true', 'app.kubernetes.io/name': 'mine' },
  commonAnnotations: { 'example.com/d': 'null' },
  extraObjects: ['{{ .Release.Name }}-own', 'other'].map(ownObject),
  imagePullSecrets: [{ name: 'registry' }],
  listenHost: '::',
  monitoring: { enabled: true, labels: { owner: 'prometheus' } },
  test: { tlsSecretName: 'test-tls' },
  coordinator: {
    ...EXTRAS,
    tls: { secretName: 'coordinator-tls', verifyClients: true },
    mysqlTls: { secretName: 'mysql-tls', showCertificate: true },
    redisTls: { secretName: 'redis-tls', showCertificate: true },
    secretKeys: { viewerTokens: 'viewer-tokens', opaqueKeys: 'opaque-keys', redisSentinels: 'sentinels' },
    networkPolicy: { ...RULES, adminsFrom: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
  },
  agent: {
    ...EXTRAS,
    mode: 'both',
    doors: { http: 8001, grpc: 9000, goLeaf: 1234, redis: 6390 },
    tls: { secretName: 'doors-tls', verifyClients: true },
    coordinatorTls: { secretName: 'agent-tls', showCertificate: true },
    secretKeys: { scopedTokens: 'scoped', tinyidTokens: 'tinyid', opaqueKeys: 'opaque-keys' },
    networkPolicy: RULES,
  },
};

const REFUSED: readonly (readonly [values: object, says: RegExp, where?: Where])[] = [
  [{ coordinator: { replica: 3 } }, /replica/],
  [{ image: { tag: 'latest' } }, /tag/],
  [{ coordinator: { autoscaling: { minReplicas: 7 } } }, /minReplicas, 7, is above maxReplicas, 6/],
  [
    { agent: { resources: { requests: { memory: '1Gi' } } } },
    /agent\.resources: the limit of memory, 512Mi, is below its request, 1Gi/,
  ],
  [
    { coordinator: { resources: { requests: { cpu: 1 }, limits: { cpu: '500m' } } } },
    /limit of cpu, 500m, is below/,
  ],
  [{ agent: { resources: { limits: { memory: '512MB' } } } }, /pattern/],
  [{ agent: { doors: { grpc: 8080 } } }, /ops and grpc both want port 8080/],
  [{ agent: { doors: { grpc: 6390, redis: 6390 } } }, /grpc and redis both want port 6390/],
  [{ agent: { doors: { resp: 6390 } } }, /resp/],
  [{ agent: { tls: { verifyClients: true } } }, /agent\.tls: verifyClients needs a certificate/],
  [{ coordinator: { service: { loadBalancerClass: 'a/b' } } }, /loadBalancerClass/],
  [{ coordinator: { service: { type: 'NodePort', clusterIP: 'None' } } }, /clusterIP/],
  [{ coordinator: { tls: { issuerRef: { kind: 'Issuer' } } } }, /issuerRef/],
  [{ coordinator: { dnsPolicy: 'None' } }, /coordinator\.dnsPolicy: None needs dnsConfig\.nameservers/],
  [{ agent: { podLabels: { team: 'the ids' } } }, /podLabels/],
  [{ agent: { podAnnotations: { 'a b': '' } } }, /propertyName 'a b'/],
  [{ agent: { podDisruptionBudget: { maxUnavailable: 'half' } } }, /maxUnavailable/],
  [{ agent: { extraContainers: [{ name: 'agent', image: 'mine:1' }] } }, /name of the chart's own/],
  [{ agent: { extraEnv: [{ nme: 'A', value: '1' }] } }, /nme/],
  [{ agent: { extraEnv: [{ name: 'A', value: 1 }] } }, /got number, want string/],
  [{ agent: { extraVolumes: [{ name: 'a', secrets: {} }] } }, /secrets/],
  [{ agent: { extraVolumeMounts: [{ name: 'a', mountpath: '/a' }] } }, /mountpath/],
  [{ agent: { livenessProbe: { periodSecond: 1 } } }, /periodSecond/],
  [{ agent: { tolerations: [{ effects: 'NoSchedule' }] } }, /effects/],
  [{ agent: { networkPolicy: { applicationsFrom: [{}] } } }, /applicationsFrom/],
  [{ agent: { networkPolicy: { extraIngress: [{ from: [] }] } } }, /extraIngress/],
  [{ coordinator: { networkPolicy: { extraEgress: [{ to: [] }] } } }, /extraEgress/],
  [{ commonLabels: { a: true } }, /commonLabels/],
  [{}, /"1st" cannot name a Service.*set fullnameOverride/, { release: '1st' }],
  [{}, /"a\.b" cannot name a Service/, { release: 'a.b' }],
  [{}, /cannot name a Service/, { release: 'a'.repeat(53) }],
  [{ fullnameOverride: 'Upper' }, /"Upper" cannot name a Service/],
];

describe('the chart', () => {
  testWithHelm('refuses what the API server would, before anything is applied', async (helm) => {
    const outcomes = REFUSED.map(([values, says, where]) =>
      expect(render(helm, values, where)).rejects.toThrow(says),
    );
    await Promise.all(outcomes);
  });

  testWithHelm('takes every value at once, each name once, and what results is valid', async (helm) => {
    const all = await render(helm, EVERYTHING);
    expect(repeated(all)).toEqual([]);
    expect(emptyPeers(all)).toEqual([]);
    for (const manifest of all)
      expect([manifest.kind, await validate(manifest)]).toEqual([manifest.kind, undefined]);
    for (const component of ['coordinator', 'agent']) {
      const container = containerOf(all, component);
      expect(container.args).toEqual([component, '--log-level', 'warn']);
      expect(variables(container)).toMatchObject({
        LEAFCUTTER_LISTEN: '0.0.0.0:1',
        LEAFCUTTER_LOG_LEVEL: 'warn',
        LEAFCUTTER_OPS_LISTEN: '[::]:8080',
      });
      expect(container.volumeMounts?.[0]).toEqual({ name: 'own', mountPath: '/run/secrets/leafcutter' });
      expect(podOf(all, component).volumes[0]).toEqual({ name: 'secrets', emptyDir: {} });
      const { labels } = find(all, 'Deployment', `leafcutter-${component}`).spec.template.metadata;
      expect(labels).toMatchObject({
        owner: 'true',
        team: 'ids',
        'app.kubernetes.io/component': component,
      });
    }
    const known = read('docs/configuration.md');
    for (const [key, value] of within(all))
      if (key === 'name' && String(value).startsWith('LEAFCUTTER_')) expect(known).toContain(`\`${value}\``);
    for (const { metadata } of all)
      expect(metadata).toMatchObject({
        annotations: { 'example.com/d': 'null' },
        labels: { owner: expect.any(String) },
      });
    for (const name of ['leafcutter-own', 'other']) expect(find(all, 'ConfigMap', name)).toBeDefined();
    if (process.env.LEAFCUTTER_FULL === '1') expect(await unknownFields(all)).toBe('');
  });

  test('with a name twice, or with no peers, would be found', () => {
    const env = [{ name: 'A' }, { name: 'A' }];
    const twice = { spec: { template: { spec: { containers: [{ env }] } } } } as unknown as Manifest;
    expect(repeated([twice])).toEqual(['env: A']);
    const open = { spec: { ingress: [{ from: [] }] } } as unknown as Manifest;
    expect(emptyPeers([open])).toHaveLength(1);
  });

  testWithHelm('opens the agent’s doors in settings, ports, Service and policy alike', async (helm) => {
    const all = await render(helm, {
      agent: { doors: { http: 8001, grpc: 9000, goLeaf: 1234, redis: 6390 } },
    });
    const container = containerOf(all, 'agent');
    expect(variables(container)).toMatchObject({
      LEAFCUTTER_LISTEN: '0.0.0.0:8001',
      LEAFCUTTER_GRPC_LISTEN: '0.0.0.0:9000',
      LEAFCUTTER_GO_LEAF_GRPC_LISTEN: '0.0.0.0:1234',
      LEAFCUTTER_RESP_LISTEN: '0.0.0.0:6390',
    });
    const ports = [8001, 9000, 1234, 6390];
    expect(container.ports?.map(({ containerPort }) => containerPort)).toEqual([...ports, 8080]);
    expect(find(all, 'Service', 'leafcutter-agent').spec.ports.map(({ port }) => port)).toEqual(ports);
    expect(find(all, 'NetworkPolicy', 'leafcutter-agent').spec).toMatchObject({
      ingress: [{ ports: ports.map((port) => ({ protocol: 'TCP', port })) }, {}],
    });
  });

  testWithHelm('lets nobody in, or out to a store, where a list of peers is empty', async (helm) => {
    const all = await render(helm, {
      agent: { networkPolicy: { applicationsFrom: [] } },
      coordinator: { networkPolicy: { storesTo: [], adminsFrom: [] } },
    });
    expect(emptyPeers(all)).toEqual([]);
    const ports = (name: string) =>
      [...within(find(all, 'NetworkPolicy', name).spec)].flatMap(([key, value]) =>
        key === 'port' ? [value] : [],
      );
    expect(ports('leafcutter-agent')).toEqual([8080, 53, 53, 8100]);
    expect(ports('leafcutter-coordinator')).toEqual([8100, 8080, 53, 53]);
  });

  testWithHelm('speaks TLS by the names of Secrets, of which each side reads what it needs', async (helm) => {
    const all = await render(helm, {
      coordinator: { tls: { secretName: 'server' }, mysqlTls: { secretName: 'mysql' } },
      agent: { tls: { secretName: 'doors' }, coordinatorTls: { secretName: 'server' } },
    });
    const own = {
      LEAFCUTTER_TLS_CERT_FILE: '/run/secrets/leafcutter-tls/tls.crt',
      LEAFCUTTER_TLS_KEY_FILE: '/run/secrets/leafcutter-tls/tls.key',
    };
    expect(variables(containerOf(all, 'coordinator'))).toMatchObject({
      ...own,
      LEAFCUTTER_MYSQL_TLS_ENABLED: 'true',
      LEAFCUTTER_MYSQL_TLS_CA_FILE: '/run/secrets/leafcutter-mysql-tls/ca.crt',
    });
    expect(variables(containerOf(all, 'agent'))).toMatchObject({
      ...own,
      LEAFCUTTER_COORDINATORS: 'https://leafcutter-coordinator:8100',
      LEAFCUTTER_COORDINATOR_TLS_CA_FILE: '/run/secrets/leafcutter-coordinator-tls/ca.crt',
    });
    const volume = (name: string, secretName: string, ...files: string[]) => ({
      name,
      secret: { secretName, defaultMode: 0o444, items: files.map((key) => ({ key, path: key })) },
    });
    expect(podOf(all, 'agent').volumes.slice(1)).toEqual([
      volume('tls', 'doors', 'tls.crt', 'tls.key'),
      // Not the coordinators' key.
      volume('coordinator-tls', 'server', 'ca.crt'),
    ]);
  });

  testWithHelm('has cert-manager make certificates for the names that callers ask for', async (helm) => {
    const tls = { issuerRef: { name: 'own', kind: 'ClusterIssuer' }, dnsNames: ['ids.example'] };
    const all = await render(helm, { coordinator: { tls }, agent: { tls } }, { namespace: 'ids' });
    for (const name of ['leafcutter-coordinator', 'leafcutter-agent'])
      expect(find(all, 'Certificate', name).spec).toMatchObject({
        secretName: `${name}-tls`,
        issuerRef: tls.issuerRef,
        dnsNames: [name, `${name}.ids`, `${name}.ids.svc`, 'ids.example'],
      });
    expect(podOf(all, 'agent').volumes[1]).toMatchObject({ secret: { secretName: 'leafcutter-agent-tls' } });
  });

  testWithHelm('scrapes and alerts for all in one release, for its own in another', async (helm) => {
    const monitoring = { enabled: true, sidecars: false, rules: false };
    const [all, own] = await Promise.all([
      render(helm, { monitoring: { enabled: true } }),
      render(helm, { monitoring }),
    ]);
    const kinds = (manifests: Manifest[]) => new Set(manifests.map(({ kind }) => kind));
    const without = kinds(own);
    const missing = [...kinds(all)].filter((kind) => !without.has(kind));
    expect(missing.sort()).toEqual(['ConfigMap', 'PrometheusRule']);
    const scraped = (manifests: Manifest[]) => find(manifests, 'PodMonitor', 'leafcutter-agent').spec;
    expect(scraped(all)).toMatchObject({ namespaceSelector: { any: true } });
    expect(scraped(own)).not.toHaveProperty('namespaceSelector');
    expect(find(own, 'Deployment', 'leafcutter-agent').spec.template.metadata.labels).toMatchObject(
      scraped(own).selector?.matchLabels ?? { none: '' },
    );
  });

  testWithHelm('lets agents out to coordinators elsewhere, at their ports', async (helm) => {
    const coordinators = ['https://one.example', 'http://two.example:8100'];
    const all = await render(helm, { agent: { coordinators } });
    const { egress } = find(all, 'NetworkPolicy', 'leafcutter-agent').spec as unknown as { egress: object[] };
    expect(egress.at(-1)).toEqual({
      ports: [443, 8100].map((port) => ({ protocol: 'TCP', port })),
    });
  });

  testWithHelm('gives a DaemonSet to nodes with taints, and both modes on the way there', async (helm) => {
    const all = await render(helm, { agent: { mode: 'both' } });
    expect(podOf(all, 'agent', 'DaemonSet')).toMatchObject({
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
    });
    expect(podOf(all, 'agent')).not.toHaveProperty('tolerations');
    expect(find(all, 'Service', 'leafcutter-agent').spec).not.toHaveProperty('internalTrafficPolicy');
  });

  testWithHelm('leaves the user ID to OpenShift, and replicas to whoever scales', async (helm) => {
    const [open, fixed] = await Promise.all([
      render(helm, { podSecurityContext: { runAsUser: null, runAsGroup: null } }),
      render(helm, { coordinator: { autoscaling: { enabled: false } }, agent: { mode: 'none' } }),
    ]);
    expect(podOf(open, 'agent')).toHaveProperty('securityContext', {
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const replicas = (all: Manifest[]) => find(all, 'Deployment', 'leafcutter-coordinator').spec;
    expect(replicas(open)).not.toHaveProperty('replicas');
    expect(replicas(fixed)).toMatchObject({ replicas: 2 });
    expect(fixed.filter(({ metadata }) => metadata.name === 'leafcutter-agent')).toEqual([]);
  });

  testWithHelm('is installed under any name, also one that YAML reads as something else', async (helm) => {
    for (const name of ['true', 'null', 'a'.repeat(51)]) {
      const namespace = name === 'null' ? '123' : name;
      const all = await render(helm, { monitoring: { enabled: true } }, { release: name, namespace });
      for (const { metadata } of all) {
        expect(metadata).toMatchObject({ namespace, labels: { 'app.kubernetes.io/instance': name } });
        expect(metadata.name).toMatch(/^[a-z][-a-z0-9]{0,62}$/);
      }
    }
    const named = await render(helm, { fullnameOverride: 'ids', nameOverride: '123' }, { release: '1.b' });
    expect(find(named, 'Service', 'ids-coordinator').spec.selector).toMatchObject({
      'app.kubernetes.io/name': '123',
      'app.kubernetes.io/instance': '1.b',
    });
  });
});

const DEPLOYMENT: Readonly<Record<string, object>> = {
  '/apis/apps/v1/namespaces/leafcutter/deployments/leafcutter-coordinator': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'leafcutter-coordinator',
      // Without these Helm 4 takes it for somebody else's.
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        'meta.helm.sh/release-name': 'leafcutter',
        'meta.helm.sh/release-namespace': 'leafcutter',
      },
    },
    spec: { replicas: 4 },
  },
};
const SECRET: Readonly<Record<string, object>> = {
  '/api/v1/namespaces/leafcutter/secrets/leafcutter-coordinator': {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'leafcutter-coordinator', resourceVersion: '4711' },
  },
};

/** What an API server says that it has; Helm 4 asks for every kind that it renders. */
function discovery(kinds: readonly { readonly apiVersion: string; readonly kind: string }[]) {
  const versions = [...new Set(kinds.map(({ apiVersion }) => apiVersion))];
  const groups = versions
    .filter((version) => version.includes('/'))
    .map((groupVersion) => {
      const [name, version] = groupVersion.split('/');
      return { name, versions: [{ groupVersion, version }] };
    });
  const resourcesOf = (groupVersion: string) => ({
    groupVersion,
    resources: kinds
      .filter(({ apiVersion }) => apiVersion === groupVersion)
      .map(({ kind }) => ({ name: `${kind.toLowerCase()}s`, namespaced: true, kind, verbs: ['get'] })),
  });
  return {
    '/version': { major: '1', minor: '34', gitVersion: 'v1.34.0' },
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups },
    ...Object.fromEntries(
      versions.map((version) => [`/api${version === 'v1' ? '' : 's'}/${version}`, resourcesOf(version)]),
    ),
  };
}

/** What the chart makes for a cluster that has these objects. */
async function renderFor(helm: string, objects: Readonly<Record<string, object>>): Promise<Manifest[]> {
  const kinds = [...(await render(helm, {})), { apiVersion: 'v1', kind: 'Secret' }];
  const answers: Readonly<Record<string, object>> = { ...discovery(kinds), ...objects };
  const notFound = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
  const cluster = createServer(({ url = '' }, response) => {
    const answer = answers[url.replace(/\?.*/, '')];
    response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer ?? notFound));
  });
  await once(cluster.listen(0, '127.0.0.1'), 'listening');
  const server = `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`;
  try {
    const more = ['--dry-run=server', '--disable-openapi-validation', '--kube-apiserver', server];
    return await render(helm, {}, { more });
  } finally {
    cluster.close();
  }
}

describe('in a cluster', () => {
  testWithHelm('an upgrade goes on from the replicas and the Secret that are there', async (helm) => {
    const all = await renderFor(helm, { ...DEPLOYMENT, ...SECRET });
    expect(find(all, 'Deployment', 'leafcutter-coordinator').spec).toMatchObject({
      replicas: 4,
      template: { metadata: { annotations: { 'leafcutter/secret-version': '4711' } } },
    });
  });

  testWithHelm('a first installation begins with what the autoscaler would make of it', async (helm) => {
    const all = await renderFor(helm, SECRET);
    expect(find(all, 'Deployment', 'leafcutter-coordinator').spec).toMatchObject({ replicas: 2 });
  });
});

describe('helm test', () => {
  /** The container of its pod, if there is one. */
  const containerFor = async (helm: string, values: object) => {
    const pods = (await render(helm, values)).filter(({ kind }) => kind === 'Pod');
    const [pod] = pods as unknown as { spec: { containers: [Container] } }[];
    return pod?.spec.containers[0];
  };

  testWithHelm('draws an ID, by TLS too, and fails if it gets none', async (helm) => {
    const container = (await containerFor(helm, { test: { tag: 'orders' } })) as Container;
    expect(variables(container).ID_URL).toBe('http://leafcutter-agent:8000/v1/ids/orders');
    let status = 200;
    const answer: RequestListener = (_, response) => response.writeHead(status).end('1');
    const { caFile, certFile, keyFile } = await makeCertificates();
    const [cert, key, ca] = [certFile, keyFile, caFile].map((file) => readFileSync(file));
    const plain = createServer(answer);
    const secure = createTlsServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, answer);
    const draw = async (scheme: string, agent: Server, env: Readonly<Record<string, string>> = {}) => {
      const ID_URL = `${scheme}://127.0.0.1:${(agent.address() as AddressInfo).port}`;
      return promisify(execFile)(process.execPath, ['-e', ...(container.args ?? [])], {
        env: { ID_URL, ...env },
      });
    };
    try {
      for (const agent of [plain, secure]) await once(agent.listen(0, '127.0.0.1'), 'listening');
      const files = { CA_FILE: caFile, CERT_FILE: certFile, KEY_FILE: keyFile };
      expect((await draw('http', plain)).stdout).toBe('200 1\n');
      expect((await draw('https', secure, files)).stdout).toBe('200 1\n');
      await expect(draw('https', secure, { ...files, CA_FILE: '/none' })).rejects.toThrow();
      status = 503;
      await expect(draw('http', plain)).rejects.toThrow();
    } finally {
      for (const agent of [plain, secure]) agent.close();
    }
  });

  testWithHelm('shows agents that want one a certificate, or isn’t there', async (helm) => {
    const agent = { tls: { secretName: 'doors', verifyClients: true } };
    expect(await containerFor(helm, { agent })).toBeUndefined();
    const container = await containerFor(helm, { agent, test: { tlsSecretName: 'mine' } });
    expect(variables(container as Container)).toMatchObject({
      ID_URL: 'https://leafcutter-agent:8000/v1/snowflake',
      CA_FILE: '/run/secrets/leafcutter-tls/ca.crt',
      CERT_FILE: '/run/secrets/leafcutter-shown/tls.crt',
    });
  });
});
