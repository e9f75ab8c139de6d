/**
 * `npm run build`. Node runs the sources, so nothing is compiled. It makes the types of the gRPC messages, and the
 * documents that come from the sources.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartReadme } from './chart-readme.mjs';
import { DASHBOARDS, dashboardText } from './grafana-dashboards.mjs';
import { GENERATED, writeGrpcTypes } from './grpc-types.mjs';
import { areCurrent, manifestsWithoutHelm, renderManifests } from './kubernetes-manifests.mjs';

/** Returns what went wrong, or nothing. */
export async function buildDocuments(root, say) {
  const problem = writeGrpcTypes(GENERATED);
  if (problem !== undefined) return problem;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['packages/cli/src/main.ts', 'config', '--markdown'],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) return stderr;
  const write = (path, text) => writeFileSync(join(root, path), text);
  write('docs/configuration.md', stdout);
  // Reads sources that need the types written above.
  const { METRICS_PAGE } = await import('./metrics-page.mjs');
  write('docs/metrics.md', METRICS_PAGE);
  const { withEndpointTables } = await import('./endpoint-tables.mjs');
  for (const [file, text] of Object.entries(withEndpointTables(root))) write(file, text);
  for (const [file, dashboard] of Object.entries(DASHBOARDS))
    write(`deploy/grafana/dashboards/${file}`, dashboardText(dashboard));
  write('deploy/helm/leafcutter/README.md', chartReadme(root));
  say(
    'Wrote docs/configuration.md, docs/metrics.md, the tables of endpoints in docs/api.md, docs/limits.md and docs/errors.md, deploy/grafana/dashboards, the chart’s README.md and packages/agent/src/generated.',
  );
  const rendered = renderManifests();
  for (const [file, text] of Object.entries(rendered ?? manifestsWithoutHelm()))
    write(`deploy/kubernetes/${file}`, text);
  if (rendered !== undefined) say('Wrote deploy/kubernetes.');
  else say(`Wrote dashboards and rules in deploy/kubernetes. NOT RUN: ${WITHOUT_HELM[String(areCurrent())]}`);
  return undefined;
}

/** By whether the manifests still are what the chart makes. */
const WITHOUT_HELM = {
  true: 'Helm, which makes the rest there, is not installed; the chart is as it was.',
  false:
    'Helm, which makes the rest there, is not installed, and the chart has changed: a test is red until it has run.',
};
