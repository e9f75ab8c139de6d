import { randomUUID } from 'node:crypto';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import { CALM, holder, LAYOUT_TEXT, newTag, SEGMENT_RULES } from '@leafcutter/coordinator/fakes/samples';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { RedisLocks } from '@leafcutter/coordinator/stores/redis/locks';
import type { SqlDriver } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { systemClock } from '@leafcutter/shared/system-clock';
import { startMariadb } from '../support/mariadb-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { type Round, type Row, ratios } from './rounds.ts';

const TAG = 'hot';
/** Agents that ask for a segment of one tag, each again when it has the last. */
const REQUESTERS = 64;
const TARGET = 8;

/** Counts the requests to Redis, without its own probes. */
class CountingLink extends RedisLink {
  calls = 0;

  override run<T>(...call: Parameters<typeof RedisLink.prototype.run<T>>): Promise<T> {
    this.calls += 1;
    return super.run(...call);
  }
}

interface Plant {
  readonly driver: SqlDriver;
  readonly link: CountingLink;
  /** Hands out segments, at most `maxGroup` in one transaction. */
  arbiter(maxGroup: number): SegmentArbiter;
}

interface Measured {
  readonly perSecond: number;
  /** Per refill. */
  readonly statements: number;
  readonly redisCalls: number;
}

/** Refills of one hot tag on a real MariaDB and Redis: group commit beside one transaction per refill. */
export async function coordinatorRows(
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const plant = await openPlant(stack);
  const [grouped, single] = [plant.arbiter(REQUESTERS), plant.arbiter(1)];
  const forMs = quick ? 1_000 : 3_000;
  const measured: (Round & { grouped: Measured; single: Measured })[] = [];
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? 'refills: warming up' : `refills: round ${round} of ${rounds}`);
    const pair = {
      grouped: await measure(plant, grouped, forMs),
      single: await measure(plant, single, forMs),
    };
    if (round > 0)
      measured.push({ ...pair, subject: pair.grouped.perSecond, baseline: pair.single.perSecond });
  }
  const last = measured.at(-1);
  return [
    {
      row: `coordinator, ${REQUESTERS} agents refill one tag on MariaDB and Redis: group commit vs one transaction per refill`,
      unit: 'refills/s',
      atLeast: TARGET,
      ...ratios(measured),
      note: `per refill ${asked(last?.grouped)} vs ${asked(last?.single)}`,
    },
  ];
}

async function openPlant(stack: AsyncDisposableStack): Promise<Plant> {
  const [mariadb, redis] = await Promise.all([startMariadb(), startRedis({ appendonly: true })]);
  stack.defer(() => mariadb.dispose());
  stack.defer(() => redis.dispose());
  const driver = openMysql({ url: mariadb.url, connectionLimit: 8, statementTimeoutMs: 4_000 });
  stack.defer(() => driver.close());
  await migrateMysql(driver);
  const link = new CountingLink(
    { url: redis.url, keyPrefix: 'bench:', commandTimeoutMs: 1_000 },
    systemClock,
  );
  stack.defer(() => link.close());
  await link.connect();

  const ports = { store: new SqlStore(driver), fence: new RedisFence(link), clock: systemClock };
  const parts = { ...ports, locks: new RedisLocks(link, systemClock), coordinatorId: 'bench' };
  const guard = { layout: LAYOUT_TEXT, newGeneration: randomUUID, events: new RecordedEvents() };
  await ports.store.identify(LAYOUT_TEXT);
  await new FenceGuard({ ...parts, ...guard }).check();
  await ports.store.createTag(newTag(TAG));
  return {
    driver,
    link,
    arbiter: (maxGroup) =>
      new SegmentArbiter({
        ...parts,
        rules: { ...SEGMENT_RULES, deadlineMs: 60_000, maxGroup },
        random: Math.random,
        events: new RecordedEvents(),
      }),
  };
}

/** Lets all requesters ask for `forMs`, and waits for the last answers. */
async function measure({ driver, link }: Plant, arbiter: SegmentArbiter, forMs: number): Promise<Measured> {
  const before = { statements: await statements(driver), redisCalls: link.calls };
  const begun = performance.now();
  let refills = 0;
  const again = async (requester: number) => {
    while (performance.now() - begun < forMs) {
      await arbiter.grant(TAG, holder(requester), CALM);
      refills += 1;
    }
  };
  await Promise.all(Array.from({ length: REQUESTERS }, (_, requester) => again(requester)));
  const seconds = (performance.now() - begun) / 1_000;
  return {
    perSecond: refills / seconds,
    statements: ((await statements(driver)) - before.statements) / refills,
    redisCalls: (link.calls - before.redisCalls) / refills,
  };
}

async function statements(driver: SqlDriver): Promise<number> {
  const [row] = await driver.query("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row?.Value);
}

function asked(measured: Measured | undefined): string {
  if (measured === undefined) return 'nothing';
  return `${measured.statements.toFixed(2)} statements and ${measured.redisCalls.toFixed(2)} calls to Redis`;
}
