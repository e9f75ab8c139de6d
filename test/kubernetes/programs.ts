import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { getHelm } from '../../scripts/helm.mjs';
import { download } from '../servers/download.ts';

const run = promisify(execFile);
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'leafcutter-servers');
/** The API server is a large program: it takes four minutes on two idle cores, and a busy machine may need ten times as long. */
const BUILD_WITHIN_MS = 3 * 60 * 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export const VERSIONS = {
  kubernetes: '1.34.4',
  helm3: '3.19.5',
  operator: '0.85.0',
  certManager: '1.19.1',
  etcd: '3.4.23',
} as const;

/** Where each program is. */
export interface Programs {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kubectl: string;
  readonly helm3: string;
  readonly helm4: string;
  /** A registry of images and charts. */
  readonly registry: string;
  /** Files with the kinds of the Prometheus operator and of cert-manager that the chart makes objects of. */
  readonly customTypes: readonly string[];
}

/**
 * Gets what a control plane needs; each thing once, into a folder outside of the tree. Nothing is installed and no rights are
 * needed. What Kubernetes and Helm publish as downloads is built from their Go modules instead.
 *
 * @throws Error that says what is not to be had
 */
export async function getPrograms(say: (text: string) => void): Promise<Programs> {
  const helm4 = await getHelm();
  const etcd = await fromDebian('etcd-server', '3.4.23-4+b4', say);
  const registry = await fromDebian('docker-registry', '2.8.2+ds1-1', say);
  const { kubernetes, helm3, operator, certManager } = VERSIONS;
  const helm = await once(`Helm-3.19/go/${helm3}`, say, async (draft) => {
    await buildGo(draft, { module: 'helm.sh/helm/v3', version: helm3, programs: ['helm'] });
  });
  const control = await once(`Kubernetes-1.34/go/${kubernetes}`, say, (draft) =>
    buildGo(draft, {
      module: 'k8s.io/kubernetes',
      version: kubernetes,
      programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
    }),
  );
  const operatorModule = await goModule('github.com/prometheus-operator/prometheus-operator', operator);
  const certManagerModule = await goModule('github.com/cert-manager/cert-manager', certManager);
  return {
    etcd: join(etcd, 'usr/bin/etcd'),
    apiServer: join(control, 'kube-apiserver'),
    controllerManager: join(control, 'kube-controller-manager'),
    scheduler: join(control, 'kube-scheduler'),
    kubectl: join(helm4, 'kubectl'),
    helm3: join(helm, 'helm'),
    helm4: join(helm4, 'helm'),
    registry: join(registry, 'usr/bin/docker-registry'),
    customTypes: [
      ...['podmonitors', 'prometheusrules', 'servicemonitors'].map((kind) =>
        join(operatorModule, `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`),
      ),
      join(certManagerModule, 'deploy/crds/cert-manager.io_certificates.yaml'),
    ],
  };
}

/** A folder of the cache, which `fill` fills if it is not there yet. */
async function once(
  name: string,
  say: (text: string) => void,
  fill: (draft: string) => Promise<void>,
): Promise<string> {
  const folder = join(CACHE, name, 'root');
  if (existsSync(folder)) return folder;
  say(`gets ${name}`);
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(join(dirname(folder), 'draft-'));
  try {
    await fill(draft);
    renameSync(draft, folder);
    return folder;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const fromDebian = (name: string, version: string, say: (text: string) => void) =>
  once(`${name}/debian/${version}`, say, (draft) =>
    download({ kind: 'debian', suites: ['bookworm'], packages: { [name]: version } }, draft),
  );

interface GoBuild {
  readonly module: string;
  readonly version: string;
  /** Of its folder `cmd`. */
  readonly programs: readonly string[];
}

async function go(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
  const options = { cwd, env, timeout: BUILD_WITHIN_MS, maxBuffer: MAX_OUTPUT_BYTES };
  const { stdout } = await run('nice', ['-n', '19', 'go', ...args], options);
  return stdout;
}

/** The folder of a module’s sources. */
async function goModule(module: string, version: string): Promise<string> {
  const told = await go(['mod', 'download', '-json', `${module}@v${version}`], '/');
  return (JSON.parse(told) as { Dir: string }).Dir;
}

async function buildGo(draft: string, { module, version, programs }: GoBuild): Promise<void> {
  const sources = await goModule(module, version);
  const work = join(draft, 'work');
  mkdirSync(work);
  writeFileSync(join(work, 'go.mod'), goMod(module, version, join(sources, 'go.mod')));
  const [major, minor] = version.split('.');
  const say = 'k8s.io/component-base/version.git';
  const flags =
    module === 'k8s.io/kubernetes'
      ? `-s -w -X ${say}Version=v${version} -X ${say}Major=${major} -X ${say}Minor=${minor}`
      : `-s -w -X ${module}/internal/version.version=v${version}`;
  for (const program of programs) {
    const path = `${module}/cmd/${program}`;
    await go(['build', '-p', '2', '-trimpath', '-ldflags', flags, '-o', `${draft}/`, path], work);
  }
  rmSync(work, { recursive: true });
}

/** A module of its own that needs this one. Kubernetes’ parts, which it finds beside itself, are published as modules, too. */
function goMod(module: string, version: string, original: string): string {
  const text = readFileSync(original, 'utf8');
  const replaced = [...text.matchAll(/^\s*(?:replace )?(\S+) => \.\/staging\//gm)].map(([, name]) => name);
  const partVersion = version.replace(/^1\./, '0.');
  return [
    'module leafcutter.invalid/kubernetes',
    /^go .*$/m.exec(text)?.[0],
    `require ${module} v${version}`,
    ...replaced.map((name) => `replace ${name} => ${name} v${partVersion}`),
    '',
  ].join('\n');
}
