import { VERSION } from '@leafcutter/shared/version';
import type { AgentStatus } from '@leafcutter/shared/wire';
import type { RunningAgent } from '../running-agent.ts';
import type { Readiness } from '../seat.ts';

/** What `/v1/status` and `/v1/events` show. */
export function agentStatus(agent: RunningAgent): AgentStatus {
  const { snowflake, watch } = agent;
  const lease = snowflake?.generator.lease;
  return {
    agentId: agent.agentId,
    instanceId: agent.instanceId,
    version: VERSION,
    timeMs: agent.now(),
    clock: { offsetMs: watch.offsetMs ?? null, skewed: watch.skewed },
    tags: agent.tags.status(),
    snowflake:
      snowflake === undefined
        ? null
        : {
            state: snowflake.keeper.state,
            machineId: lease?.machineId ?? null,
            window: lease === undefined ? null : { from: lease.from, to: lease.to },
            windowRemainingMs: windowRemainingMs(agent),
            lastTimestampMs: snowflake.generator.lastTimestampMs,
            issued: snowflake.generator.issued,
            lastError: snowflake.keeper.lastError ?? null,
          },
  };
}

/** Milliseconds left in the window that the agent holds; 0 without one. */
export function windowRemainingMs(agent: Pick<RunningAgent, 'snowflake' | 'now'>): number {
  const lease = agent.snowflake?.generator.lease;
  return lease === undefined ? 0 : Math.max(0, lease.to - agent.now());
}

export type Mode = 'segment' | 'snowflake';

/** Whether a mode can serve. */
export function modeReadiness(agent: RunningAgent, mode: Mode): Readiness {
  if (agent.stopping) return { ready: false, reason: 'stopping' };
  if (mode === 'segment') {
    // Until a coordinator answered for the first time there may be nothing to serve from.
    return agent.client.wasServed ? { ready: true } : { ready: false, reason: 'no_coordinator_yet' };
  }
  if (agent.snowflake === undefined) return { ready: false, reason: 'disabled' };
  if (agent.watch.skewed) return { ready: false, reason: 'clock_skewed' };
  return windowRemainingMs(agent) > 0 ? { ready: true } : { ready: false, reason: 'no_window' };
}
