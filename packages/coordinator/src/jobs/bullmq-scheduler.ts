import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { Logger } from '@leafcutter/shared/logger';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectRedis, type RedisPlace } from '../stores/redis/connections.ts';
import type { JobMetrics } from './job-metrics.ts';
import { graceMs, type JobWatch } from './job-watch.ts';
import { ATTEMPTS, type Job, RETRY_MS, type Scheduler } from './jobs.ts';

const QUEUE = 'jobs';

/** How long a schedule that Redis lost (FLUSHALL, a restart without persistence) may stay lost at most. */
const CHECK_MAX_MS = 60_000;
/** A next run further away than the interval and this much was set by a clock that was wrong, in milliseconds. */
const FAR_MS = 60_000;

/**
 * Jobs on BullMQ job schedulers: every coordinator offers a worker, and each tick of a job runs on exactly one. The
 * schedules live in Redis, which may forget them: every coordinator looks whether they are there, and enters them again. And they
 * hold the time of the next run by the wall clock of the coordinator that ran the last: one that was an hour ahead puts a job off
 * by an hour, and entering it again with the same interval keeps that. So one that is late, or put off, is taken out first.
 * BullMQ has connections of its own, because it blocks on them and must wait for Redis where the fence must not.
 */
export function bullmqScheduler(
  jobs: readonly Job[],
  options: { redis: RedisPlace; clock: Clock; log: Logger; watch: JobWatch; metrics: JobMetrics },
): Scheduler {
  const { clock, log, watch } = options;
  // BullMQ asks for a hash tag; in a cluster the one in keyPrefix comes first and counts.
  const prefix = `${options.redis.keyPrefix}{bull}`;
  const connections = [connect(options.redis, clock), connect(options.redis, clock)] as const;
  const queue = new Queue(QUEUE, { connection: connections[0], prefix });
  const worker = new Worker(QUEUE, async ({ name }) => jobs.find((job) => job.name === name)?.run(), {
    connection: connections[1],
    prefix,
    concurrency: 1,
  });
  // The watch reports a Redis that is away; here it would be said twice.
  const onError = (error: Error) => log.debug({ err: error }, 'job queue');
  queue.on('error', onError);
  worker.on('error', onError);
  const enter = async ({ name, everyMs }: Job) => {
    const backoff = { type: 'exponential', delay: RETRY_MS } as const;
    const opts = { attempts: ATTEMPTS, backoff, removeOnComplete: 10, removeOnFail: 10 };
    await queue
      .upsertJobScheduler(name, { every: everyMs }, { name, opts })
      .catch((err: unknown) => log.warn({ job: name, err }, 'a job could not be scheduled'));
  };
  /** By monotonic time: when each was last taken out and entered. Never, as far as this coordinator knows. */
  const renewedAt = new Map<string, number>();
  const look = async () => {
    const [seconds] = await connections[0].time();
    for (const job of jobs) {
      const scheduler = await queue.getJobScheduler(job.name);
      if (scheduler === undefined) await enter(job);
      else if (mustRenew(job, scheduler.next, Number(seconds) * 1_000)) await renew(job);
    }
  };
  const mustRenew = ({ name, everyMs }: Job, next = 0, redisNowMs: number) => {
    const sinceMs = clock.monotonic() - (renewedAt.get(name) ?? Number.NEGATIVE_INFINITY);
    if (watch.isLate(name)) return sinceMs > everyMs + graceMs(everyMs);
    // While a coordinator lives whose clock is ahead, the job runs by that clock, and in time. Only at the first look
    // nobody knows when it last ran.
    const mayRun = sinceMs < Number.POSITIVE_INFINITY && Math.min(sinceMs, watch.silentMs(name)) <= everyMs;
    // Two clocks have to agree: the one that is wrong may be this one, or Redis'.
    return !mayRun && next - Math.max(clock.now(), redisNowMs) > everyMs + FAR_MS;
  };
  const renew = async (job: Job) => {
    log.warn({ job: job.name }, 'a job was postponed or did not run in time; rescheduling it');
    await queue.removeJobScheduler(job.name);
    await enter(job);
    renewedAt.set(job.name, clock.monotonic());
    options.metrics.rescheduled(job.name);
  };
  const checkMs = Math.min(CHECK_MAX_MS, ...jobs.map(({ everyMs }) => everyMs));
  let stopped = false;
  let stopTimer: Cancel = () => undefined;
  const checkLater = () => {
    if (stopped) return;
    stopTimer = clock.after(checkMs, () => void look().catch(onError).then(checkLater));
  };
  // At start each is entered even if it is there, so that a changed interval takes effect.
  void Promise.all(jobs.map(enter)).then(checkLater);
  return {
    async stop() {
      stopped = true;
      stopTimer();
      // A graceful close waits for Redis; a shutdown does not.
      await Promise.race([Promise.allSettled([worker.close(), queue.close()]), delay(1_000)]);
      for (const connection of connections) connection.disconnect();
    },
  };
}

function connect(place: RedisPlace, clock: Clock): Redis {
  return connectRedis(place, clock, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
