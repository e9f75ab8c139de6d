/** The Grafana dashboards as lists of panels; `npm run build` writes them as the JSON that Grafana reads. */
import { createHash } from 'node:crypto';

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in.
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** Red below the first bound, yellow below the second, green above. */
const runwayBounds = [
  { color: 'red', value: null },
  { color: 'yellow', value: 30 },
  { color: 'green', value: 120 },
];
const anyIsAlarm = [
  { color: 'green', value: null },
  { color: 'red', value: 1 },
];
const downIsAlarm = [
  { color: 'red', value: null },
  { color: 'green', value: 1 },
];
const calm = [{ color: 'green', value: null }];
const upOrDown = [
  {
    type: 'value',
    options: { 0: { text: 'down', color: 'red', index: 0 }, 1: { text: 'up', color: 'green', index: 1 } },
  },
];

/** Every process has these metrics; of ours are those beside a metric of our own. */
const ofOurs = (metric) =>
  `${metric} and on (job, instance) (leafcutter_agent_tokens or leafcutter_coordinator_tokens)`;

const row = (title) => ({ type: 'row', title, collapsed: false, panels: [], width: 24, height: 1 });

const targetsOf = (queries) =>
  queries.map(([expr, legendFormat], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource,
    editorMode: 'code',
    range: true,
    expr,
    legendFormat,
  }));

/** A single figure. */
const stat = ({ title, description, unit, width = 4, steps = calm, mappings }, queries) => ({
  type: 'stat',
  title,
  description,
  datasource,
  width,
  height: 4,
  fieldConfig: {
    defaults: {
      unit,
      color: { mode: 'thresholds' },
      thresholds: { mode: 'absolute', steps },
      ...(mappings === undefined ? {} : { mappings }),
    },
    overrides: [],
  },
  options: {
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    colorMode: 'value',
    graphMode: 'area',
    textMode: 'auto',
    justifyMode: 'auto',
    orientation: 'auto',
  },
  targets: targetsOf(queries),
});

/** Lines over time. */
const plot = ({ title, description, unit, width = 8 }, queries) => ({
  type: 'timeseries',
  title,
  description,
  datasource,
  width,
  height: 8,
  fieldConfig: {
    defaults: {
      unit,
      color: { mode: 'palette-classic' },
      // Clocks may be behind or ahead.
      ...(title.startsWith('Clock offset') ? {} : { min: 0 }),
      custom: {
        drawStyle: 'line',
        lineWidth: 1,
        fillOpacity: 10,
        showPoints: 'never',
        spanNulls: false,
        stacking: { mode: 'none', group: 'A' },
      },
    },
    overrides: [],
  },
  options: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  targets: targetsOf(queries),
});

/** Height of a section's place: no section has that many lines. Grafana closes the gaps. */
const SECTION = 1_000;

/**
 * Panels from left to right, in a new line if one has no room, each section in a place of its own: a panel that is added at the
 * end of a section moves no other.
 */
function placed(panels) {
  let [x, y, lineHeight, section] = [0, 0, 0, 0];
  return panels.map(({ width, height, ...panel }) => {
    if (panel.type === 'row' && x + y > 0) {
      section += 1;
      [x, y, lineHeight] = [0, section * SECTION, 0];
    } else if (x + width > 24) {
      [x, y, lineHeight] = [0, y + lineHeight, 0];
    }
    const gridPos = { x, y, w: width, h: height };
    x += width;
    lineHeight = Math.max(lineHeight, height);
    return { id: idOf(panel.title), ...panel, gridPos };
  });
}

/** A panel's id, which stays when panels are added before it: links to it name it. A test sees to it that no two share one. */
function idOf(title) {
  return createHash('sha256').update(title).digest().readUInt32BE() % 1_000_000;
}

