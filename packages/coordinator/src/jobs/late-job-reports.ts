import type { Logger } from '@leafcutter/shared/logger';
import type { JobMetrics } from './job-metrics.ts';
import type { JobWatchEvents } from './job-watch.ts';

/** What becomes of a job that is late. */
export function lateJobReports(metrics: JobMetrics, log: Logger): JobWatchEvents {
  return {
    jobLate({ job, everyMs, silentMs }) {
      metrics.late(job, true);
      log.warn(
        { job, everyMs, silentMs: Math.round(silentMs) },
        'a background job has not run in time, on any coordinator',
      );
    },
    jobInTime(job) {
      metrics.late(job, false);
      log.info({ job }, 'a background job that was late has run');
    },
  };
}
