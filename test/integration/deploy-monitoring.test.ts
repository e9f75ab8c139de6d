import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { AgentMetrics } from '@leafcutter/agent/metrics';
import { CoordinatorMetrics } from '@leafcutter/coordinator/metrics';
import { ERROR_CODES, LeafcutterError } from '@leafcutter/shared/errors';
import { parse } from 'yaml';
import { configured, ROOT, read, run, testWith } from '../support/deploy.ts';
import { lookUpBinary } from '../support/find-binary.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';

jest.setTimeout(120_000);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(read('deploy/grafana/dashboards/leafcutter.json'));
const panels: readonly Panel[] = dashboard.panels;
const plots = panels.filter(({ type }) => type !== 'row');
const prometheusConfig = parse(read('deploy/prometheus/prometheus.yml'));
const rules: readonly { readonly alert: string; readonly expr: string }[] = parse(
  read('deploy/prometheus/alerts.yml'),
).groups.flatMap(({ rules }: { rules: object[] }) => rules);

/** Both services' metrics after everything has happened once, so that every series exists. */
function busyMetrics() {
  const failure = new LeafcutterError('STORE_UNAVAILABLE', 'It is away.');
  const tag = {
    tag: 'demo',
    prefetchAt: 1,
    current: null,
    next: null,
    remaining: 5,
    ratePerSecond: 1,
    runwaySeconds: 5,
  };
  const agent = new AgentMetrics({
    tags: () => [{ ...tag, refill: 'idle', lastError: null, waiting: 1 }],
    lease: () => ({ state: 'holding', windowRemainingMs: 60_000, issued: 1 }),
    clockOffsetMs: () => 3,
  });
  agent.tally('http', 'segment', 'demo').count += 1;
  agent.tally('http', 'snowflake', '').count += 1;
  agent.refused(failure, 'http');
  agent.refilled('demo', { start: 1n, end: 11n }, 5);
  agent.refillFailed('demo', failure);
  agent.discarded('demo', 1, 'late');
  agent.waited('demo', 1);
  agent.granted();
  agent.extended();
  agent.heartbeat(1);
  agent.failed('renew', failure);
  agent.clockWentBack();
  const coordinator = new CoordinatorMetrics({
    census: async () => ({ free: 1, held: 1, waiting: 1 }),
    askStore: async () => undefined,
    timestampLeftMs: () => 1,
  });
  coordinator.segmentsGranted('demo', 2, 10n, 5);
  coordinator.lockWaited('demo', 1, false);
  coordinator.counterBehind({ kind: 'tag', tag: 'demo' });
  coordinator.unfenced({ kind: 'machine', machineId: 1 });
  coordinator.leaseGranted();
  coordinator.windowExtended();
  coordinator.registryAway();
  coordinator.failed(failure);
  coordinator.redisUp(true);
  coordinator.agentsAlive(1);
  coordinator.jobDone('audit', 'ok');
  coordinator.audited({ ranges: 1, violations: ['Two ranges overlap.'], fencesBehind: 0 });
  return { agent, coordinator };
}

/** Every series name that the two services can have. */
async function seriesNames(): Promise<ReadonlySet<string>> {
  const scraped = await Promise.all(Object.values(busyMetrics()).map((metrics) => metrics.scrape()));
  return new Set(
    scraped.flatMap(({ body }) =>
      [...body.matchAll(/^(leafcutter_\w+)(?:\{.*\})? /gm)].map(([, name]) => name ?? ''),
    ),
  );
}

