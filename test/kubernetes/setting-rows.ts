/** Faults that the API server shows without a pod: how settings arrive, what is refused, what a second apply says. */
import {
  bad,
  type Finding,
  good,
  reason,
  type Task,
  type Trial,
  verdict,
  WAYS,
  type Way,
} from './subject.ts';

const VARIABLE = 'LEAFCUTTER_DRAIN_MS';

async function valuesOf(trial: Trial, variable: string, deployment = 'leafcutter-agent'): Promise<string> {
  const { env = [] } = await trial.container(deployment);
  return env.flatMap(({ name, value = '' }) => (name === variable ? [value] : [])).join(' and ') || 'none';
}

/** Gives a variable of the chart's own, gives it another value, and takes it away again. */
async function ownVariable(trial: Trial, way: Way): Promise<Finding> {
  const seen: string[] = [];
  for (const value of [undefined, '1111', '2222', undefined]) {
    const extraEnv = value === undefined ? [] : [{ name: VARIABLE, value }];
    const ran = await trial.bring({ agent: { extraEnv } }, { way });
    seen.push(ran.isOk ? await valuesOf(trial, VARIABLE) : 'refused');
  }
  return verdict(seen.join() === '5000,1111,2222,5000', seen.join(' → '));
}

interface Rule {
  readonly from?: readonly object[];
  readonly to?: readonly object[];
  readonly ports?: readonly { readonly port: number }[];
}

async function rulesOf(
  trial: Trial,
  name: string,
): Promise<{ ingress: readonly Rule[]; egress: readonly Rule[] }> {
  const policy = await trial.get('networking.k8s.io/v1/networkpolicies', name);
  if (policy === undefined) throw new Error(`There is no policy ${name}.`);
  return policy.spec as unknown as { ingress: readonly Rule[]; egress: readonly Rule[] };
}

const portsOf = (rules: readonly Rule[]) => rules.flatMap(({ ports = [] }) => ports.map(({ port }) => port));

async function noApplications(trial: Trial): Promise<Finding> {
  const ran = await trial.bring({ agent: { networkPolicy: { applicationsFrom: [] } } });
  if (!ran.isOk) return bad(reason(ran));
  const { ingress } = await rulesOf(trial, 'leafcutter-agent');
  const open = portsOf(ingress.filter(({ from = [] }) => from.length === 0));
  return open.length > 0 ? bad(`port ${open.join()} is open to everybody`) : good('nobody');
}

const PORTS = { grpc: 9000, goLeaf: 1234, redis: 6390 };

async function doors(trial: Trial): Promise<Finding> {
  const ran = await trial.bring({ agent: { doors: PORTS } });
  if (!ran.isOk) return bad('there is no such value');
  const service = await trial.get('services', 'leafcutter-agent');
  const served = ((service?.spec.ports ?? []) as readonly { port: number }[]).map(({ port }) => port);
  const { ingress } = await rulesOf(trial, 'leafcutter-agent');
  const allowed = portsOf(ingress);
  const isOpen = Object.values(PORTS).every((port) => served.includes(port) && allowed.includes(port));
  return verdict(isOpen, `Service: ${served.join(', ')}; policy: ${allowed.join(', ')}`);
}

async function egress(trial: Trial): Promise<Finding> {
  const rule = (port: number) => ({ ports: [{ protocol: 'TCP', port }] });
  const extraEgress = [26379, 443, 4318].map(rule);
  const ran = await trial.bring({ coordinator: { networkPolicy: { extraEgress } } });
  if (!ran.isOk) return bad('there is no such value');
  const ports = portsOf((await rulesOf(trial, 'leafcutter-coordinator')).egress);
  return verdict(
    [26379, 443, 4318].every((port) => ports.includes(port)),
    `out to ${ports.join(', ')}`,
  );
}