function dashboard({ uid, title, description, tagVariable }, panels) {
  const query = 'label_values(leafcutter_agent_ids_issued_total, tag)';
  return {
    uid,
    title,
    description,
    tags: ['leafcutter'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'utc',
    fiscalYearStartMonth: 0,
    annotations: { list: [] },
    links: [
      {
        title: 'Leafcutter',
        type: 'dashboards',
        tags: ['leafcutter'],
        asDropdown: false,
        includeVars: true,
        keepTime: true,
      },
    ],
    templating: {
      list: [
        {
          name: 'datasource',
          label: 'Data source',
          type: 'datasource',
          query: 'prometheus',
          current: { text: 'Prometheus', value: 'prometheus' },
          hide: 0,
          includeAll: false,
          multi: false,
          options: [],
          refresh: 1,
          regex: '',
        },
        {
          name: 'tag',
          label: 'Tag',
          type: 'query',
          datasource,
          definition: query,
          query: { query, refId: 'tag' },
          options: [],
          refresh: 2,
          regex: '/.+/',
          sort: 1,
          hide: 0,
          ...tagVariable,
        },
      ],
    },
    panels: placed(panels),
  };
}

const FLEET = [
  row('The fleet at a glance'),
  stat(
    {
      title: 'IDs issued',
      description: 'IDs that all agents together hand out, of every tag and snowflake.',
      unit: 'count:IDs/s',
      width: 4,
    },
    [['sum(rate(leafcutter_agent_ids_issued_total[$__rate_interval]))', 'IDs/s']],
  ),
  stat(
    {
      steps: runwayBounds,
      title: 'Shortest runway',
      description: 'The agent and tag that would run out first if no refill came. Red: less than 30 seconds.',
      unit: 's',
      width: 4,
    },
    [['min(leafcutter_agent_runway_seconds{tag=~"$tag"})', 'shortest']],
  ),
  stat(
    {
      title: 'Requests refused',
      description: "Requests that agents answered with an error, of any code, the callers' own mistakes too.",
      unit: 'reqps',
      width: 4,
    },
    [['sum(rate(leafcutter_agent_requests_refused_total[$__rate_interval]))', 'refused']],
  ),
  stat(
    {
      title: 'Agents',
      description: 'Agents that reported lately, as the coordinator counted them that ran the reap job last.',
      unit: 'count:agents',
      width: 4,
    },
    [['max(leafcutter_coordinator_agents)', 'agents']],
  ),
  stat(
    {
      steps: downIsAlarm,
      mappings: upOrDown,
      title: 'Redis up',
      description:
        'Whether each coordinator reaches Redis. An embedded coordinator has none, and no number here.',
      unit: 'bool_on_off',
      width: 4,
    },
    [['leafcutter_coordinator_redis_up', '{{instance}}']],
  ),
  stat(
    {
      steps: anyIsAlarm,
      title: 'Audit violations',
      description:
        'Overlapping ranges, or counters and fences below what was handed out, found by the last audit. Anything but 0 is an alarm: IDs may have been issued twice.',
      unit: 'count:violations',
      width: 4,
    },
    [['max(leafcutter_coordinator_audit_violations)', 'violations']],
  ),
  row('Segments, as agents see them'),
  plot(
    {
      title: 'IDs issued by tag and mode',
      description:
        'IDs per second. Snowflake IDs belong to no tag; they are shown while the variable tag is All.',
      unit: 'count:IDs/s',
      width: 12,
    },
    [
      [
        'sum by (mode, tag) (rate(leafcutter_agent_ids_issued_total{tag=~"$tag"}[$__rate_interval]))',
        '{{mode}} {{tag}}',
      ],
    ],
  ),
  plot(
    {
      title: 'Shortest runway per tag',
      description:
        "Seconds until the first agent runs out of a tag's IDs at the present rate. A tag that is idle has none.",
      unit: 's',
      width: 12,
    },
    [['min by (tag) (leafcutter_agent_runway_seconds{tag=~"$tag"})', '{{tag}}']],
  ),
  plot(
    {
      title: 'IDs in memory per tag',
      description: 'What all agents together could hand out without a coordinator.',
      unit: 'count:IDs',
      width: 8,
    },
    [['sum by (tag) (leafcutter_agent_ids_remaining{tag=~"$tag"})', '{{tag}}']],
  ),
  plot(
    {
      title: 'Refill duration',
      description: 'From asking for a segment to having it, over all agents and tags.',
      unit: 's',
      width: 8,
    },
    [
      [
        'histogram_quantile(0.5, sum by (le) (rate(leafcutter_agent_refill_duration_seconds_bucket[$__rate_interval])))',
        'p50',
      ],
      [
        'histogram_quantile(0.99, sum by (le) (rate(leafcutter_agent_refill_duration_seconds_bucket[$__rate_interval])))',
        'p99',
      ],
    ],
  ),
  plot(
    {
      title: 'Refill failures by code',
      description:
        'Refills that failed. Agents try again, at another coordinator first, so callers need not have noticed.',
      unit: 'cps',
      width: 8,
    },
    [['sum by (code) (rate(leafcutter_agent_refill_failures_total[$__rate_interval]))', '{{code}}']],
  ),
  plot(
    {
      title: 'Callers that waited',
      description: 'Requests that found no ID in memory and waited for the refill under way.',
      unit: 'reqps',
      width: 8,
    },
    [['sum by (instance) (rate(leafcutter_agent_wait_seconds_count[$__rate_interval]))', '{{instance}}']],
  ),
  plot(
    {
      title: 'How long callers waited',
      description: 'Of those that waited; the deadline is waitMs.',
      unit: 's',
      width: 8,
    },
    [
      [
        'histogram_quantile(0.5, sum by (le) (rate(leafcutter_agent_wait_seconds_bucket[$__rate_interval])))',
        'p50',
      ],
      [
        'histogram_quantile(0.99, sum by (le) (rate(leafcutter_agent_wait_seconds_bucket[$__rate_interval])))',
        'p99',
      ],
    ],
  ),
  plot(
    {
      title: 'Callers that wait now',
      description: 'Bounded by segment.maxWaiting for each tag and agent.',
      unit: 'count:callers',
      width: 8,
    },
    [['sum by (tag) (leafcutter_agent_waiting_callers{tag=~"$tag"})', '{{tag}}']],
  ),
  plot(
    {
      title: 'Requests refused by code',
      description:
        'Errors that applications got from agents. docs/errors.md has the causes and the fix for each.',
      unit: 'reqps',
      width: 12,
    },
    [['sum by (code) (rate(leafcutter_agent_requests_refused_total[$__rate_interval]))', '{{code}}']],
  ),
  plot(
    {
      title: 'IDs discarded by reason',
      description:
        'IDs that were granted and will never be issued: answers that came late, segments of idle tags. Gaps, nothing worse.',
      unit: 'count:IDs/s',
      width: 12,
    },
    [['sum by (reason) (rate(leafcutter_agent_ids_discarded_total[$__rate_interval]))', '{{reason}}']],
  ),
  row('Snowflake'),
  plot(
    {
      title: 'Window remaining',
      description:
        'The ten agents whose window of time ends first. It should never come near 0: the heartbeat extends it when less than half is left. Agents that never had a lease are left out.',
      unit: 's',
      width: 8,
    },
    [
      [
        'bottomk(10, leafcutter_agent_window_remaining_seconds and on (instance, job) leafcutter_agent_leases_granted_total > 0)',
        '{{instance}}',
      ],
    ],
  ),
  plot(
    {
      title: 'Machine ids by state',
      description:
        'Free, held by a live lease, or waiting until their ceiling has passed. New agents need free ones.',
      unit: 'count:ids',
      width: 8,
    },
    [['max by (state) (leafcutter_coordinator_machine_ids)', '{{state}}']],
  ),
  plot(
    {
      title: 'Clock offset',
      description:
        "How far the clocks of agents are ahead of the coordinators'; below 0, behind. Past maxClockSkewMs an agent is not ready. The five furthest on each side.",
      unit: 's',
      width: 8,
    },
    [
      ['topk(5, leafcutter_agent_clock_offset_seconds)', '{{instance}} ahead'],
      ['bottomk(5, leafcutter_agent_clock_offset_seconds)', '{{instance}} behind'],
    ],
  ),
  plot(
    {
      title: 'Leases and windows',
      description:
        'Leases granted and windows extended, as agents count them. Many grants and few extensions: agents that crash in a loop.',
      unit: 'cps',
      width: 8,
    },
    [
      ['sum(rate(leafcutter_agent_leases_granted_total[$__rate_interval]))', 'granted'],
      ['sum(rate(leafcutter_agent_windows_extended_total[$__rate_interval]))', 'extended'],
    ],
  ),
  plot(
    {
      title: 'Lease failures',
      description: 'Lease calls of agents that failed, by call and code.',
      unit: 'cps',
      width: 8,
    },
    [
      [
        'sum by (call, code) (rate(leafcutter_agent_lease_failures_total[$__rate_interval]))',
        '{{call}} {{code}}',
      ],
    ],
  ),
  plot(
    {
      title: 'Clocks set back',
      description: 'Times in ten minutes that an agent saw its wall clock go back, however little.',
      unit: 'count:times',
      width: 8,
    },
    [['sum by (instance) (increase(leafcutter_agent_clock_rollbacks_total[10m]))', '{{instance}}']],
  ),
  row('Coordinators'),
  plot(
    {
      title: 'Allocations',
      description: 'Transactions that allocated segments. Refills that wait for the same tag share one.',
      unit: 'count:allocations/s',
      width: 8,
    },
    [
      [
        'sum by (instance) (rate(leafcutter_coordinator_allocations_total[$__rate_interval]))',
        '{{instance}}',
      ],
    ],
  ),
  plot(
    {
      title: 'IDs per allocation',
      description:
        'Rises as steps adapt and refills share transactions; the higher, the less MySQL has to do.',
      unit: 'count:IDs',
      width: 8,
    },
    [
      [
        'sum(rate(leafcutter_coordinator_ids_granted_total[$__rate_interval])) / sum(rate(leafcutter_coordinator_allocations_total[$__rate_interval]))',
        'IDs per allocation',
      ],
      [
        'sum(rate(leafcutter_coordinator_ids_granted_total[$__rate_interval])) / sum(rate(leafcutter_coordinator_segments_granted_total[$__rate_interval]))',
        'IDs per segment',
      ],
    ],
  ),
  plot(
    {
      title: 'Allocation duration',
      description: 'Time that one allocation took at the stores: row lock, fence, ledger, COMMIT.',
      unit: 's',
      width: 8,
    },
    [
      [
        'histogram_quantile(0.5, sum by (le) (rate(leafcutter_coordinator_allocation_duration_seconds_bucket[$__rate_interval])))',
        'p50',
      ],
      [
        'histogram_quantile(0.99, sum by (le) (rate(leafcutter_coordinator_allocation_duration_seconds_bucket[$__rate_interval])))',
        'p99',
      ],
    ],
  ),
  plot(
    {
      title: 'Fence ahead',
      description:
        'Allocations in ten minutes whose fence remembered more than the counter, by kind. One after a failed COMMIT is harmless; many mean a MySQL that lost writes.',
      unit: 'count:allocations',
      width: 8,
    },
    [['sum by (kind) (increase(leafcutter_coordinator_fence_ahead_total[10m]))', '{{kind}}']],
  ),
  plot(
    {
      title: 'Unfenced allocations',
      description: "Allocations in ten minutes on MySQL's word alone, because Redis was away, by kind.",
      unit: 'count:allocations',
      width: 8,
    },
    [['sum by (kind) (increase(leafcutter_coordinator_unfenced_allocations_total[10m]))', '{{kind}}']],
  ),
  plot(
    {
      title: 'Errors by code',
      description: 'Requests that coordinators answered with an error.',
      unit: 'reqps',
      width: 8,
    },
    [['sum by (code) (rate(leafcutter_coordinator_errors_total[$__rate_interval]))', '{{code}}']],
  ),
  plot(
    {
      title: 'Waiting for the lock of a tag',
      description:
        'Time that refills waited for the lock of their tag in Redis; at most 250 ms, then they go on without it.',
      unit: 's',
      width: 8,
    },
    [
      [
        'histogram_quantile(0.99, sum by (le) (rate(leafcutter_coordinator_lock_wait_seconds_bucket[$__rate_interval])))',
        'p99 wait',
      ],
    ],
  ),
  plot(
    {
      title: 'Refills without the lock',
      description:
        'Refills that went on without the lock of their tag because it took too long or Redis was away. The row lock in MySQL decides then.',
      unit: 'cps',
      width: 8,
    },
    [
      [
        'sum by (instance) (rate(leafcutter_coordinator_lock_missed_total[$__rate_interval]))',
        '{{instance}}',
      ],
    ],
  ),
  plot(
    {
      title: 'Background jobs',
      description: 'Runs in an hour, by task and result. Each run happens on one coordinator.',
      unit: 'count:runs',
      width: 8,
    },
    [['sum by (task, result) (increase(leafcutter_coordinator_jobs_total[1h]))', '{{task}} {{result}}']],
  ),
  row('What runs out, and the processes'),
  plot(
    {
      title: 'Days until tags are exhausted',
      description: 'At the pace of their last 100 segments; the ten that end first. Below 30 an alert fires.',
      unit: 'd',
      width: 8,
    },
    [['bottomk(10, min by (tag) (leafcutter_coordinator_tag_left_seconds)) / 86400', '{{tag}}']],
  ),
  stat(
    {
      title: 'Timestamp bits',
      description: 'Days until the timestamp bits of the snowflake layout run out.',
      unit: 'd',
      width: 4,
    },
    [['min(leafcutter_coordinator_timestamp_left_seconds) / 86400', 'days left']],
  ),
  stat(
    {
      title: 'MySQL up',
      description: 'Whether each coordinator gets answers from the store of the counters.',
      unit: 'bool_on_off',
      width: 4,
      steps: downIsAlarm,
      mappings: upOrDown,
    },
    [['leafcutter_coordinator_store_up', '{{instance}}']],
  ),
  plot(
    {
      title: 'Event loop lag',
      description:
        'The 99th percentile of each process. An agent that lags answers late; a coordinator that lags grants late.',
      unit: 's',
      width: 8,
    },
    [[ofOurs('nodejs_eventloop_lag_p99_seconds'), '{{instance}}']],
  ),
  plot({ title: 'CPU', description: 'Of each process; 1 is one core.', unit: 'short', width: 12 }, [
    [ofOurs('rate(process_cpu_seconds_total[$__rate_interval])'), '{{instance}}'],
  ]),
  plot(
    {
      title: 'Resident memory',
      description: 'Of each process. It grows with the tags in memory and then stands still.',
      unit: 'bytes',
      width: 12,
    },
    [[ofOurs('process_resident_memory_bytes'), '{{instance}}']],
  ),
];

const TAG = [
  row('This tag now'),
  stat(
    {
      title: 'IDs issued',
      description: 'IDs of this tag that all agents together hand out.',
      unit: 'count:IDs/s',
      width: 6,
    },
    [['sum(rate(leafcutter_agent_ids_issued_total{tag="$tag"}[$__rate_interval]))', 'IDs/s']],
  ),
  stat(
    {
      title: 'Shortest runway',
      description: 'The agent that runs out first at the present rate.',
      unit: 's',
      width: 6,
      steps: runwayBounds,
    },
    [['min(leafcutter_agent_runway_seconds{tag="$tag"})', 'shortest']],
  ),
  stat(
    {
      title: 'IDs in memory',
      description: 'What all agents together could hand out without a coordinator.',
      unit: 'count:IDs',
      width: 6,
    },
    [['sum(leafcutter_agent_ids_remaining{tag="$tag"})', 'IDs']],
  ),
  stat(
    {
      title: 'Days left',
      description:
        'Until its highest ID is handed out, at the pace of its last 100 segments. A tag that is nobody’s yet has none.',
      unit: 'd',
      width: 6,
    },
    [['min(leafcutter_coordinator_tag_left_seconds{tag="$tag"}) / 86400', 'days']],
  ),
  row('At the agents'),
  plot(
    {
      title: 'IDs issued by door',
      description: 'Through which of the agents’ doors applications come.',
      unit: 'count:IDs/s',
      width: 12,
    },
    [['sum by (door) (rate(leafcutter_agent_ids_issued_total{tag="$tag"}[$__rate_interval]))', '{{door}}']],
  ),
  plot(
    {
      title: 'IDs issued by agent',
      description: 'How the load of this tag is spread.',
      unit: 'count:IDs/s',
      width: 12,
    },
    [
      [
        'sum by (instance) (rate(leafcutter_agent_ids_issued_total{tag="$tag"}[$__rate_interval]))',
        '{{instance}}',
      ],
    ],
  ),
  plot(
    {
      title: 'IDs in memory by agent',
      description:
        'Both segments of each agent. A saw: it falls as IDs are issued and jumps when a segment comes.',
      unit: 'count:IDs',
      width: 12,
    },
    [['leafcutter_agent_ids_remaining{tag="$tag"}', '{{instance}}']],
  ),
  plot(
    {
      title: 'Runway by agent',
      description:
        'Seconds until each agent runs out at the current rate; an agent without requests has no value.',
      unit: 's',
      width: 12,
    },
    [['leafcutter_agent_runway_seconds{tag="$tag"}', '{{instance}}']],
  ),
  plot(
    {
      title: 'Callers that wait now',
      description: 'At each agent, because it has no ID of this tag in memory.',
      unit: 'count:callers',
      width: 12,
    },
    [['leafcutter_agent_waiting_callers{tag="$tag"}', '{{instance}}']],
  ),
  row('At the coordinators'),
  plot(
    {
      title: 'IDs granted',
      description: 'IDs in the segments that coordinators handed out.',
      unit: 'count:IDs/s',
      width: 12,
    },
    [
      [
        'sum by (instance) (rate(leafcutter_coordinator_ids_granted_total{tag="$tag"}[$__rate_interval]))',
        '{{instance}}',
      ],
    ],
  ),
  plot(
    {
      title: 'Step',
      description:
        'IDs per segment. It doubles while segments last less than 15 minutes, and halves when they last more than 30.',
      unit: 'count:IDs',
      width: 12,
    },
    [
      [
        'sum(increase(leafcutter_coordinator_ids_granted_total{tag="$tag"}[10m])) / sum(increase(leafcutter_coordinator_segments_granted_total{tag="$tag"}[10m]))',
        'IDs per segment',
      ],
    ],
  ),
];

export const DASHBOARDS = {
  'leafcutter-fleet.json': dashboard(
    {
      uid: 'leafcutter',
      title: 'Leafcutter: fleet',
      description:
        'The whole fleet: what agents issue and hold, leases and clocks, and what coordinators allocate.',
      tagVariable: {
        description:
          'Panels by tag show only these. Agents give the first 200 tags series of their own; the rest is _other.',
        current: { text: ['All'], value: ['$__all'] },
        includeAll: true,
        allValue: '.*',
        multi: true,
      },
    },
    FLEET,
  ),
  'leafcutter-tag.json': dashboard(
    {
      uid: 'leafcutter-tag',
      title: 'Leafcutter: one tag',
      description: 'One tag: who uses it, what agents hold of it, and what coordinators grant.',
      tagVariable: { description: 'The tag that is shown.', current: {}, includeAll: false, multi: false },
    },
    TAG,
  ),
};

/** A dashboard as its file has it: a panel a line, so that one that is added adds a line. */
export function dashboardText({ panels, ...rest }) {
  const lines = panels.map((panel) => `    ${JSON.stringify(panel)}`).join(',\n');
  return `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "panels": [\n${lines}\n  ]\n}\n`;
}