describe('the dashboard', () => {
  test('has panels that explain themselves', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(plots.map(({ title }) => title)).size).toBe(plots.length);
    for (const panel of plots) {
      expect(panel).toMatchObject({
        title: expect.stringMatching(/./),
        description: expect.stringMatching(/\.$/),
      });
      expect([panel.title, panel.fieldConfig?.defaults.unit]).toEqual([
        panel.title,
        expect.stringMatching(/./),
      ]);
      expect([panel.title, panel.targets?.length]).not.toEqual([panel.title, 0]);
      for (const { expr, legendFormat } of panel.targets ?? [])
        expect([expr, legendFormat]).not.toContain('');
    }
    expect(dashboard.templating.list.map(({ name }: { name: string }) => name)).toEqual([
      'datasource',
      'tag',
    ]);
  });

  test('and the alerts ask only for metrics that the services have', async () => {
    const known = await seriesNames();
    const queries = [...plots.flatMap(({ targets = [] }) => targets), ...rules].map(({ expr }) => expr);
    const asked = new Set(queries.flatMap((query) => query.match(/leafcutter_\w+/g) ?? []));
    expect(asked.size).toBeGreaterThan(25);
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  });
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
    const { expr = '' } = rules.find(({ alert }) => alert === 'LeafcutterRequestsRefused') ?? {};
    const serious = Object.entries(ERROR_CODES).filter(([, { status }]) => status >= 500);
    expect(/code=~"([^"]+)"/.exec(expr)?.[1]?.split('|').sort()).toEqual(
      serious.map(([code]) => code).sort(),
    );
  });

  testWith('promtool', lookUpBinary('promtool'), 'accepts its configuration and alerts', async (promtool) => {
    await run(promtool, ['check', 'config', join(ROOT, 'deploy/prometheus/prometheus.yml')]);
  });

  testWith(
    'prometheus',
    lookUpBinary('prometheus'),
    'finds data for every panel, and an audit violation raises its alert',
    async (prometheus) => {
      await using scraped = await serveMetrics();
      await using server = await startPrometheus(prometheus, scraped.ports);
      for (const { title, targets = [] } of plots) {
        for (const { expr, legendFormat } of targets) {
          const query = expr.replaceAll('$__rate_interval', '10s').replaceAll('$tag', '.*');
          const series = await poll(async () => (await server.query(query)).find(() => true), 20_000, 200);
          expect([title, query, series]).toEqual([title, query, expect.anything()]);
          const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
          // Snowflake IDs have no tag.
          for (const label of labels)
            if (label !== 'tag') expect([title, series]).toHaveProperty(`1.${label}`);
        }
      }
      const firing = 'ALERTS{alertname="LeafcutterAuditViolation",alertstate="firing"}';
      expect(await poll(async () => (await server.query(firing)).length, 20_000, 200)).toBe(1);
      expect(await server.brokenRules()).toEqual([]);
    },
  );
});

/** Serves each service's metrics as the service would, in this process. */
async function serveMetrics() {
  const servers = Object.values(busyMetrics()).map((metrics) =>
    createServer(async (_, response) => {
      const { body, contentType } = await metrics.scrape();
      response.setHeader('Content-Type', contentType).end(body);
    }),
  );
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const [agent, coordinator] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    ports: { agent, coordinator } as { agent: number; coordinator: number },
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** A Prometheus with our configuration, but for the addresses and the pace. */
async function startPrometheus(command: string, ports: { agent: number; coordinator: number }) {
  const directory = await scratchDir('deploy');
  const port = await freePort();
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(ROOT, 'deploy/prometheus/alerts.yml')],
    scrape_configs: (['agent', 'coordinator'] as const).map((role) => ({
      job_name: `leafcutter-${role}`,
      static_configs: [{ targets: [`127.0.0.1:${ports[role]}`] }],
    })),
  };
  // JSON is YAML.
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const url = `127.0.0.1:${port}`;
  const args = [`--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`];
  const process = startProcess({
    command,
    args: [...args, `--web.listen-address=${url}`],
    name: 'prometheus',
  });
  const ask = async (path: string) => {
    const { data } = (await (await fetch(`http://${url}/api/v1/${path}`)).json()) as {
      data: {
        result: { metric: Record<string, string> }[];
        groups: { rules: { name: string; health: string }[] }[];
      };
    };
    return data;
  };
  const up = await poll(async () => (await fetch(`http://${url}/-/ready`)).ok, 20_000, 50);
  if (!up) throw new Error(`Prometheus did not come up; it last said:\n${process.tail()}`);
  return {
    async query(query: string) {
      const { result } = await ask(`query?query=${encodeURIComponent(query)}`);
      return result.map(({ metric }) => metric);
    },
    async brokenRules() {
      const { groups } = await ask('rules?type=alert');
      return groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== 'ok');
    },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