/** The kustomization and the DaemonSet, by an overlay as the README tells. */
async function otherNamespace(trial: Trial): Promise<Finding> {
  const ran = await trial.overlay();
  if (!ran.isOk) return bad(reason(ran));
  const asked = await valuesOf(trial, 'LEAFCUTTER_COORDINATORS');
  return verdict(!asked.includes('.leafcutter.'), `agents ask ${asked}`);
}

async function tls(trial: Trial): Promise<Finding> {
  const ran = await trial.bring({
    coordinator: { tls: { secretName: 'server' } },
    agent: { tls: { secretName: 'doors' }, coordinatorTls: { secretName: 'client' } },
  });
  if (!ran.isOk) return bad('there is no such value');
  const asked = await valuesOf(trial, 'LEAFCUTTER_COORDINATORS');
  const shown = await valuesOf(trial, 'LEAFCUTTER_TLS_CERT_FILE');
  const isTls = asked.startsWith('https:') && shown.endsWith('/tls.crt');
  return verdict(isTls, `agents ask ${asked}, and show ${shown}`);
}

const WISHES: Readonly<Record<string, object>> = {
  'full name': { fullnameOverride: 'ids' },
  'user id (OpenShift)': { podSecurityContext: { runAsUser: null, runAsGroup: null } },
  'priority class': { agent: { priorityClassName: 'system-cluster-critical' } },
  affinity: { agent: { affinity: { nodeAffinity: {} } } },
  labels: { commonLabels: { team: 'ids' } },
  annotations: { commonAnnotations: { team: 'ids' } },
  'service account': { agent: { serviceAccount: { name: 'own', create: false } } },
  containers: { agent: { extraContainers: [{ name: 'beside', image: 'beside:1' }] } },
  probes: { agent: { livenessProbe: { periodSeconds: 20 } } },
  ports: { agent: { extraPorts: [{ name: 'own', containerPort: 7000, protocol: 'TCP' }] } },
  arguments: { agent: { extraArgs: ['--log-level', 'warn'] } },
  'further keys of Secrets': { agent: { secretKeys: { scopedTokens: 'scoped' } } },
  'TLS to MySQL and Redis': {
    coordinator: { mysqlTls: { secretName: 'mysql' }, redisTls: { secretName: 'redis' } },
  },
  'certificates by cert-manager': { agent: { tls: { issuerRef: { name: 'own', kind: 'Issuer' } } } },
  'disruption budgets': { coordinator: { podDisruptionBudget: { maxUnavailable: '50%' } } },
  'a Service of its own kind': { agent: { service: { type: 'LoadBalancer', loadBalancerClass: 'a/b' } } },
  'objects of the user’s': {
    extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-own' } }],
  },
};

async function wishes(trial: Trial): Promise<Finding> {
  const refused: string[] = [];
  for (const [wish, values] of Object.entries(WISHES)) {
    const rendered = await trial.render(values);
    const dry =
      rendered.isOk &&
      (await trial.apply(rendered.out, '--dry-run=server', '--namespace', trial.namespace)).isOk;
    if (!dry) refused.push(wish);
  }
  const all = Object.keys(WISHES).length;
  return refused.length === 0 ? good(`all ${all} taken`) : bad(`not to be had: ${refused.join(', ')}`);
}

async function autoscaling(trial: Trial, way: Way): Promise<Finding> {
  const replicas = async () =>
    Number((await trial.get('apps/v1/deployments', 'leafcutter-coordinator'))?.spec.replicas);
  const fixed = await trial.bring({ coordinator: { autoscaling: { enabled: false }, replicas: 4 } }, { way });
  if (!fixed.isOk) return bad(reason(fixed));
  const scaled = await trial.bring({ coordinator: { autoscaling: { enabled: true } } }, { way });
  const now = await replicas();
  return verdict(scaled.isOk && now === 4, scaled.isOk ? `4 → ${now}` : reason(scaled));
}

