import type { Clock } from '@leafcutter/shared/clock';
import type { RedisState } from '@leafcutter/shared/fleet-views';
import type { Health } from '@leafcutter/shared/health';
import type { Logger } from '@leafcutter/shared/logger';
import type { Fence } from '../domain/allocation/fence.ts';
import type { Locks } from '../domain/allocation/locks.ts';
import type { Store } from '../domain/allocation/store.ts';
import type { FenceGuard } from '../domain/fence-guard/fence-guard.ts';
import type { FleetWatch } from '../domain/fleet/fleet-watch.ts';
import type { ReportIntake } from '../domain/fleet/report-intake.ts';
import type { Roster } from '../domain/fleet/roster.ts';
import type { ServedTags } from '../domain/fleet/served-tags.ts';
import type { MachineIdStatus } from '../domain/leases/census.ts';
import type { LeaseArbiter } from '../domain/leases/leases.ts';
import type { Explainer } from '../domain/ledger/explain.ts';
import type { SegmentArbiter } from '../domain/segments/segments.ts';
import type { DatedTags } from '../domain/tags/dated-tags.ts';
import type { TagAdmin } from '../domain/tags/tags.ts';
import type { JobJournal } from '../jobs/job-journal.ts';
import type { JobWatch } from '../jobs/job-watch.ts';
import type { Job } from '../jobs/jobs.ts';
import type { CoordinatorMetrics } from '../metrics/metrics.ts';
import type { CoordinatorConfig } from '../settings/settings.ts';
import type { Access } from './access.ts';
import type { Paces } from './paces.ts';

/** A coordinator as its door uses it; `service.ts` puts it together. */
export interface Coordinator {
  readonly config: CoordinatorConfig;
  readonly coordinatorId: string;
  readonly deploymentId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CoordinatorMetrics;
  readonly store: Store;
  readonly fence: Fence | undefined;
  readonly locks: Locks;
  readonly roster: Roster;
  readonly intake: ReportIntake;
  readonly served: ServedTags;
  readonly access: Access;
  /** How fast an agent may ask, by agent id. */
  readonly paces: Paces<string>;
  readonly jobs: readonly Job[];
  readonly journal: JobJournal;
  readonly jobWatch: JobWatch;
  readonly segments: SegmentArbiter;
  readonly dated: DatedTags;
  readonly leases: LeaseArbiter;
  readonly tags: TagAdmin;
  readonly explainer: Explainer;
  readonly watch: FleetWatch;
  /** Undefined if there is no fence: embedded. */
  readonly guard: FenceGuard | undefined;
  /** Every machine id of this deployment with its state, or those of `range`. @throws STORE_UNAVAILABLE */
  census(range?: { first: number; last: number }): AsyncGenerator<MachineIdStatus>;
  /** True once it was asked to stop: it is no longer ready, but goes on serving for a while. */
  stopping: boolean;
  /** Ready while the store answers; without Redis it serves, unfenced, and says so. With a strange one it does not. */
  readiness(): Promise<{ ready: boolean; store: 'up' | 'down'; redis: RedisState }>;
  /** What it depends on, as it was last seen; asking for its readiness looks at the stores. */
  readonly health: Health;
}
