import type { Clock } from '@leafcutter/shared/clock';
import { hasCode } from '@leafcutter/shared/errors';
import type { Health } from '@leafcutter/shared/health';
import type { Logger } from '@leafcutter/shared/logger';
import type { Fence } from '../domain/allocation/fence.ts';
import type { Locks } from '../domain/allocation/locks.ts';
import type { Store } from '../domain/allocation/store.ts';
import { type Board, RATES_SHARE, slotBytes } from '../domain/fleet/board.ts';
import type { Roster } from '../domain/fleet/roster.ts';
import type { LeaseRegistry } from '../domain/leases/lease-registry.ts';
import { bullmqScheduler } from '../jobs/bullmq-scheduler.ts';
import type { JobJournal } from '../jobs/job-journal.ts';
import type { JobMetrics } from '../jobs/job-metrics.ts';
import type { JobWatch } from '../jobs/job-watch.ts';
import type { Job, Scheduler } from '../jobs/jobs.ts';
import { timerScheduler } from '../jobs/timer-scheduler.ts';
import type { CoordinatorConfig } from '../settings/settings.ts';
import { MemoryBoard } from './memory/board.ts';
import { MemoryJobJournal } from './memory/job-journal.ts';
import { MemoryLeaseRegistry } from './memory/lease-registry.ts';
import { noLocks } from './memory/no-locks.ts';
import { MemoryRoster } from './memory/roster.ts';
import { openMysql } from './mysql/driver.ts';
import { MIGRATION_TIMEOUT_MS, migrateMysql } from './mysql/migrations.ts';
import { RedisBoard } from './redis/board.ts';
import { RedisFence } from './redis/fence.ts';
import { RedisJobJournal } from './redis/job-journal.ts';
import { RedisLeaseRegistry } from './redis/lease-registry.ts';
import { RedisLink } from './redis/link.ts';
import { RedisLocks } from './redis/locks.ts';
import { RedisRoster } from './redis/roster.ts';
import { SqlStore } from './sql/store.ts';
import { embeddedFile, openSqlite } from './sqlite/driver.ts';
import { makePrivateFolder } from './sqlite/private-file.ts';
import { noteStore } from './store-health.ts';
import { StoreLook } from './store-look.ts';
import { StoreTrouble } from './trouble.ts';

/** What a coordinator keeps outside its process or, if it is embedded, inside it. */
export interface Stores {
  readonly store: Store;
  /** Undefined if there is no second memory: embedded. */
  readonly fence: Fence | undefined;
  readonly locks: Locks;
  readonly registry: LeaseRegistry;
  readonly roster: Roster;
  readonly board: Board;
  readonly journal: JobJournal;
  /** Undefined if there is no Redis. */
  readonly redis: RedisLink | undefined;
  /** What keeps Redis from serving. */
  readonly redisTrouble: StoreTrouble;
  /** Asks the store whether it is there, and notes how it does. */
  look(): Promise<'up' | 'down'>;
  schedule(jobs: readonly Job[], watch: JobWatch, metrics: JobMetrics): Scheduler;
  close(): Promise<void>;
}

/**
 * @throws STORE_UNAVAILABLE if MySQL stays away, Redis lacks the database, or another coordinator has the embedded
 * database open
 */
export async function openStores(
  config: CoordinatorConfig,
  clock: Clock,
  log: Logger,
  health: Health,
): Promise<Stores> {
  const { mysql, redis } = config;
  if (mysql.url === undefined || redis.url === undefined) return openEmbedded(config, clock, log, health);
  return openServers(
    { mysql: { ...mysql, url: mysql.url }, redis: { ...redis, url: redis.url } },
    config,
    clock,
    log,
    health,
  );
}

function openEmbedded(config: CoordinatorConfig, clock: Clock, log: Logger, health: Health): Stores {
  makePrivateFolder(config.dataDir);
  const file = embeddedFile(config.dataDir);
  const storeTrouble = notedTrouble(health);
  const store = new SqlStore(openSqlite(file, storeTrouble));
  log.info({ file }, 'embedded: counters and ledger in one SQLite file');
  const look = new StoreLook({ ask: () => store.now(), trouble: storeTrouble, clock });
  return {
    store,
    fence: undefined,
    locks: noLocks,
    registry: new MemoryLeaseRegistry(clock),
    roster: new MemoryRoster(clock, rosterBytes(config)),
    board: new MemoryBoard(slotBytes(telemetryBytes(config))),
    journal: new MemoryJobJournal(),
    redis: undefined,
    redisTrouble: new StoreTrouble(),
    look: () => look.look(),
    schedule: (jobs) => timerScheduler(jobs, clock),
    close: () => store.close(),
  };
}

