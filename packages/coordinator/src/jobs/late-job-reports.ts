import type { Health } from '@leafcutter/shared/health';
import type { JobMetrics } from './job-metrics.ts';
import type { JobWatchEvents } from './job-watch.ts';

/** What becomes of a job that is late. */
export function lateJobReports(metrics: JobMetrics, health: Health): JobWatchEvents {
  const late = new Set<string>();
  const note = () => {
    const isLate = late.size > 0;
    health.note('jobs', {
      state: isLate ? 'late' : 'in_time',
      ok: !isLate,
      reason: null,
      words: isLate ? `not run in time on any coordinator: ${[...late].join(', ')}` : null,
    });
  };
  note();
  return {
    jobLate({ job }) {
      late.add(job);
      note();
      metrics.late(job, true);
    },
    jobInTime(job) {
      late.delete(job);
      note();
      metrics.late(job, false);
    },
  };
}
