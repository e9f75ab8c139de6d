/**
 * The plain manifests in deploy/kubernetes, rendered by Helm from the chart in deploy/helm/leafcutter. Not every machine has
 * Helm, so each file carries the digest of what it was made from: a test sees there that the two belong together. Dashboards and
 * rules stand in a manifest as they are written in their own files, and are renewed without Helm.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findHelm } from './helm.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const chart = join(root, 'deploy', 'helm', 'leafcutter');

/** By file: which part of the chart it shows, and with which values besides the defaults. */
const MANIFESTS = {
  'coordinator.yaml': { show: 'coordinator', set: [] },
  'agent-deployment.yaml': { show: 'agent', set: [] },
  'agent-daemonset.yaml': { show: 'agent', set: ['agent.mode=daemonset'] },
  'monitoring.yaml': { show: 'monitoring', set: ['monitoring.enabled=true'] },
};

/** A Helm that was built from its Go module assumes an old Kubernetes unless told otherwise. */
const KUBERNETES = '1.34.0';

const manifest = (file) => readFileSync(join(root, 'deploy', 'kubernetes', file), 'utf8');

/** True if each manifest says that it was made from the chart as it is now. */
export function areCurrent() {
  return Object.keys(MANIFESTS).every((file) => manifest(file).startsWith(header(file)));
}

const header = (file) =>
  `# Made by npm run build from deploy/helm/leafcutter, ${digestOf(MANIFESTS[file])}\n`;

/** Of the files of the chart that a manifest is made of, but for dashboards and rules. */
function digestOf({ show }) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
    } else hash.update(`${relative(chart, path)}\0${readFileSync(path)}\0`);
  };
  const shared = [
    'Chart.yaml',
    'values.yaml',
    'values.schema.json',
    ...readdirSync(join(chart, 'templates'))
      .filter((name) => name.startsWith('_'))
      .sort()
      .map((name) => `templates/${name}`),
  ];
  for (const path of [...shared, `templates/${show}`]) add(join(chart, path));
  return hash.digest('hex');
}

/** The manifests whose dashboards and rules are renewed without Helm, with these as they are now. */
export function manifestsWithoutHelm() {
  const file = 'monitoring.yaml';
  const deploy = (path) => readFileSync(join(root, 'deploy', path), 'utf8');
  const folder = join(root, 'deploy', 'grafana', 'dashboards');
  const dashboards = readdirSync(folder)
    .sort()
    .map((name) => `  ${name}: |\n${indented(deploy(`grafana/dashboards/${name}`), 4)}`)
    .join('');
  const groups = ['rules.yml', 'alerts.yml']
    .map((name) => indented(deploy(`prometheus/${name}`).replace(/^.*?\ngroups:\n/s, ''), 2))
    .join('');
  return {
    [file]: manifest(file)
      .replace(/(?<=\nkind: ConfigMap\n.*?\ndata:\n).*?(?=^---$)/ms, () => dashboards)
      .replace(/(?<=\nkind: PrometheusRule\n.*?\n {2}groups:\n).*?(?=^---$)/ms, () => groups),
  };
}

/** Blank lines stay blank. */
const indented = (text, by) => text.replace(/^(?=.)/gm, ' '.repeat(by));

/**
 * @returns {Record<string, string> | undefined} the manifests by file name; undefined if there is no Helm
 * @throws Error with Helm's message
 */
export function renderManifests() {
  const helm = findHelm();
  if (helm === undefined) return undefined;
  const rendered = {};
  for (const [file, { show, set }] of Object.entries(MANIFESTS)) {
    const { error, status, stdout, stderr } = spawnSync(
      helm,
      [
        ...['template', 'leafcutter', chart, '--namespace', 'leafcutter', '--kube-version', KUBERNETES],
        ...set.flatMap((value) => ['--set', value]),
        ...['--show-only', `templates/${show}/*.yaml`],
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    if (status !== 0) throw new Error(`${helm} template: ${error ?? stderr}`);
    rendered[file] = header(file) + stdout;
  }
  return rendered;
}