interface Servers {
  readonly mysql: CoordinatorConfig['mysql'] & { readonly url: string };
  readonly redis: CoordinatorConfig['redis'] & { readonly url: string };
}

async function openServers(
  { mysql, redis }: Servers,
  config: CoordinatorConfig,
  clock: Clock,
  log: Logger,
  health: Health,
): Promise<Stores> {
  const storeTrouble = notedTrouble(health);
  const migrating = openMysql({
    ...mysql,
    trouble: storeTrouble,
    connectionLimit: 1,
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
  });
  const store = new SqlStore(openMysql({ ...mysql, trouble: storeTrouble }));
  const deadline = Date.now() + config.startTimeoutS * 1_000;
  try {
    await eventually(deadline, log, () => migrateMysql(migrating)).finally(() => migrating.close());
    // On a connection of its own, which may have to try host after host as the first one did.
    await eventually(deadline, log, () => store.now());
  } catch (error) {
    await store.close();
    throw error;
  }
  const redisTrouble = new StoreTrouble();
  const link = new RedisLink({ ...redis, trouble: redisTrouble }, clock);
  await link.connect().then(
    () => warnOfEviction(link, log),
    async (err: unknown) => {
      if (hasCode(err, 'STORE_UNAVAILABLE') && err.reason === 'redis_database') {
        link.close();
        await store.close();
        throw err;
      }
      redisTrouble.met(err);
    },
  );
  const fence = new RedisFence(link, clock, redisTrouble);
  // What is only shown has a connection of its own: however slow it is, Redis is not taken for away.
  const shown = new RedisLink(redis, clock);
  void shown.connect().catch((err: unknown) => log.debug({ err }, 'redis is away at start'));
  const { statementTimeoutMs } = mysql;
  const look = new StoreLook({ ask: () => store.now(), trouble: storeTrouble, clock, statementTimeoutMs });
  return {
    store,
    fence,
    locks: new RedisLocks(link, clock),
    registry: new RedisLeaseRegistry(link),
    roster: new RedisRoster(shown, rosterBytes(config)),
    board: new RedisBoard(shown, slotBytes(telemetryBytes(config))),
    journal: new RedisJobJournal(shown),
    redis: link,
    redisTrouble,
    // What was met at work is over when the same is served again, which the driver knows.
    look: () => look.look(),
    schedule: (jobs, watch, metrics) => bullmqScheduler(jobs, { redis, clock, log, watch, metrics }),
    async close() {
      fence.close();
      link.close();
      shown.close();
      await store.close();
    },
  };
}

/** What is only shown may take so much room, and the roster so much of it. */
function telemetryBytes({ rosterMaxMb }: CoordinatorConfig): number {
  return rosterMaxMb * 1_000_000;
}
function rosterBytes(config: CoordinatorConfig): number {
  return telemetryBytes(config) * (1 - RATES_SHARE);
}

/** Noted as what is wrong with the store of the counters. */
function notedTrouble(health: Health): StoreTrouble {
  const trouble = new StoreTrouble();
  trouble.onChange = () => noteStore(health, trouble.last);
  return trouble;
}

/** What waiting does not mend: somebody has to change the server, or the program. */
const FOR_GOOD: ReadonlySet<string | undefined> = new Set(['schema', 'session', 'binlog_format', 'engine']);

/** Waits for MySQL to come up, as it does when a whole system starts at once. Why it does not, `Health` tells. */
async function eventually(deadline: number, log: Logger, work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      const mayPass = hasCode(error, 'STORE_UNAVAILABLE') && !FOR_GOOD.has(error.reason);
      if (!mayPass || Date.now() > deadline) throw error;
      if (attempt === 1) log.info('waiting for MySQL');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** A Redis that evicts keys forgets fences and leases under memory pressure. */
async function warnOfEviction(link: RedisLink, log: Logger): Promise<void> {
  const policy = await link.run((client) => client.config('GET', 'maxmemory-policy')).catch(() => undefined);
  const value = Array.isArray(policy) ? policy[1] : Object.values(Object(policy))[0];
  if (typeof value === 'string' && value !== 'noeviction') {
    log.warn({ policy: value }, 'redis may evict fences and leases; set maxmemory-policy to noeviction');
  }
}
