import { LeafcutterError } from '@leafcutter/shared/errors';
import { readRedisUrl } from '@leafcutter/shared/store-url';
import { Redis } from 'ioredis';
import {
  type CounterSource,
  type Found,
  MAX_COUNTERS,
  REPLICA_MAY_LAG,
  type ReadCounters,
  wholeNumber,
} from './source.ts';

const TIMEOUT_MS = 10_000;
const PAGE = 1_000;

/** Some of CosId's keys count machine ids, and the names of the others are not those that its users know. */
const COSID_KEY = /^cosid:.*adder$/;

/** Counters made with INCR. */
export const redisCounters: ReadCounters = async (source) => {
  const found = await redisStrings(source);
  return found.map((counter) =>
    COSID_KEY.test(counter.name)
      ? { name: counter.name, problem: 'it is one of CosId’s counters: use "leafcutter import cosid"' }
      : counter,
  );
};

/** The strings whose keys match. Their value was handed out already. */
export async function redisStrings({ url, match, fromReplica }: CounterSource): Promise<Found[]> {
  const { host, port, user, password, database, tls } = readRedisUrl(url);
  const redis = new Redis({
    host,
    port,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    // If ioredis selects the database itself and that one does not exist, it goes on with database 0.
    if (database !== undefined) await redis.select(database);
    if (!fromReplica) await refuseReplica(redis);
    const names = new Set<string>();
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', match ?? '*', 'COUNT', PAGE, 'TYPE', 'string');
      for (const key of keys) names.add(key);
      cursor = next;
    } while (cursor !== '0' && names.size <= MAX_COUNTERS);
    return await valuesOf(redis, [...names].sort());
  } catch (error) {
    if (error instanceof LeafcutterError) throw error;
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `The source Redis could not be read (${(error as Error).message}); check --from and the user's permissions.`,
      { cause: error },
    );
  } finally {
    redis.disconnect();
  }
}

async function valuesOf(redis: Redis, names: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (let at = 0; at < names.length; at += PAGE) {
    const page = names.slice(at, at + PAGE);
    // One by one, because the keys of a cluster's node are in many slots.
    const values = await Promise.all(page.map((name) => redis.get(name)));
    for (const [index, name] of page.entries()) {
      const text = values[index] ?? '';
      const value = wholeNumber(text);
      found.push(
        value === undefined
          ? { name, problem: 'its value is not a whole number; is it a counter?' }
          : { name, nextId: value + 1n },
      );
    }
  }
  return found;
}

async function refuseReplica(redis: Redis): Promise<void> {
  // INFO, because an account may have the rights to read and not ROLE; one that has neither is taken at its word.
  const info = await redis.info('replication').catch(() => '');
  if (!/^role:slave/m.test(info)) return;
  throw new LeafcutterError('STORE_UNAVAILABLE', `The source Redis is a replica, ${REPLICA_MAY_LAG}`);
}
