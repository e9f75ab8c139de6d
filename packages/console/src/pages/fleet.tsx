import type { FleetAgent, FleetTag, FleetView } from '@leafcutter/shared/fleet-views';
import { useState } from 'preact/hooks';
import { ago, count, dateTime, duration, offset, rate } from '../format.ts';
import { useAgents } from '../parts/agent-pages.tsx';
import { Badge, Card, Empty, Fact, Table } from '../parts/basics.tsx';
import { Chart } from '../parts/chart.tsx';
import { Jobs } from '../parts/jobs.tsx';
import { Problems } from '../parts/problems.tsx';
import { useRange } from '../parts/ranges.tsx';
import { useRates } from '../parts/rates.ts';
import { CreateTag } from '../parts/tag-dialogs.tsx';
import { linkTo } from '../route.ts';
import { useTitle } from '../use-title.ts';

const RUNWAY_SHORT_S = 30;

/** The whole fleet: its health in one line, tags, agents, recent problems. */
export function FleetPage({ fleet }: { fleet: FleetView }) {
  const [isCreating, setCreating] = useState(false);
  const [filter, setFilter] = useState('');
  const rates = useRates('fleet', fleet);
  const { rangeMs, buttons } = useRange();
  const { timeMs, counts } = fleet;
  useTitle('Fleet');
  const matches = (name: string) => name.toLowerCase().includes(filter.toLowerCase());
  const tags = fleet.tags.filter(({ tag }) => matches(tag));
  const { agents, title: agentsTitle, buttons: agentPages } = useAgents(fleet, filter);
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="unseen">Fleet</h1>
      <Health health={fleet.health} />
      <Facts fleet={fleet} />
      <div class="columns">
        <Card title="IDs per second" aside={buttons}>
          <Chart
            label="IDs per second of all tags"
            unit="IDs/s"
            points={rates}
            nowMs={timeMs}
            rangeMs={rangeMs}
          />
        </Card>
        <Card title="Recent problems">
          <Problems problems={fleet.problems} nowMs={timeMs} />
        </Card>
      </div>
      <label class="filter">
        <span class="unseen">Filter tags and agents by name</span>
        <input
          type="search"
          placeholder="Filter tags and agents"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      </label>
      <Card
        title={`Tags (${tags.length})`}
        aside={
          <button type="button" class="primary" onClick={() => setCreating(true)}>
            Create a tag
          </button>
        }
      >
        {counts.tags === null ? (
          <p class="note unknown">
            The store does not answer. These are the tags seen last; their current state is unknown.
          </p>
        ) : null}
        {tags.length === 0 ? (
          <Empty>
            {filter !== ''
              ? 'No tag name contains this.'
              : counts.tags === null
                ? 'It is unknown which tags there are.'
                : 'There is no tag yet. Create one, and agents can serve it at once.'}
          </Empty>
        ) : (
          <Tags tags={tags} />
        )}
      </Card>
      <Card title={agentsTitle} aside={agentPages}>
        {fleet.ratePerSecond === null ? (
          <p class="note unknown">
            Agents’ reports cannot be read now, so their state is unknown. The figures come from their last
            reports and are not included in any total.
          </p>
        ) : null}
        {agents.length === 0 ? (
          <Empty>
            {filter === ''
              ? 'No agent has reported recently. Start one with this coordinator’s address in its coordinators.'
              : 'No agent name contains this.'}
          </Empty>
        ) : (
          <Agents agents={agents} nowMs={timeMs} />
        )}
      </Card>
      <Card title={`Coordinators (${fleet.coordinators?.length ?? 'unknown'})`}>
        <Coordinators fleet={fleet} />
      </Card>
      <Card title="Background jobs">
        <Jobs nowMs={timeMs} />
      </Card>
      {isCreating ? <CreateTag onClose={() => setCreating(false)} /> : null}
    </main>
  );
}

function Health({ health: { level, sentence } }: Pick<FleetView, 'health'>) {
  return (
    <>
      <p class={`health ${level}`}>
        <span aria-hidden="true">{level === 'ok' ? '✓' : level === 'warning' ? '▲' : '✖'}</span>
        {sentence}
      </p>
      <p class="unseen" role="status">
        Health: {level}
      </p>
    </>
  );
}

function Facts({ fleet: { ratePerSecond, counts, stores, coordinatorId } }: { fleet: FleetView }) {
  const { alive, silent, unknown } = counts;
  return (
    <dl class="facts card">
      <Fact name="IDs issued" hint="By agents that are alive">
        {ratePerSecond === null ? <Badge tone="unknown">unknown</Badge> : rate(ratePerSecond)}
      </Fact>
      <Fact name="Agents alive">
        {ratePerSecond === null ? null : count(alive)}
        {silent > 0 ? <Badge tone="critical">{silent} silent</Badge> : null}
        {unknown > 0 || ratePerSecond === null ? <Badge tone="unknown">{unknown} unknown</Badge> : null}
      </Fact>
      <Fact name="Tags">
        {counts.tags === null ? <Badge tone="unknown">unknown</Badge> : count(counts.tags)}
      </Fact>
      <Fact name={stores.redis === 'none' ? 'Database' : 'MySQL'} hint="The store of every counter">
        <Badge tone={stores.store === 'up' ? 'ok' : 'critical'}>{stores.store}</Badge>
      </Fact>
      <Fact name="Redis" hint="Locks, leases and the fence">
        <Badge tone={stores.redis === 'up' ? 'ok' : stores.redis === 'none' ? 'idle' : 'critical'}>
          {stores.redis === 'none' ? 'embedded' : stores.redis}
        </Badge>
      </Fact>
      <Fact name="Shown by" hint="The coordinator that serves this page">
        {coordinatorId}
      </Fact>
    </dl>
  );
}

