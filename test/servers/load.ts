/**
 * Draws IDs from two agents while the server that it is named is killed and started again, `mysql` or `redis`. A
 * Redis comes back empty. It writes what it found as JSON on one line. Which server that is depends on the PATH.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Disturbed, runReplicated } from '../fault/run-replicated.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { startRedis } from '../support/redis-server.ts';

const STEADY_MS = 5_000;
/** How long the server is away: longer than a coordinator waits for it. */
const AWAY_MS = 2_000;

/** What is told of a load. */
export interface LoadResult {
  readonly ids: number;
  readonly duplicates: number;
  /** All other findings, in words. */
  readonly others: readonly string[];
  readonly hasRecovered: boolean;
}

async function load(killed: string): Promise<Disturbed> {
  await using mariadb = await startMariadb();
  await using redis = await startRedis();
  const server = killed === 'redis' ? redis : mariadb;
  return await runReplicated({
    name: `${killed} killed and started again`,
    mysqlUrl: mariadb.url,
    coordinators: [0, 1].map(() => ({
      LEAFCUTTER_MYSQL_URL: mariadb.url,
      LEAFCUTTER_REDIS_URL: redis.url,
    })),
    async harm() {
      await server.kill();
      await sleep(AWAY_MS);
      await server.restart();
    },
    steadyMs: STEADY_MS,
  });
}

const { ids, findings, resumedMs } = await load(process.argv[2] ?? '');
const { duplicates, ...rest } = findings;
const result: LoadResult = {
  ids,
  duplicates: duplicates.length,
  others: Object.entries(rest).flatMap(([kind, found]) => found.map((what) => `${kind}: ${what}`)),
  hasRecovered: resumedMs !== undefined,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
