import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena.ts';
import { drawnAnew, firstAfter } from '../moments.ts';
import { atRequest, cutAfter, everyNth, PACKETS } from '../packets.ts';
import type { Scenario } from '../scenario.ts';
import { Snapshot } from '../snapshot.ts';

const AWAY_MS = 2_500;

/** MySQL forgets what it granted, some of which is drawn. */
async function restoreUnderLoad(arena: Arena, meanwhile?: () => Promise<unknown>): Promise<void> {
  const snapshot = await Snapshot.take(arena);
  await drawnAnew(arena, 'hot');
  await firstAfter(arena, 'hot', () => snapshot.restore(meanwhile));
}

/** What is done to MySQL. */
export const MYSQL: readonly Scenario[] = [
  {
    name: 'mysql-killed',
    faults: `MariaDB killed (SIGKILL), ${AWAY_MS / 1_000} s away`,
    quick: true,
    async nemesis({ mariadb }) {
      await mariadb.kill();
      await sleep(AWAY_MS);
    },
  },
  {
    name: 'mysql-stopped',
    faults: 'MariaDB stands still (SIGSTOP) for 3 s',
    async nemesis({ mariadb }) {
      await mariadb.pause();
      await sleep(3_000);
    },
  },
  {
    name: 'mysql-restored',
    faults:
      'counters, ceilings and ledger go back to a moment ago, when other IDs were out; an agent starts anew',
    loses: 'mysql',
    nemesis: (arena) => restoreUnderLoad(arena),
    controls: [
      {
        guard: 'the fence and its sweep',
        arena: { coordinatorPreloads: [{ file: 'unguarded/fence.ts' }, { file: 'unguarded/sweep.ts' }] },
        finds: 'duplicates',
      },
      {
        guard: 'the fence (Redis is wiped at the same moment)',
        nemesis: (arena) => restoreUnderLoad(arena, () => arena.operator.redis.flushall()),
        finds: 'duplicates',
      },
    ],
  },
  {
    name: 'counters-lowered',
    faults: 'max_id lowered by 1,337 and every ceiling by 5 min by hand, eight times',
    loses: 'mysql',
    async nemesis({ operator: { mysql } }) {
      for (let round = 0; round < 8; round++) {
        await mysql.query('UPDATE leaf_alloc SET max_id = max_id - 1337 WHERE max_id > 1337');
        await mysql.query(
          'UPDATE leafcutter_machine SET ceiling_ms = ceiling_ms - 300000 WHERE ceiling_ms > 0',
        );
        await sleep(250);
      }
    },
    controls: [
      {
        guard: 'the fence and the look at ledger and high-water mark',
        arena: { coordinatorPreloads: [{ file: 'unguarded/fence.ts' }, { file: 'unguarded/ledger.ts' }] },
        finds: 'overlaps',
      },
    ],
  },
  {
    name: 'rows-locked',
    faults:
      'an operator holds the rows of all tags and machine ids for 1.5 s, longer than a lock is waited for, twice',
    async nemesis(arena) {
      for (let round = 0; round < 2; round++) {
        await arena.transaction(async (mysql) => {
          await mysql.query('SELECT * FROM leaf_alloc FOR UPDATE');
          await mysql.query('SELECT * FROM leafcutter_machine FOR UPDATE');
          await sleep(1_500);
        });
        await sleep(200);
      }
    },
  },
  {
    name: 'deadlocks',
    faults: 'an operator takes a row of a tag and its ledger in the other order, thirty times',
    async nemesis(arena) {
      for (let round = 0; round < 30; round++) {
        const deadlock = arena.transaction(async (mysql) => {
          await mysql.query("SELECT * FROM leafcutter_ledger WHERE kind = 't' AND name = 'hot' FOR UPDATE");
          await sleep(40);
          await mysql.query("SELECT * FROM leaf_alloc WHERE biz_tag = 'hot' FOR UPDATE");
        });
        await deadlock.catch(() => undefined);
        await sleep(40);
      }
    },
    async check({ operator: { mysql } }) {
      const [rows] = await mysql.query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
      const [{ Value: deadlocks }] = rows as [{ Value: string }];
      if (Number(deadlocks) === 0) throw new Error('there was no deadlock');
    },
  },
  {
    name: 'transactions-killed',
    faults: "KILL of every coordinator's connection, each 100 ms for 2 s",
    async nemesis({ operator: { mysql } }) {
      for (let round = 0; round < 20; round++) {
        const [rows] = await mysql.query(
          'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db IS NOT NULL',
        );
        for (const { id } of rows as { id: string }[]) await mysql.query(`KILL ${id}`).catch(() => undefined);
        await sleep(100);
      }
    },
  },
  {
    name: 'cut-before-commit',
    faults: 'every third COMMIT is lost with its connection',
    quick: true,
    async nemesis({ coordinators }) {
      const lost = everyNth(3);
      for (const { mysql } of coordinators)
        mysql.onChunk = atRequest(PACKETS.commit, () => (lost() ? 'cut' : 'pass'));
      await sleep(2_500);
    },
    controls: [
      {
        guard: 'throwing away what an unclear COMMIT allocated',
        arena: { coordinatorPreloads: [{ file: 'unguarded/commit.ts' }] },
        finds: 'ungranted',
        alsoIn: 'planted-bugs.test.ts',
      },
    ],
  },
  {
    name: 'cut-after-commit',
    faults: 'the answer to every third COMMIT is lost with its connection',
    async nemesis({ coordinators }) {
      for (const { mysql } of coordinators) mysql.onChunk = cutAfter(PACKETS.commit, 3);
      await sleep(2_500);
    },
  },
  {
    name: 'mysql-cut-off-from-one',
    faults: 'one coordinator loses what it sends to and gets from MariaDB for 3 s',
    async nemesis({ coordinators }) {
      await coordinators[0]?.mysql.blackhole();
      await sleep(3_000);
    },
  },
  {
    name: 'both-stores-killed',
    faults: `Redis (with its data) and MariaDB killed at once, ${AWAY_MS / 1_000} s away`,
    arena: { redis: { appendonly: true, args: ['--appendfsync', 'always'] } },
    async nemesis({ redis, mariadb }) {
      await Promise.all([redis.kill(), mariadb.kill()]);
      await sleep(AWAY_MS);
    },
  },
];