function Tags({ tags }: { tags: readonly FleetTag[] }) {
  return (
    <Table
      label="Table of tags"
      columns={[
        ['Tag'],
        ['Rate', 'number'],
        ['Runway', 'number'],
        ['IDs left', 'number'],
        ['Agents', 'number'],
        ['State'],
      ]}
    >
      {tags.map((tag) => (
        <tr key={tag.tag}>
          <th scope="row">
            <a href={linkTo('tags', tag.tag)}>{tag.tag}</a>
          </th>
          <td class="number">{orUnknown(tag.ratePerSecond, rate)}</td>
          <td class={`number ${isShort(tag) ? 'critical-text' : ''}`}>
            {tag.ratePerSecond === null ? UNKNOWN : duration(tag.runwaySeconds)}
          </td>
          <td class="number">
            {tag.days === null ? orUnknown(tag.idsLeft, (left) => count(Number(left))) : '–'}
          </td>
          <td class="number">{orUnknown(tag.agents, String)}</td>
          <td>
            <TagBadge tag={tag} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

const UNKNOWN = <span class="unknown-text">unknown</span>;

function orUnknown<T>(value: T | null, text: (value: T) => string) {
  return value === null ? UNKNOWN : text(value);
}

function daysOf(days: number): string {
  return `template, ${days} ${days === 1 ? 'tag' : 'tags'}`;
}

function TagBadge({ tag }: { tag: FleetTag }) {
  if (tag.state === 'retired') return <Badge tone="idle">retired</Badge>;
  if (tag.waiting > 0) return <Badge tone="critical">{tag.waiting} waiting</Badge>;
  if (tag.lastError !== null) return <Badge tone="warning">{tag.lastError}</Badge>;
  if (tag.days !== null) return <Badge tone={tag.agents ? 'ok' : 'idle'}>{daysOf(tag.days)}</Badge>;
  if (tag.agents === null) return <Badge tone="unknown">unknown</Badge>;
  if (tag.agents === 0) return <Badge tone="idle">unused</Badge>;
  return <Badge tone="ok">flowing</Badge>;
}

function Agents({ agents, nowMs }: { agents: readonly FleetAgent[]; nowMs: number }) {
  return (
    <Table
      label="Table of agents"
      columns={[
        ['Agent'],
        ['State'],
        ['Rate', 'number'],
        ['Shortest runway', 'number'],
        ['Machine id', 'number'],
        ['Window', 'number'],
        ['Clock', 'number'],
        ['Version'],
      ]}
    >
      {agents.map((agent) => (
        <tr
          key={agent.instanceId}
          class={agent.state === 'alive' ? '' : agent.state}
          data-agent={agent.agentId}
        >
          <th scope="row">
            <a href={linkTo('agents', agent.agentId)}>{agent.agentId}</a>
          </th>
          <td>
            <AgentBadge agent={agent} nowMs={nowMs} />
          </td>
          <td class="number">{rate(agent.ratePerSecond)}</td>
          <td class="number">{duration(agent.runwaySeconds)}</td>
          <td class="number">
            {agent.snowflake?.machineId == null ? (
              '–'
            ) : (
              <a href={linkTo('machine-ids', String(agent.snowflake.machineId))}>
                {agent.snowflake.machineId}
              </a>
            )}
          </td>
          <td class="number">
            {agent.snowflake === null ? '–' : duration(agent.snowflake.windowRemainingMs / 1000)}
          </td>
          <td class={`number ${agent.clock.skewed ? 'critical-text' : ''}`}>
            {offset(agent.clock.offsetMs)}
          </td>
          <td>{agent.version}</td>
        </tr>
      ))}
    </Table>
  );
}

function AgentBadge({ agent, nowMs }: { agent: FleetAgent; nowMs: number }) {
  if (agent.state === 'silent')
    return <Badge tone="critical">silent, seen {ago(agent.seenAtMs, nowMs)}</Badge>;
  if (agent.state === 'unknown')
    return <Badge tone="unknown">unknown, seen {ago(agent.seenAtMs, nowMs)}</Badge>;
  if (agent.clock.skewed) return <Badge tone="critical">clock wrong</Badge>;
  const trouble = agent.snowflake?.lastError;
  if (trouble != null) return <Badge tone="warning">{trouble}</Badge>;
  return <Badge tone="ok">alive</Badge>;
}

function Coordinators({ fleet: { coordinators, coordinatorId, timeMs } }: { fleet: FleetView }) {
  if (coordinators === null)
    return <p class="note unknown">Coordinators know of each other through Redis, which does not answer.</p>;
  return (
    <Table
      label="Table of coordinators"
      columns={[['Coordinator'], ['State'], ['Version'], ['Started'], ['Last seen']]}
    >
      {coordinators.map(({ coordinatorId: id, state, version, startedAtMs, seenAtMs }) => (
        <tr key={id} class={state === 'silent' ? 'silent' : ''} data-coordinator={id}>
          <th scope="row">
            {id} {id === coordinatorId ? <span class="hint">(this one)</span> : null}
          </th>
          <td>
            <Badge tone={state === 'alive' ? 'ok' : 'critical'}>{state}</Badge>
          </td>
          <td>{version}</td>
          <td>{dateTime(startedAtMs)}</td>
          <td>{ago(seenAtMs, timeMs)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** A short runway is no trouble as long as the next segment comes in time. */
function isShort({ runwaySeconds, lastError, waiting }: FleetTag): boolean {
  return runwaySeconds !== null && runwaySeconds < RUNWAY_SHORT_S && (lastError !== null || waiting > 0);
}
