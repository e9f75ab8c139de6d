/**
 * `npm run build`. Node runs the sources, so nothing is compiled; what is built are the types of the gRPC messages and the
 * documents made from the sources.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DASHBOARDS } from './grafana-dashboards.mjs';
import { GENERATED, writeGrpcTypes } from './grpc-types.mjs';
import { areCurrent, renderManifests } from './kubernetes-manifests.mjs';

/** Answers what went wrong, or nothing. */
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
    write(`deploy/grafana/dashboards/${file}`, `${JSON.stringify(dashboard, null, 2)}\n`);
  say(
    'Wrote docs/configuration.md, docs/metrics.md, the tables of endpoints in README.md, docs/limits.md and docs/errors.md, deploy/grafana/dashboards and packages/agent/src/generated.',
  );
  const manifests = renderManifests();
  for (const [file, text] of Object.entries(manifests ?? {})) write(`deploy/kubernetes/${file}`, text);
  if (manifests !== undefined) say('Wrote deploy/kubernetes.');
  else if (!areCurrent())
    return 'deploy/kubernetes no longer is what deploy/helm makes, and Helm, which would make it, is not installed.';
  return undefined;
}
