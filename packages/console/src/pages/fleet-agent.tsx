import type { AgentLive } from '@leafcutter/shared/fleet-views';
import { ago } from '../format.ts';
import type { Live } from '../live.ts';
import { AgentFacts, Buffers, Snowflakes } from '../parts/agent-status.tsx';
import { Badge, Card, Empty, Loading } from '../parts/basics.tsx';
import { linkTo } from '../route.ts';
import { useTitle } from '../use-title.ts';

/** One agent as it last reported to the coordinators. */
export function FleetAgentPage({ agentId, live }: { agentId: string; live: Live<AgentLive> }) {
  useTitle(agentId, 'Agent');
  const event = live.data?.agentId === agentId ? live.data : undefined;
  if (event === undefined) return <Loading />;
  const { instances, timeMs } = event;
  return (
    <main id="main" tabIndex={-1}>
      <h1>{agentId}</h1>
      {instances.length === 0 ? (
        <Empty>
          No agent with this name has reported recently. <a href="#/">Back to the fleet</a>
        </Empty>
      ) : null}
      {instances.length > 1 ? (
        <p class="note warning">
          {instances.length} processes report under this name. Each agent needs a name of its own.
        </p>
      ) : null}
      {instances.map((instance) => (
        <Instance key={instance.status.instanceId} instance={instance} nowMs={timeMs} />
      ))}
    </main>
  );
}

const TONES = { alive: 'ok', silent: 'critical', unknown: 'unknown' } as const;

function Instance({ instance, nowMs }: { instance: AgentLive['instances'][number]; nowMs: number }) {
  const { state, seenAtMs, tagCount, status } = instance;
  const { snowflake } = status;
  return (
    <>
      <p class="page-head">
        <Badge tone={TONES[state]}>{state}</Badge>
        <span class="hint">
          {state === 'unknown' ? 'Reports cannot be read now, or there was no time for one to arrive. ' : ''}
          Reported {ago(seenAtMs, nowMs)}.
        </span>
      </p>
      <AgentFacts status={status} tagCount={tagCount} />
      <Card title="Snowflakes">
        <Snowflakes snowflake={snowflake} timeMs={nowMs} machineIdsAt={(id) => linkTo('machine-ids', id)} />
      </Card>
      <Buffers tags={status.tags} tagCount={tagCount} linkOf={(tag) => linkTo('tags', tag)}>
        It has no tag in memory.
      </Buffers>
    </>
  );
}
