import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { Logger } from '@leafcutter/shared/logger';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectRedis, type RedisPlace } from '../stores/redis/connections.ts';
import { ATTEMPTS, type Job, RETRY_MS, type Scheduler } from './jobs.ts';

const QUEUE = 'jobs';

/** How long a schedule that Redis lost (FLUSHALL, a restart without persistence) may stay lost, at most. */
const CHECK_MAX_MS = 60_000;

/**
 * Jobs on BullMQ job schedulers: every coordinator offers a worker, and each tick of a job runs on exactly one. The
 * schedules live in Redis, which may forget them: every coordinator looks whether they are there, and enters them again.
 * BullMQ has connections of its own, because it blocks on them and must wait for Redis where the fence must not.
 */
export function bullmqScheduler(
  jobs: readonly Job[],
  options: { redis: RedisPlace; clock: Clock; log: Logger },
): Scheduler {
  // BullMQ asks for a hash tag; in a cluster the one in keyPrefix comes first and counts.
  const prefix = `${options.redis.keyPrefix}{bull}`;
  const connections = [connect(options.redis), connect(options.redis)] as const;
  const queue = new Queue(QUEUE, { connection: connections[0], prefix });
  const worker = new Worker(QUEUE, async ({ name }) => jobs.find((job) => job.name === name)?.run(), {
    connection: connections[1],
    prefix,
    concurrency: 1,
  });
  // The watch reports a Redis that is away; here it would be said twice.
  const onError = (error: Error) => options.log.debug({ err: error }, 'job queue');
  queue.on('error', onError);
  worker.on('error', onError);
  const enter = async ({ name, everyMs }: Job) => {
    const backoff = { type: 'exponential', delay: RETRY_MS } as const;
    const opts = { attempts: ATTEMPTS, backoff, removeOnComplete: 10, removeOnFail: 10 };
    await queue
      .upsertJobScheduler(name, { every: everyMs }, { name, opts })
      .catch((err: unknown) => options.log.warn({ job: name, err }, 'a job could not be scheduled'));
  };
  const enterLost = async () => {
    for (const job of jobs) {
      if ((await queue.getJobScheduler(job.name)) === undefined) await enter(job);
    }
  };
  const checkMs = Math.min(CHECK_MAX_MS, ...jobs.map(({ everyMs }) => everyMs));
  let stopped = false;
  let stopTimer: Cancel = () => undefined;
  const checkLater = () => {
    if (stopped) return;
    stopTimer = options.clock.after(checkMs, () => void enterLost().catch(onError).then(checkLater));
  };
  // At start each is entered whether it is there or not, so that a changed interval counts.
  void Promise.all(jobs.map(enter)).then(checkLater);
  return {
    async stop() {
      stopped = true;
      stopTimer();
      // Closing politely waits for Redis; a shutdown does not.
      await Promise.race([Promise.allSettled([worker.close(), queue.close()]), delay(1_000)]);
      for (const connection of connections) connection.disconnect();
    },
  };
}

function connect(place: RedisPlace): Redis {
  return connectRedis(place, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