async function memory(trial: Trial): Promise<Finding> {
  const ran = await trial.bring({});
  if (!ran.isOk) return bad(reason(ran));
  const request = (await trial.container('leafcutter-agent')).resources?.requests?.memory ?? 'none';
  return verdict(Number.parseInt(request, 10) * 1.048576 > 139, request);
}

const NAMES = ['true', '123', 'null', 'a.b', '1st', 'a'.repeat(51), 'a'.repeat(53)];

/** Whether a release is all there, or nothing of it. */
async function outcome(
  trial: Trial,
  values: object,
  release: string,
): Promise<'taken' | 'refused' | 'half-way'> {
  const ran = await trial.bring(values, { release });
  const selector = `app.kubernetes.io/instance=${release}`;
  const kinds = 'deployments,services,serviceaccounts,networkpolicies,poddisruptionbudgets';
  const list = ['get', kinds, '--namespace', trial.namespace, '--selector', selector, '--output=name'];
  const there = (await trial.cluster.kubectl(list)).out.trim() !== '';
  await trial.cluster.helm(3, ['uninstall', release, '--namespace', trial.namespace, '--ignore-not-found']);
  if (ran.isOk) return 'taken';
  return there ? 'half-way' : 'refused';
}

async function names(trial: Trial): Promise<Finding> {
  const half: string[] = [];
  const short = (name: string) => (name.length > 9 ? `${name.length} × a` : name);
  for (const name of NAMES) if ((await outcome(trial, {}, name)) === 'half-way') half.push(short(name));
  return half.length === 0 ? good('taken, or refused at once') : bad(`half-way: ${half.join(', ')}`);
}

const WRONG: Readonly<Record<string, object>> = {
  'minimum above maximum': { coordinator: { autoscaling: { minReplicas: 7, maxReplicas: 6 } } },
  'limit below request': {
    agent: { resources: { requests: { memory: '1Gi' }, limits: { memory: '512Mi' } } },
  },
  'misspelt field of a toleration': { agent: { tolerations: [{ effects: 'NoSchedule' }] } },
  'an annotation’s name with a blank': { agent: { podAnnotations: { 'a b': '1' } } },
  'misspelt field of a variable': { agent: { extraEnv: [{ name: 'A', valeu: '1' }] } },
};

async function wrong(trial: Trial): Promise<Finding> {
  const seen: string[] = [];
  for (const [what, values] of Object.entries(WRONG)) {
    const became = await outcome(trial, values, 'leafcutter');
    if (became !== 'refused') seen.push(`${what}: ${became}`);
  }
  return seen.length === 0 ? good(`all ${Object.keys(WRONG).length} refused at once`) : bad(seen.join(', '));
}

async function listenHost(trial: Trial): Promise<Finding> {
  const ran = await trial.bring({ listenHost: '::' });
  if (!ran.isOk) return bad(reason(ran));
  const address = await valuesOf(trial, 'LEAFCUTTER_LISTEN');
  return verdict(address === '[::]:8000', address);
}

/** Not the daemon set, whose Service is another one of the same name. */
const PLAIN = ['coordinator.yaml', 'agent-deployment.yaml', 'sidecar.yaml'];

async function plain(trial: Trial): Promise<string> {
  const texts = await Promise.all(PLAIN.map((file) => trial.manifest(file)));
  return texts.join('\n---\n');
}

async function secondApply(trial: Trial): Promise<Finding> {
  const text = await plain(trial);
  const flags = ['--namespace', trial.namespace];
  const first = await trial.apply(text, ...flags);
  const second = await trial.apply(text, ...flags);
  const diff = await trial.cluster.kubectl(['diff', ...flags, '-f', '-'], text);
  // kubectl says so of every budget, since its patch replaces the selector even by the same.
  const changed = (second.out.match(/^\S+ configured$/gm) ?? []).filter(
    (line) => !line.startsWith('poddisruptionbudget'),
  );
  const said =
    changed.length > 0
      ? `configured: ${changed.map((line) => line.split(' ')[0]).join(', ')}`
      : 'all unchanged, but for what kubectl says of every budget';
  const isGood = first.isOk && second.isOk && changed.length === 0 && diff.isOk;
  return verdict(isGood, first.isOk ? `${said}; diff ${diff.isOk ? 'empty' : 'not empty'}` : reason(first));
}

