#!/usr/bin/env bash
# A counter of prom-client is ids_total until its registry is read as OpenMetrics, and `ids` to every other reader from then on.
#
# Guess: _total is cut off in the text of OpenMetrics alone, where it is added to each sample again; reading changes nothing.
# What was seen: metrics() writes the shortened name into the counter. What getMetricsAsJSON, an AggregatorRegistry (which collects the
#   workers of a cluster) and the plain text format tell after that lacks _total. Nobody can find it under the new name in the registry.
# Seen with prom-client 15.1.3, Node 20.20, 2026-12-01:
#   aggregated before: ids_total 7
#   read as OpenMetrics: ids_total 7
#   aggregated after: ids 7
#   as plain text: ids 7
#   by name: ids_total found, ids not found
# Why it matters here: a rate of ids_total ends with the first scrape of a worker, and an alarm on it is silent while IDs go on.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts prom-client@15.1.3 >/dev/null 2>&1 || exit 2
cat >seen.cjs <<'JS'
const { AggregatorRegistry, Counter, Registry } = require('prom-client');
const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE);
new Counter({ name: 'ids_total', help: 'IDs', registers: [registry] }).inc(7);
const sample = (text) => text.split('\n').find((line) => line.startsWith('ids'));
const aggregated = async () => sample(await AggregatorRegistry.aggregate([await registry.getMetricsAsJSON()]).metrics());
const found = (name) => `${name} ${registry.getSingleMetric(name) ? 'found' : 'not found'}`;
(async () => {
  console.log(`aggregated before: ${await aggregated()}`);
  console.log(`read as OpenMetrics: ${sample(await registry.metrics())}`);
  console.log(`aggregated after: ${await aggregated()}`);
  registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
  console.log(`as plain text: ${sample(await registry.metrics())}`);
  console.log(`by name: ${found('ids_total')}, ${found('ids')}`);
})();
JS
node seen.cjs >seen || exit 1
cat seen
diff seen - <<'SEEN'
aggregated before: ids_total 7
read as OpenMetrics: ids_total 7
aggregated after: ids 7
as plain text: ids 7
by name: ids_total found, ids not found
SEEN
