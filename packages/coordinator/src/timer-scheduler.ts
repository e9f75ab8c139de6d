import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { Job, Scheduler } from './jobs.ts';

/** Jobs on timers, for the embedded coordinator, which is the only one. A job never overlaps itself. */
export function timerScheduler(jobs: readonly Job[], clock: Clock): Scheduler {
  const timers = new Map<Job, Cancel>();
  let running: Promise<unknown> = Promise.resolve();
  let stopped = false;
  const schedule = (job: Job) => {
    timers.set(
      job,
      clock.after(job.everyMs, () => {
        running = Promise.allSettled([running, job.run().finally(() => !stopped && schedule(job))]);
      }),
    );
  };
  for (const job of jobs) schedule(job);
  return {
    async stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      await running;
    },
  };
}
