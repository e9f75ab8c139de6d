import type { Logger } from '@leafcutter/shared/logger';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Job, Scheduler } from './jobs.ts';

const QUEUE = 'jobs';

/**
 * Jobs on BullMQ job schedulers: every coordinator offers a worker, and each tick of a job runs on exactly one.
 * BullMQ has connections of its own, because it blocks on them and must wait for Redis where the fence must not.
 */
export function bullmqScheduler(
  jobs: readonly Job[],
  options: { redisUrl: string; keyPrefix: string; log: Logger },
): Scheduler {
  // The braces put all keys of the queue into one slot of a Redis Cluster.
  const prefix = `${options.keyPrefix}{bull}`;
  const connections = [connect(options.redisUrl), connect(options.redisUrl)] as const;
  const queue = new Queue(QUEUE, { connection: connections[0], prefix });
  const worker = new Worker(QUEUE, async ({ name }) => jobs.find((job) => job.name === name)?.run(), {
    connection: connections[1],
    prefix,
    concurrency: 1,
  });
  // The circuit of the fence reports a Redis that is away; here it would be said twice.
  const onError = (error: Error) => options.log.debug({ err: error }, 'job queue');
  queue.on('error', onError);
  worker.on('error', onError);
  for (const { name, everyMs } of jobs) {
    const scheduled = queue.upsertJobScheduler(
      name,
      { every: everyMs },
      {
        name,
        opts: { removeOnComplete: 10, removeOnFail: 10 },
      },
    );
    scheduled.catch((error: unknown) =>
      options.log.warn({ job: name, err: error }, 'a job could not be scheduled'),
    );
  }
  return {
    async stop() {
      // Closing politely waits for Redis; a shutdown does not.
      await Promise.race([Promise.allSettled([worker.close(), queue.close()]), delay(1_000)]);
      for (const connection of connections) connection.disconnect();
    },
  };
}

function connect(url: string): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  redis.on('error', () => undefined);
  return redis;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
