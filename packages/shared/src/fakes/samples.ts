import { type AgentStatus, type BufferView, MAX_REPORTED_BUFFERS, type ReportRequest } from '../wire/wire.ts';

/** Ordinary values for tests: each test names only the ones it is about. */

/** A buffer that has no segment yet. */
export function bufferView(tag = 'orders', own: Partial<BufferView> = {}): BufferView {
  return {
    tag,
    current: null,
    next: null,
    prefetchAt: 0,
    remaining: 0,
    ratePerSecond: 0,
    runwaySeconds: null,
    refill: 'idle',
    lastError: null,
    waiting: 0,
    ...own,
  };
}

/** Snowflake mode of an agent that has no lease yet. */
export const ASKING: NonNullable<AgentStatus['snowflake']> = {
  state: 'asking',
  machineId: null,
  window: null,
  windowRemainingMs: 0,
  lastTimestampMs: 0,
  issued: 0,
  lastError: null,
};

/** What an agent without tags and without snowflake mode reports. */
export function report(own: Partial<ReportRequest> = {}): ReportRequest {
  const { tags = [] } = own;
  return {
    agentId: 'agent-1',
    instanceId: '00000000-0000-4000-8000-000000000001',
    version: '1.2.3',
    timeMs: 0,
    clock: { offsetMs: 0, skewed: false },
    tags,
    tagCount: tags.length,
    snowflake: null,
    names: [],
    intervalMs: 15_000,
    leaving: false,
    ...own,
  };
}

/** As many buffers as a report may show, of tags with the longest names. */
export const FAT_BUFFERS: readonly BufferView[] = Array.from({ length: MAX_REPORTED_BUFFERS }, () =>
  bufferView('t'.repeat(128)),
);
