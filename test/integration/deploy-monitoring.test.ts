import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { ERROR_CODES } from '@leafcutter/shared/errors';
import { parse } from 'yaml';
import { Cluster } from '../support/cluster.ts';
import { configured, read, run, testWith } from '../support/deploy.ts';
import { DrawingLoad } from '../support/drawing-load.ts';
import { findBinary, lookUpBinary } from '../support/find-binary.ts';
import { executeSql } from '../support/mariadb-client.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { Prometheus, RULES_FOLDER, rulesOf, scraped } from '../support/prometheus.ts';
import { startRedis } from '../support/redis-server.ts';
import { metricCatalogues } from '../support/silent-metrics.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly w: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboards = ['leafcutter-fleet.json', 'leafcutter-tag.json'].map(
  (file) =>
    JSON.parse(read(`deploy/grafana/dashboards/${file}`)) as {
      uid: string;
      title: string;
      panels: Panel[];
      templating: { list: { name: string }[] };
    },
);
const plots = dashboards.flatMap(({ panels }) => panels.filter(({ type }) => type !== 'row'));
const alerts = rulesOf('alerts.yml');
const prometheusConfig = parse(read('deploy/prometheus/prometheus.yml'));

/** Every metric that the two services have, and the series that a histogram makes of one. */
function seriesNames(): ReadonlySet<string> {
  const entries = Object.values(metricCatalogues()).flat();
  const names = entries.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  );
  return new Set(names);
}

describe.each(dashboards)('the dashboard $title', ({ panels, templating }) => {
  test('has panels that explain themselves', () => {
    const shown = panels.filter(({ type }) => type !== 'row');
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
    for (const { title, description, fieldConfig, targets = [], gridPos } of shown) {
      expect([title, description]).toEqual([expect.stringMatching(/./), expect.stringMatching(/\.$/)]);
      expect([title, fieldConfig?.defaults.unit]).toEqual([title, expect.stringMatching(/./)]);
      expect([title, targets.length > 0, gridPos.x + gridPos.w <= 24]).toEqual([title, true, true]);
      for (const { expr, legendFormat } of targets) expect([expr, legendFormat]).not.toContain('');
    }
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'tag']);
  });
});

test('dashboards, rules and alerts ask only for metrics that the services have', () => {
  const known = seriesNames();
  const recorded = rulesOf('rules.yml');
  const queries = [...plots.flatMap(({ targets = [] }) => targets), ...recorded, ...alerts].map(
    ({ expr }) => expr,
  );
  // Recorded names hold a colon.
  const asked = new Set(
    queries.flatMap((query) => query.match(/(?<![:\w])(leafcutter|nodejs|process)_\w+/g) ?? []),
  );
  expect(asked.size).toBeGreaterThan(38);
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  const names = new Set(recorded.map(({ record }) => record));
  const used = queries.flatMap((query) => query.match(/\w+:leafcutter_\w+:\w+/g) ?? []);
  expect(used.filter((name) => !names.has(name))).toEqual([]);
});

