import type { FleetAgent, FleetTag, FleetView } from '@leafcutter/shared/fleet-views';
import { useState } from 'preact/hooks';
import { ago, count, duration, offset, rate } from '../format.ts';
import { Badge, Card, Empty, Fact, Table } from '../parts/basics.tsx';
import { Chart } from '../parts/chart.tsx';
import { Jobs } from '../parts/jobs.tsx';
import { Problems } from '../parts/problems.tsx';
import { useRates } from '../parts/rates.ts';
import { CreateTag } from '../parts/tag-dialogs.tsx';
import { linkTo } from '../route.ts';

const RUNWAY_SHORT_S = 30;

/** The whole fleet: its health in one line, tags, agents, recent problems. */
export function FleetPage({ fleet }: { fleet: FleetView }) {
  const [isCreating, setCreating] = useState(false);
  const [filter, setFilter] = useState('');
  const rates = useRates('fleet', fleet);
  const { timeMs } = fleet;
  const matches = (name: string) => name.toLowerCase().includes(filter.toLowerCase());
  const tags = fleet.tags.filter(({ tag }) => matches(tag));
  const agents = fleet.agents.filter(({ agentId }) => matches(agentId));
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="unseen">Fleet</h1>
      <Health health={fleet.health} />
      <Facts fleet={fleet} />
      <div class="columns">
        <Card title="IDs per second">
          <Chart label="IDs per second of all tags" unit="IDs/s" points={rates} />
        </Card>
        <Card title="Last problems">
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
        {tags.length === 0 ? (
          <Empty>
            {filter === ''
              ? 'There is no tag yet. Create one, and agents can draw from it at once.'
              : 'No tag has this in its name.'}
          </Empty>
        ) : (
          <Tags tags={tags} />
        )}
      </Card>
      <Card title={`Agents (${agents.length})`}>
        {agents.length === 0 ? (
          <Empty>
            {filter === ''
              ? 'No agent has reported. Start one with this coordinator’s address in its coordinators.'
              : 'No agent has this in its name.'}
          </Empty>
        ) : (
          <Agents agents={agents} nowMs={timeMs} />
        )}
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
  return (
    <dl class="facts card">
      <Fact name="IDs drawn">{rate(ratePerSecond)}</Fact>
      <Fact name="Agents">
        {count(counts.agents - counts.silent)}
        {counts.silent > 0 ? <Badge tone="critical">{counts.silent} silent</Badge> : null}
      </Fact>
      <Fact name="Tags">{count(counts.tags)}</Fact>
      <Fact name={stores.redis === 'none' ? 'Database' : 'MySQL'} hint="The store of every counter">
        <Badge tone={stores.store === 'up' ? 'ok' : 'critical'}>{stores.store}</Badge>
      </Fact>
      <Fact name="Redis" hint="Locks, leases and the fence">
        <Badge tone={stores.redis === 'up' ? 'ok' : stores.redis === 'none' ? 'idle' : 'critical'}>
          {stores.redis === 'none' ? 'embedded' : stores.redis}
        </Badge>
      </Fact>
      <Fact name="Coordinator">{coordinatorId}</Fact>
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
        ['IDs left', 'number wide'],
        ['Agents', 'number wide'],
        ['State'],
      ]}
    >
      {tags.map((tag) => (
        <tr key={tag.tag}>
          <th scope="row">
            <a href={linkTo('tags', tag.tag)}>{tag.tag}</a>
          </th>
          <td class="number">{rate(tag.ratePerSecond)}</td>
          <td class={`number ${isShort(tag) ? 'critical-text' : ''}`}>{duration(tag.runwaySeconds)}</td>
          <td class="number wide">{tag.idsLeft === null ? '–' : count(Number(tag.idsLeft))}</td>
          <td class="number wide">{tag.agents}</td>
          <td>
            <TagBadge tag={tag} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function TagBadge({ tag }: { tag: FleetTag }) {
  if (tag.state === 'retired') return <Badge tone="idle">retired</Badge>;
  if (tag.waiting > 0) return <Badge tone="critical">{tag.waiting} waiting</Badge>;
  if (tag.lastError !== null) return <Badge tone="warning">{tag.lastError}</Badge>;
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
        ['Shortest runway', 'number wide'],
        ['Machine id', 'number wide'],
        ['Window', 'number wide'],
        ['Clock', 'number wide'],
      ]}
    >
      {agents.map((agent) => (
        <tr
          key={agent.instanceId}
          class={agent.state === 'silent' ? 'silent' : ''}
          data-agent={agent.agentId}
        >
          <th scope="row">{agent.agentId}</th>
          <td>
            <AgentBadge agent={agent} nowMs={nowMs} />
          </td>
          <td class="number">{rate(agent.ratePerSecond)}</td>
          <td class="number wide">{duration(agent.runwaySeconds)}</td>
          <td class="number wide">
            {agent.snowflake?.machineId == null ? (
              '–'
            ) : (
              <a href={linkTo('machine-ids', String(agent.snowflake.machineId))}>
                {agent.snowflake.machineId}
              </a>
            )}
          </td>
          <td class="number wide">
            {agent.snowflake === null ? '–' : duration(agent.snowflake.windowRemainingMs / 1000)}
          </td>
          <td class={`number wide ${agent.clock.skewed ? 'critical-text' : ''}`}>
            {offset(agent.clock.offsetMs)}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function AgentBadge({ agent, nowMs }: { agent: FleetAgent; nowMs: number }) {
  if (agent.state === 'silent')
    return <Badge tone="critical">silent, seen {ago(agent.seenAtMs, nowMs)}</Badge>;
  if (agent.state === 'unknown') return <Badge tone="warning">unknown</Badge>;
  if (agent.clock.skewed) return <Badge tone="critical">clock wrong</Badge>;
  const trouble = agent.snowflake?.lastError;
  if (trouble != null) return <Badge tone="warning">{trouble}</Badge>;
  return <Badge tone="ok">alive</Badge>;
}

/** A short runway is no trouble as long as the next segment comes in time. */
function isShort({ runwaySeconds, lastError, waiting }: FleetTag): boolean {
  return runwaySeconds !== null && runwaySeconds < RUNWAY_SHORT_S && (lastError !== null || waiting > 0);
}
