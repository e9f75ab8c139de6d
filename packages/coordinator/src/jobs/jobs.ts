import type { Clock } from '@leafcutter/shared/clock';
import type { Logger } from '@leafcutter/shared/logger';
import type { Fence } from '../domain/allocation/fence.ts';
import type { Store } from '../domain/allocation/store.ts';
import type { FenceGuard } from '../domain/fence-guard/fence-guard.ts';
import type { Roster } from '../domain/fleet/roster.ts';
import { audit } from '../domain/ledger/audit.ts';
import { forecast } from '../domain/ledger/forecast.ts';
import { prune } from '../domain/ledger/prune.ts';
import { retireDays } from '../domain/tags/retire-days.ts';
import type { CoordinatorConfig } from '../settings/settings.ts';
import type { JobJournal } from './job-journal.ts';
import type { JobMetrics } from './job-metrics.ts';

/** A background job. Every run is counted and entered in the journal, and its errors are logged. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/** Runs jobs until stopped. On BullMQ each run happens on exactly one coordinator. */
export interface Scheduler {
  stop(): Promise<void>;
}

/**
 * How often a job is tried at its turn until it goes well, and the first pause between two tries; the next pauses are
 * twice that.
 */
export const ATTEMPTS = 3;
export const RETRY_MS = 5_000;

const DAY_MS = 86_400_000;

interface Parts {
  readonly store: Store;
  readonly fence: Fence | undefined;
  /** Undefined if there is no fence to look after. */
  readonly guard: FenceGuard | undefined;
  readonly roster: Roster;
  readonly journal: JobJournal;
  readonly clock: Clock;
  readonly metrics: JobMetrics;
  readonly log: Logger;
  readonly coordinatorId: string;
  readonly config: Pick<CoordinatorConfig, 'jobs'>;
}

export function coordinatorJobs(parts: Parts): Job[] {
  const { store, fence, guard, roster, clock, metrics, log, config } = parts;
  const { jobs: rules } = config;
  const job = (name: string, everyS: number, work: () => Promise<void>): Job => ({
    name,
    everyMs: everyS * 1000,
    run: () => watched(parts, name, work),
  });
  const jobs = [
    job('audit', rules.auditIntervalS, async () => {
      const report = await audit(store, fence);
      metrics.audited(report);
      for (const violation of report.violations) log.error({ job: 'audit' }, violation);
    }),
    job('forecast', rules.forecastIntervalS, async () => metrics.forecast(await forecast(store))),
    job('reap', rules.reapIntervalS, async () => {
      await roster.settle(clock.now());
      metrics.agentsAlive(await roster.reap(clock.now() - rules.agentSilentS * 1000));
    }),
  ];
  if (guard !== undefined)
    jobs.push(job('sweep', rules.sweepIntervalS, async () => void (await guard.sweep())));
  if (rules.trailRetentionDays > 0)
    jobs.push(
      job('trail', rules.pruneIntervalS, async () => {
        const before = (await earlierClock(parts)) - rules.trailRetentionDays * DAY_MS;
        metrics.trailPruned(await store.pruneTrail(before));
      }),
    );
  if (rules.retireDaysAfter > 0)
    jobs.push(
      job('days', rules.pruneIntervalS, async () => {
        const retired = await retireDays(store, rules.retireDaysAfter * DAY_MS, await earlierClock(parts));
        if (retired > 0) log.info({ job: 'days', tags: retired }, 'old days of dated tags were retired');
      }),
    );
  if (rules.ledgerRetentionDays > 0)
    jobs.push(
      job('prune', rules.pruneIntervalS, async () => {
        const fewer = await prune(store, rules.ledgerRetentionDays * DAY_MS, await earlierClock(parts));
        metrics.pruned(fewer);
        if (fewer > 0)
          log.info({ job: 'prune', ranges: fewer }, 'the ledger forgot who was granted old ranges');
      }),
    );
  return jobs;
}

/**
 * Unix milliseconds by the database's clock or this coordinator's, whichever is behind: what is forgotten for good
 * should not go by one clock that runs ahead.
 */
async function earlierClock({ store, clock }: Parts): Promise<number> {
  return Math.min(await store.now(), clock.now());
}

/** One run of a job, reported to metrics, log and journal. @throws what `work` throws */
async function watched(parts: Parts, job: string, work: () => Promise<void>): Promise<void> {
  const { journal, clock, metrics, log, coordinatorId } = parts;
  const begun = clock.monotonic();
  let failure: unknown;
  try {
    await work();
  } catch (error) {
    failure = error;
    log.warn({ job, err: error }, 'a background job failed; it will be retried');
  }
  const durationMs = Math.round(clock.monotonic() - begun);
  metrics.done(job, failure === undefined ? 'ok' : 'failed', durationMs);
  const error = failure === undefined ? null : messageOf(failure);
  // The journal may lie in the very store that failed.
  await journal
    .note({ job, coordinatorId, endedAtMs: clock.now(), durationMs, error })
    .catch((err: unknown) => log.debug({ job, err }, 'the run could not be entered in the journal'));
  if (failure !== undefined) throw failure;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
