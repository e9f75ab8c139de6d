import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { VERSION } from '@leafcutter/shared/version';
import { parse } from 'yaml';
import { read, run } from '../support/deploy.ts';
import { testWithHelm } from '../support/helm.ts';
import { type Manifest, manifestsOf } from '../support/kubernetes.ts';
import { rulesOf } from '../support/prometheus.ts';
import { ROOT } from '../support/root.ts';

const CHART = join(ROOT, 'deploy/helm/leafcutter');
const chart = parse(read('deploy/helm/leafcutter/Chart.yaml')) as { version: string; appVersion: string };

describe('what belongs together', () => {
  test('Services, budgets and policies find the pods that they are for', () => {
    for (const file of ['coordinator.yaml', 'agent-deployment.yaml', 'agent-daemonset.yaml']) {
      const all = manifestsOf(file);
      const workload = all.find(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet') as Manifest;
      const { labels } = workload.spec.template.metadata;
      const service = all.find(({ kind }) => kind === 'Service');
      const budget = all.find(({ kind }) => kind === 'PodDisruptionBudget');
      expect(labels).toMatchObject(service?.spec.selector ?? { none: '' });
      if (workload.kind === 'Deployment')
        expect(labels).toMatchObject(budget?.spec.selector?.matchLabels ?? { none: '' });
      expect(labels).toMatchObject(workload.spec.selector?.matchLabels ?? { none: '' });
      expect(all.map(({ kind }) => kind)).toContain('NetworkPolicy');
      const named = workload.spec.template.spec.containers.flatMap(({ ports = [] }) => ports);
      for (const { port, targetPort } of service?.spec.ports ?? [])
        expect(named).toContainEqual({ name: targetPort, containerPort: port, protocol: 'TCP' });
    }
  });

  test('the budget of shared agents doesn’t count those of nodes, which may be there beside them', () => {
    const [budget] = manifestsOf('agent-deployment.yaml').filter(
      ({ kind }) => kind === 'PodDisruptionBudget',
    );
    const [daemons] = manifestsOf('agent-daemonset.yaml').filter(({ kind }) => kind === 'DaemonSet');
    expect(daemons?.spec.template.metadata.labels).not.toMatchObject(
      budget?.spec.selector?.matchLabels ?? {},
    );
  });

  test('rules, alerts and dashboards are those of deploy/prometheus and deploy/grafana', () => {
    const [rule] = manifestsOf('monitoring.yaml').filter(({ kind }) => kind === 'PrometheusRule');
    const groups = ['rules.yml', 'alerts.yml'].flatMap(
      (file) => parse(read(`deploy/prometheus/${file}`)).groups,
    );
    expect(rule?.spec.groups).toEqual(groups);
    const [dashboards] = manifestsOf('monitoring.yaml').filter(({ kind }) => kind === 'ConfigMap');
    const folder = 'deploy/grafana/dashboards';
    const files = readdirSync(join(ROOT, folder)).map((file) => [file, read(`${folder}/${file}`)]);
    expect(dashboards?.data).toEqual(Object.fromEntries(files));
  });

  test('monitors give the names of jobs that alerts ask for', () => {
    const asked = rulesOf('alerts.yml').flatMap(({ expr }) => expr.match(/(?<=job=")[\w-]+/g) ?? []);
    const given = read('deploy/kubernetes/monitoring.yaml').matchAll(
      /targetLabel: job, replacement: ([\w-]+)/g,
    );
    expect([...given].map(([, job]) => job).sort()).toEqual([...new Set(asked)].sort());
  });
});

describe('the chart', () => {
  const source = new URL('../../scripts/kubernetes-manifests.mjs', import.meta.url).pathname;

  test('is the one that the plain manifests were rendered from (npm run build renders them, with Helm)', async () => {
    const { areCurrent } = (await import(source)) as { areCurrent: () => boolean };
    expect(areCurrent()).toBe(true);
  });

  test('is not needed to renew dashboards and rules in them', async () => {
    const { manifestsWithoutHelm } = (await import(source)) as {
      manifestsWithoutHelm: () => Record<string, string>;
    };
    for (const [file, text] of Object.entries(manifestsWithoutHelm()))
      expect(text).toBe(read(`deploy/kubernetes/${file}`));
  });

  test('is released with the rules and dashboards that it links to', async () => {
    const tarball = new URL('../../scripts/release/tarball.mjs', import.meta.url).pathname;
    const { entriesOf } = (await import(tarball)) as {
      entriesOf: (folder: string, prefix: string) => { readonly name: string }[];
    };
    const names = entriesOf(CHART, 'leafcutter/').map(({ name }) => name);
    for (const file of [
      'Chart.yaml',
      'files/alerts.yml',
      'files/rules.yml',
      'files/dashboards/leafcutter-tag.json',
    ])
      expect(names).toContain(`leafcutter/${file}`);
  });

  test('lists its values in its README.md (npm run build writes it)', async () => {
    const readme = new URL('../../scripts/chart-readme.mjs', import.meta.url).pathname;
    const { chartReadme } = (await import(readme)) as { chartReadme: (root: string) => string };
    expect(read('deploy/helm/leafcutter/README.md')).toBe(chartReadme(ROOT));
    expect(chartReadme(ROOT)).toContain('| `agent.doors.grpc` | `0` |  |');
  });

  test('is of this version', () => {
    expect(chart).toMatchObject({ version: VERSION, appVersion: VERSION });
    expect(read('deploy/kubernetes/kustomization.yaml')).toContain(`newTag: ${VERSION}`);
  });

  testWithHelm('renders as committed, and refuses what it does not know', async (helm) => {
    const { renderManifests } = (await import(source)) as {
      renderManifests: () => Record<string, string>;
    };
    for (const [file, text] of Object.entries(renderManifests()))
      expect([file, text]).toEqual([file, read(`deploy/kubernetes/${file}`)]);
    const template = (...set: string[]) =>
      run(helm, [
        'template',
        'other',
        CHART,
        '--kube-version',
        '1.34.0',
        ...set.flatMap((it) => ['--set', it]),
      ]);
    await expect(template('coordinator.replica=3')).rejects.toThrow(/replica/);
    await expect(template('image.tag=latest')).rejects.toThrow(/tag/);
    const { stdout } = await template('agent.mode=none', 'coordinator.autoscaling.enabled=false');
    expect(stdout).toContain('replicas: 2');
    expect(stdout).not.toContain('name: other-agent');
  });
});
