/** Makes docs/metrics.md of the metrics that the services have. */
import { AgentMetrics } from '../packages/agent/src/metrics/metrics.ts';
import { CoordinatorMetrics } from '../packages/coordinator/src/metrics/metrics.ts';
import { metricsPage } from '../packages/shared/src/telemetry/metric-catalogue.ts';

const never = () => Promise.reject(new Error('nobody scrapes this'));
const agent = new AgentMetrics({ tags: () => [], lease: () => undefined, clockOffsetMs: () => undefined });
const coordinator = new CoordinatorMetrics({ census: never, askStore: never, timestampLeftMs: () => 0 });

export const METRICS_PAGE = metricsPage({ Agent: agent.catalogue, Coordinator: coordinator.catalogue });
