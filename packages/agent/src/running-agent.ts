import type { Clock } from '@leafcutter/shared/clock';
import type { Health } from '@leafcutter/shared/health';
import type { SnowflakeLayout } from '@leafcutter/shared/layout';
import type { Logger } from '@leafcutter/shared/logger';
import type { CoordinatorClient } from './coordinators/client.ts';
import type { IdReader } from './coordinators/id-reader.ts';
import type { Tags } from './domain/segments/tags.ts';
import type { ClockWatch } from './domain/snowflake/clock-watch.ts';
import type { LeaseKeeper } from './domain/snowflake/lease-keeper.ts';
import type { SnowflakeGenerator } from './domain/snowflake/snowflake-generator.ts';
import type { Snowflakes } from './domain/snowflake/snowflakes.ts';
import type { AgentMetrics } from './metrics/metrics.ts';
import type { Seat } from './seat.ts';
import type { AgentConfig } from './settings/settings.ts';

/** Snowflake mode put together. */
export interface SnowflakeMode {
  readonly generator: SnowflakeGenerator;
  readonly keeper: LeaseKeeper;
  readonly ids: Snowflakes;
}

/** An agent put together, without its doors. */
export interface RunningAgent {
  readonly config: AgentConfig;
  readonly agentId: string;
  readonly instanceId: string;
  readonly layout: SnowflakeLayout;
  readonly log: Logger;
  readonly metrics: AgentMetrics;
  /** What it depends on, as the last call found it. */
  readonly health: Health;
  readonly watch: ClockWatch;
  readonly tags: Tags;
  /** Its coordinators. */
  readonly client: Pick<CoordinatorClient, 'wasServed'>;
  readonly reader: IdReader;
  /** Undefined if snowflake mode is off. */
  readonly snowflake: SnowflakeMode | undefined;
  readonly clock: Clock;
  /** Wall clock, unix milliseconds. */
  now(): number;
  /** Among the workers of a service; undefined if the agent is alone. */
  readonly seat: Seat | undefined;
  /** True while the agent drains before it stops. */
  readonly stopping: boolean;
}
