/** One metric as `docs/metrics.md` lists it. */
export interface MetricEntry {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

const INTRODUCTION = `# Metrics

<!-- Generated from the metrics in the source; a test fails when it differs. -->

Both services answer \`GET /metrics\` without a token. Times are in seconds, counters end in \`_total\` and begin at 0
with the process. The label \`tag\` names the first 200 tags that a process meets; all others share \`tag="_other"\`, so
that a flood of tags does not flood Prometheus. A gauge without a value (no lease, no clock compared yet) is \`NaN\`.
Metrics of the process and of Node.js have the names that every dashboard for Node expects, and so no prefix: to see those
of agents alone, add \`and on (job, instance) leafcutter_agent_tokens\`. Rules and alerts made of them are in
\`deploy/prometheus\`, dashboards in \`deploy/grafana\`.
`;

/** The page of all metrics, in Markdown, by service. */
export function metricsPage(services: Readonly<Record<string, readonly MetricEntry[]>>): string {
  const sections = Object.entries(services).map(([title, entries]) => {
    const rows = entries.map(
      ({ name, type, help, labels }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${help} |`,
    );
    return `\n## ${title}\n\n| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return INTRODUCTION + sections.join('');
}

/** The entries of metrics, by name. */
export function catalogueOf(metrics: readonly object[]): MetricEntry[] {
  return metrics
    .map((metric) => metric as { name: string; type: string; help: string; labelNames?: readonly string[] })
    .map(({ name, type, help, labelNames = [] }) => ({ name, type, help, labels: labelNames }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
