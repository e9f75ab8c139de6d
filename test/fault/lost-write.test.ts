import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { scratchDir } from '../support/scratch-dir.ts';
import { runDocumented } from './documented-commands.ts';
import { AFTER, grantUnheard, lastRanges, loseLastWrites } from './lose-last-writes.ts';
import { LostWriteArena } from './lost-write-arena.ts';

jest.setTimeout(120_000);

const LOST_WRITES = 'leafcutter_coordinator_lost_writes_total';

let arena: LostWriteArena;

beforeAll(async () => {
  arena = await LostWriteArena.start({ agents: 3 });
});
afterAll(() => arena?.[Symbol.asyncDispose]());

describe('the last write of each of 20 counters, lost by a replica that was promoted', () => {
  test('is counted, entered in the ledger and logged with tag and range', async () => {
    const counted = await arena.metric(LOST_WRITES);
    const tags = await loseLastWrites(arena);
    await arena.swept();
    expect(await arena.lostRanges(tags)).toEqual(lastRanges(tags));
    expect(arena.loggedRanges(tags)).toEqual(lastRanges(tags));
    expect((await arena.metric(LOST_WRITES)) - counted).toBe(tags.length);
  });

  test.each([
    ['wiped', wipe],
    ['killed, and comes back empty', replaceByEmpty],
    ['killed, and stays away', ({ redis }: LostWriteArena) => redis.kill()],
    ['stopped', ({ redis }: LostWriteArena) => redis.pause()],
    ['slow for five seconds', slowDown],
  ])('does not repeat when Redis is %s after a sweep', async (_how, strike) => {
    const tags = await loseLastWrites(arena);
    await arena.swept();
    await strike(arena);
    const without = await arena.draw(AFTER, tags);
    await heal(arena);
    expect(arena.repeats(tags)).toEqual([]);
    expect(without).toEqual([]);
  });

  test('NEGATIVE CONTROL: repeats when Redis is wiped, if the sweep mends no counter', async () => {
    await using unguarded = await LostWriteArena.start({
      agents: 3,
      coordinatorPreloads: [{ file: 'unguarded/mend.ts' }],
    });
    const tags = await loseLastWrites(unguarded);
    await unguarded.swept();
    await wipe(unguarded);
    await unguarded.draw(AFTER, tags);
    expect(unguarded.repeats(tags)).not.toEqual([]);
  });
});

describe('the last write of each of 20 counters, lost by a restore as docs/operations.md tells', () => {
  test('does not repeat when Redis is wiped after the last step', async () => {
    const tags = await restoreDrill(arena);
    await wipe(arena);
    const without = await arena.draw(AFTER, tags);
    expect(arena.repeats(tags)).toEqual([]);
    expect(without).toEqual([]);
  });
});

/** The steps of the operators' page, one by one. Resolves to the tags that drew after the backup. */
async function restoreDrill(at: LostWriteArena): Promise<string[]> {
  const { mysql, redis, coordinators } = at;
  const { hostname, port, username, pathname } = new URL(mysql.url);
  const cwd = await scratchDir('restore-drill');
  const env = {
    DB_HOST: hostname,
    DB_PORT: port,
    DB_USER: username,
    MYSQL_PWD: '',
    DB_NAME: pathname.slice(1),
    REDIS_URL: redis.url,
    COORDINATOR: coordinators[0]?.url ?? '',
  };
  const run = (block: string) => runDocumented(block, { cwd, env });
  const tags = await grantUnheard(at, () => run('backup'));
  await run('redis-remembers');
  await Promise.all(coordinators.map((service) => service.stop()));
  await run('restore');
  await Promise.all(coordinators.map((service) => service.restart('live')));
  await run('mended');
  return tags;
}

async function wipe({ redisClient }: LostWriteArena): Promise<void> {
  await redisClient.flushall();
}

async function replaceByEmpty({ redis, redisClient }: LostWriteArena): Promise<void> {
  await redisClient.flushall();
  await redis.kill();
  await redis.restart();
}

async function slowDown({ redisClient }: LostWriteArena): Promise<void> {
  await redisClient.call('CLIENT', 'PAUSE', '5000', 'ALL');
}

/** Redis runs, and every coordinator knows. */
async function heal(at: LostWriteArena): Promise<void> {
  await at.redis.resume();
  if (!at.redis.running) await at.redis.restart();
  await at.redisIs('there');
}
