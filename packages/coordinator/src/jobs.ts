import type { Clock } from '@leafcutter/shared/clock';
import type { Logger } from '@leafcutter/shared/logger';
import { audit } from './domain/audit.ts';
import type { Fence } from './domain/fence.ts';
import type { FenceGuard } from './domain/fence-guard.ts';
import { forecast } from './domain/forecast.ts';
import { reap } from './domain/reap.ts';
import type { Roster } from './domain/roster.ts';
import type { Store } from './domain/store.ts';
import type { CoordinatorMetrics } from './metrics.ts';

/** A background job; every run is counted and a failed one is logged. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/** Runs jobs until stopped. On BullMQ each run happens on exactly one coordinator. */
export interface Scheduler {
  stop(): Promise<void>;
}

interface Parts {
  readonly store: Store;
  readonly fence: Fence | undefined;
  /** Undefined where there is no fence to look after. */
  readonly guard: FenceGuard | undefined;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly metrics: CoordinatorMetrics;
  readonly log: Logger;
  readonly intervals: {
    readonly auditIntervalS: number;
    readonly sweepIntervalS: number;
    readonly forecastIntervalS: number;
    readonly reapIntervalS: number;
    readonly agentSilentS: number;
  };
}

export function coordinatorJobs(parts: Parts): Job[] {
  const { store, fence, guard, roster, clock, metrics, log, intervals } = parts;
  const job = (name: string, everyS: number, work: () => Promise<void>): Job => ({
    name,
    everyMs: everyS * 1000,
    async run() {
      try {
        await work();
        metrics.jobDone(name, 'ok');
      } catch (error) {
        metrics.jobDone(name, 'failed');
        log.warn({ job: name, err: error }, 'a background job failed; it runs again at its next turn');
      }
    },
  });
  return [
    job('audit', intervals.auditIntervalS, async () => {
      const report = await audit(store, fence);
      metrics.audited(report);
      for (const violation of report.violations) log.error({ job: 'audit' }, violation);
    }),
    ...(guard === undefined
      ? []
      : [
          job('sweep', intervals.sweepIntervalS, async () => {
            await guard.sweep();
          }),
        ]),
    job('forecast', intervals.forecastIntervalS, async () => metrics.forecast(await forecast(store))),
    job('reap', intervals.reapIntervalS, async () => {
      const alive = await reap(roster, clock, intervals.agentSilentS * 1000);
      metrics.agentsAlive(alive.length);
    }),
  ];
}
