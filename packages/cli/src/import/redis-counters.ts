import { LeafcutterError } from '@leafcutter/shared/errors';
import { readRedisUrl } from '@leafcutter/shared/store-url';
import { Redis } from 'ioredis';
import { type Found, MAX_COUNTERS, wholeNumber } from './source.ts';

const TIMEOUT_MS = 10_000;
const PAGE = 1_000;

/** Counters made with INCR: the strings whose keys match. Their value was handed out already. */
export async function redisCounters(url: string, match: string | undefined): Promise<Found[]> {
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
    const names = new Set<string>();
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', match ?? '*', 'COUNT', PAGE, 'TYPE', 'string');
      for (const key of keys) names.add(key);
      cursor = next;
    } while (cursor !== '0' && names.size <= MAX_COUNTERS);
    return await valuesOf(redis, [...names].sort());
  } catch (error) {
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `The source Redis could not be read (${(error as Error).message}); check --from and its rights.`,
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
    const values = await redis.mget(page);
    for (const [index, name] of page.entries()) {
      const text = values[index] ?? '';
      const value = wholeNumber(text);
      found.push(
        value === undefined
          ? { name, problem: 'its value is no whole number; is it a counter?' }
          : { name, nextId: value + 1n },
      );
    }
  }
  return found;
}
