import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { ATTEMPTS, type Job, RETRY_MS, type Scheduler } from './jobs.ts';

/** Jobs on timers, for the embedded coordinator, which is the only one. One runs at a time. */
export function timerScheduler(jobs: readonly Job[], clock: Clock): Scheduler {
  const timers = new Map<Job, Cancel>();
  let running: Promise<unknown> = Promise.resolve();
  let stopped = false;
  const schedule = (job: Job, afterMs: number, attempt: number) => {
    if (stopped) return;
    const turn = () => {
      running = running.then(() => (stopped ? undefined : run(job, attempt)));
    };
    timers.set(job, clock.after(afterMs, turn));
  };
  const run = async (job: Job, attempt: number) => {
    try {
      await job.run();
      schedule(job, job.everyMs, 1);
    } catch {
      const retryMs = RETRY_MS * 2 ** (attempt - 1);
      if (attempt < ATTEMPTS && retryMs < job.everyMs) schedule(job, retryMs, attempt + 1);
      else schedule(job, job.everyMs, 1);
    }
  };
  for (const job of jobs) schedule(job, job.everyMs, 1);
  return {
    async stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      await running;
    },
  };
}
