import { AgentMetrics } from '@leafcutter/agent/metrics/metrics';
import { CoordinatorMetrics } from '@leafcutter/coordinator/metrics/metrics';
import type { MetricEntry } from '@leafcutter/shared/metric-catalogue';

/** Every metric that the two services have, without a service that would give them values. */
export function metricCatalogues(): Readonly<Record<'Agent' | 'Coordinator' | 'Both', MetricEntry[]>> {
  const never = () => Promise.reject(new Error('nobody scrapes this'));
  const agent = new AgentMetrics({
    tags: () => [],
    lease: () => undefined,
    clockOffsetMs: () => undefined,
    certificateEndsAtMs: () => undefined,
    tokens: () => 0,
    dependencies: () => [],
    logLinesDropped: () => 0,
  });
  const coordinator = new CoordinatorMetrics({
    census: never,
    askStore: never,
    timestampLeftMs: () => 0,
    tokens: () => ({}),
    dependencies: () => [],
    logLinesDropped: () => 0,
  });
  const isOwn = ({ name }: MetricEntry) => name.startsWith('leafcutter_');
  return {
    Agent: agent.catalogue.filter(isOwn),
    Coordinator: coordinator.catalogue.filter(isOwn),
    Both: agent.catalogue.filter((entry) => !isOwn(entry)),
  };
}