async function secondManager(trial: Trial): Promise<Finding> {
  const text = await plain(trial);
  const flags = ['--namespace', trial.namespace, '--server-side'];
  const client = await trial.apply(text, '--namespace', trial.namespace);
  const ran = await trial.apply(text, ...flags, '--field-manager=second');
  return verdict(client.isOk && ran.isOk, ran.isOk ? 'no conflict' : reason(ran));
}

async function changedSecret(trial: Trial): Promise<Finding> {
  const template = async () => {
    const found = await trial.get('apps/v1/deployments', 'leafcutter-coordinator');
    return JSON.stringify(found?.spec.template);
  };
  const first = await trial.bring({});
  if (!first.isOk) return bad(reason(first));
  const before = await template();
  const path = `/api/v1/namespaces/${trial.namespace}/secrets/leafcutter-coordinator`;
  await trial.cluster.api.call('PATCH', path, { stringData: { 'mysql-url': 'mysql://other/leafcutter' } });
  await trial.bring({});
  const isRestarted = (await template()) !== before;
  return verdict(isRestarted, isRestarted ? 'the next upgrade makes new pods' : 'an upgrade changes nothing');
}

async function twoReleases(trial: Trial): Promise<Finding> {
  const first = await trial.bring({ monitoring: { enabled: true } }, { release: 'one' });
  if (!first.isOk) return bad(reason(first));
  const own = { enabled: true, sidecars: false, rules: false };
  const second = await trial.bring({ monitoring: own }, { release: 'two' });
  if (!second.isOk) await trial.bring({ monitoring: { enabled: true } }, { release: 'two' });
  const of = (kind: string) => trial.cluster.list(`monitoring.coreos.com/v1/${kind}`, trial.namespace);
  const rules = await of('prometheusrules');
  const everywhere = (await of('podmonitors')).filter(({ spec }) => 'namespaceSelector' in spec);
  const isGood = rules.length === 1 && everywhere.length === 1;
  return verdict(isGood, `${rules.length} with alerts, ${everywhere.length} that scrape all agents`);
}

export const SETTING_ROWS: readonly Task[] = [
  ...WAYS.map((way) => ({
    what: `a variable of the chart's own in \`extraEnv\`: given, changed, taken away (${way})`,
    see: (trial: Trial) => ownVariable(trial, way),
  })),
  { what: '`applicationsFrom: []` lets in', see: noApplications },
  { what: 'doors of gRPC, go-leaf and Redis', see: doors },
  { what: 'out to sentinels, port 443 and OTLP with the policy on', see: egress },
  { what: 'plain manifests in another namespace, by kustomize', see: otherNamespace },
  { what: 'TLS of coordinators and of agents', see: tls },
  { what: 'values that users of charts expect', see: wishes },
  ...(['Helm 3', 'Helm 4'] as const).map((way) => ({
    what: `coordinators as autoscaling is switched on (${way})`,
    see: (trial: Trial) => autoscaling(trial, way),
  })),
  { what: 'memory that an agent asks for; idle it takes 139 MB', see: memory },
  {
    what: 'releases named `true`, `123`, `null`, with a dot, a digit first, 51 and 53 characters',
    see: names,
  },
  { what: 'values that the server refuses', see: wrong },
  { what: '`listenHost: "::"`', see: listenHost },
  { what: 'plain manifests applied twice', see: secondApply },
  { what: 'a second manager of the same objects', see: secondManager },
  { what: 'a changed URL of a store in its Secret', see: changedSecret },
  { what: 'two releases with monitoring', see: twoReleases },
];
