import { LeafcutterError } from '@leafcutter/shared/errors';
import { LAYOUT_PRESETS, type SnowflakeLayout, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import type { AgentStatus } from '@leafcutter/shared/wire';
import type { TagsRules } from '../domain/segments/tags.ts';
import type { GeneratorRules } from '../domain/snowflake/snowflake-generator.ts';

/** Ordinary values for tests: each test names only the ones it is about. */
export const SEGMENT_RULES: TagsRules = {
  prefetchAtUsedRatio: 0.1,
  maxWaiting: 100,
  waitMs: 2_000,
  maxTags: 10,
  idleMs: 60_000,
};

export const LAYOUT: SnowflakeLayout = {
  ...LAYOUT_PRESETS.classic,
  datacenterBits: 0,
  epochMs: TWITTER_EPOCH_MS,
};

export const GENERATOR_RULES: GeneratorRules = {
  layout: LAYOUT,
  sequenceStartMax: 1_023,
  maxClockDriftMs: 2_000,
};

export function unavailable(): LeafcutterError {
  return new LeafcutterError('COORDINATOR_UNAVAILABLE', 'No coordinator answers.');
}

/** A random source that always draws the same number, so that timers fall on known milliseconds. */
export const middling = (): number => 0.5;

/** The status of an agent without tags and without snowflake mode. */
export const EMPTY_STATUS: AgentStatus = {
  agentId: 'agent-1',
  instanceId: '11111111-2222-4333-8444-555555555555',
  version: '1.2.3',
  timeMs: 0,
  clock: { offsetMs: null, skewed: false },
  tags: [],
  snowflake: null,
};
