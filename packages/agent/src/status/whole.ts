import { mergeWorkers, type Scrape } from '@leafcutter/shared/metric-set';
import type { WholeAgentStatus } from '@leafcutter/shared/whole-status';
import type { RunningAgent } from '../running-agent.ts';
import type { AnswerMakers, Readiness } from '../seat.ts';
import { agentStatus, type Mode, modeReadiness } from './status.ts';

/** What this agent adds to answers about the whole service. */
export function answersOf(agent: RunningAgent): AnswerMakers {
  return {
    metrics: () => agent.metrics.part(),
    status: () => agentStatus(agent),
    'ready:segment': () => modeReadiness(agent, 'segment'),
    'ready:snowflake': () => modeReadiness(agent, 'snowflake'),
  };
}

/** This agent's status. If it is one of several workers, the status of all of them is added. */
export async function wholeStatus(agent: RunningAgent): Promise<WholeAgentStatus> {
  const own = agentStatus(agent);
  if (agent.seat === undefined) return own;
  const workers = await agent.seat.gather('status');
  return {
    ...own,
    workers: workers.toSorted((a, b) => a.agentId.localeCompare(b.agentId, 'en', { numeric: true })),
  };
}

/** The metrics of all workers, told apart by the label `worker`. */
export async function wholeScrape(agent: RunningAgent): Promise<Scrape> {
  return agent.seat === undefined ? agent.metrics.scrape() : mergeWorkers(await agent.seat.gather('metrics'));
}

/** Ready if every worker is ready, because a connection may reach any of them. */
export async function wholeReadiness(agent: RunningAgent, mode: Mode): Promise<Readiness> {
  if (agent.seat === undefined) return modeReadiness(agent, mode);
  const all = await agent.seat.gather(`ready:${mode}`);
  return all.find(({ ready }) => !ready) ?? modeReadiness(agent, mode);
}