describe('Prometheus', () => {
  test('scrapes every service of ours where it listens', () => {
    const targets = (job: string) =>
      prometheusConfig.scrape_configs.find(({ job_name }: { job_name: string }) => job_name === job)
        .static_configs[0].targets;
    for (const role of ['coordinator', 'agent'] as const) {
      const listening = configured(role).map(({ name, config }) => `${name}:${config?.listen.port}`);
      expect(targets(`leafcutter-${role}`)).toEqual(listening);
    }
  });

  test('calls for help at every code that is not the caller’s own mistake', () => {
    const { expr = '' } = alerts.find(({ alert }) => alert === 'LeafcutterRequestsRefused') ?? {};
    const serious = Object.entries(ERROR_CODES).filter(([, { status }]) => status >= 500);
    expect(/code=~"([^"]+)"/.exec(expr)?.[1]?.split('|').sort()).toEqual(
      serious.map(([code]) => code).sort(),
    );
  });

  test('has a case for every alert in which it is quiet, and one in which it fires', () => {
    const { tests } = parse(read('deploy/prometheus/alerts.test.yml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
    };
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    const named = (fires: boolean) =>
      cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname);
    const all = alerts.map(({ alert }) => alert).sort();
    expect([named(true).sort(), named(false).sort()]).toEqual([all, all]);
  });

  testWith(
    'promtool',
    lookUpBinary('promtool'),
    'accepts the configuration, and every case',
    async (promtool) => {
      await run(promtool, ['check', 'config', `${RULES_FOLDER}/prometheus.yml`]);
      await run(promtool, ['test', 'rules', `${RULES_FOLDER}/alerts.test.yml`]);
    },
  );

  testWith(
    'prometheus',
    lookUpBinary('prometheus'),
    'finds in real services what every panel, rule and alert asks for',
    async (command) => {
      await using mariadb = await startMariadb();
      await using redis = await startRedis();
      await using cluster = await Cluster.start({
        mysqlUrl: mariadb.url,
        redisUrl: redis.url,
        coordinators: 2,
        agents: 2,
        coordinatorFlags: [
          ...[
            '--jobs-audit-interval-s',
            '1',
            '--jobs-forecast-interval-s',
            '1',
            '--jobs-sweep-interval-s',
            '1',
          ],
          ...['--jobs-reap-interval-s', '1', '--snowflake-heartbeat-ms', '500'],
        ],
        agentFlags: ['--snowflake-enabled', '--report-interval-ms', '500'],
      });
      for (const tag of ['orders', 'invoices'])
        await cluster.createTag(tag, { step: 500, highestId: '900000000' });
      await using prometheus = await Prometheus.start(command, {
        'leafcutter-coordinator': scraped(cluster.coordinators),
        'leafcutter-agent': scraped(cluster.agents),
      });
      const paths = ['/v1/ids/orders?count=9', '/v1/ids/invoices', '/v1/snowflake', '/v1/ids/nobody'];
      const loads = paths.map((path) => new DrawingLoad(cluster.agents, path, 20));
      try {
        // A forecast takes ten minutes of use: the first segments are made to look older.
        await poll(() => fetch(`${cluster.agents[0]?.url}/v1/ids/orders`).then(({ ok }) => ok));
        await executeSql(
          mariadb.port,
          'UPDATE leafcutter.leafcutter_ledger SET granted_at_ms = granted_at_ms - 86400000',
        );
        await everyQueryHasData(prometheus);
        for (const service of [...cluster.agents, ...cluster.coordinators]) await checkMetrics(service.url);
        expect(await prometheus.brokenRules()).toEqual([]);
      } finally {
        for (const load of loads) await load.stop();
      }
    },
  );
});

/** Throws what `promtool check metrics` objects to. */
async function checkMetrics(url: string): Promise<void> {
  const input = await (await fetch(`${url}/metrics`)).text();
  execFileSync(findBinary('promtool', 'prometheus'), ['check', 'metrics'], { input });
}

async function everyQueryHasData(prometheus: Prometheus): Promise<void> {
  const panels = plots.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ title, expr: panelQuery(expr), legendFormat })),
  );
  const rules = rulesOf('rules.yml').map(({ record = '', expr }) => ({
    title: record,
    expr,
    legendFormat: '',
  }));
  // The metrics that are compared must exist, or the alert could never fire.
  const causes = alerts.map(({ alert = '', expr }) => ({
    title: alert,
    expr: comparedIn(expr),
    legendFormat: '',
  }));
  expect(panels.length).toBeGreaterThan(45);
  for (const { title, expr, legendFormat } of [...panels, ...rules, ...causes]) {
    const series = await poll(async () => (await prometheus.query(expr))[0]);
    expect([title, expr, series]).toEqual([title, expr, expect.anything()]);
    // Snowflake IDs have no tag.
    const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    for (const label of labels)
      if (label !== 'tag') expect([title, series]).toHaveProperty(`1.metric.${label}`);
  }
}

function panelQuery(expr: string): string {
  const tag = expr.includes('tag=~') ? '.*' : 'orders';
  return expr.replaceAll('$__rate_interval', '10s').replaceAll('$tag', tag);
}

/**
 * The left side of an alert's last comparison, for codes that happen: without trouble none of the serious ones does.
 */
function comparedIn(expr: string): string {
  const [, cause = ''] = /^(.*?)\s*(?:==|<|>)\s*[\d.]+$/s.exec(expr.trim()) ?? [];
  return cause.replace(/\{code=~"[^"]*"\}/, '');
}
