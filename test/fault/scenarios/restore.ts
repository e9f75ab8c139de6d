import { setTimeout as sleep } from 'node:timers/promises';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { Arena } from '../arena.ts';
import { runDocumented } from '../documented-commands.ts';
import type { Scenario } from '../scenario.ts';

/**
 * How much is forgotten: with segments of 50 and windows of 3 s this is many times what a deployment does in an hour.
 */
const LOST_MS = 4_000;
const WINDOW_S = 3;
const YOUNG = 'young';

/** What a drill does between the restore and the start of the coordinators. */
type Meanwhile = (run: (block: string) => Promise<void>, arena: Arena) => Promise<void>;

/**
 * A restore under load, with the commands of docs/operations.md. One tag is younger than the backup. An agent is
 * started anew, knows nothing of what it held, and takes what it is given.
 */
async function drill(arena: Arena, meanwhile: Meanwhile): Promise<void> {
  const { agents, coordinators, mariadb, redis } = arena;
  const { hostname, port, username, password, pathname } = new URL(mariadb.url);
  const env = {
    DB_HOST: hostname,
    DB_PORT: port,
    DB_USER: username,
    MYSQL_PWD: password,
    DB_NAME: pathname.slice(1),
    REDIS_URL: redis.url,
    COORDINATOR: coordinators[0]?.service.url ?? '',
    MARGIN: '1000000',
    LONGEST_WINDOW_S: String(WINDOW_S),
  };
  const cwd = await scratchDir('restore-drill');
  const run = (block: string) => runDocumented(block, { cwd, env });
  await run('backup');
  await arena.createTag(YOUNG, { step: 20 });
  for (const agent of agents) await arena.drawSome(agent, YOUNG, 60);
  await sleep(LOST_MS);
  await Promise.all(coordinators.map(({ service }) => service.process.stop()));
  await arena.ledger.remember();
  await run('restore');
  await meanwhile(run, arena);
  await Promise.all(coordinators.map(({ service }) => service.restart('live')));
  await run('mended');
  await agents[0]?.service.restart('live');
}

/** Makes the young tag again, from where `start` says, and everybody draws from it. */
async function makeYoungAgain(arena: Arena, start: string): Promise<void> {
  await arena.createTag(YOUNG, { step: 20, start });
  await Promise.all(arena.agents.map((agent) => arena.drawSome(agent, YOUNG, 60)));
}

const lostRedis: Meanwhile = async (_run, { operator }) => void (await operator.redis.flushall());

/** MySQL is restored as the operators' page says. */
export const RESTORES: readonly Scenario[] = [
  {
    name: 'restore-drill',
    faults: `MySQL restored under load from a dump, ${LOST_MS / 1_000} s old, as docs/operations.md tells; an agent starts anew`,
    quick: true,
    loses: 'mysql',
    alone: true,
    async nemesis(arena) {
      await drill(arena, (run) => run('redis-remembers'));
      await makeYoungAgain(arena, '1');
    },
    controls: [
      {
        guard: 'the fence and its sweep',
        arena: {
          coordinatorPreloads: [{ file: 'unguarded/fence.ts' }, { file: 'unguarded/sweep.ts' }],
        },
        nemesis: (arena) => drill(arena, (run) => run('redis-remembers')),
        finds: 'duplicates',
        alsoIn: 'lost-write.test.ts',
      },
    ],
  },
  {
    name: 'restore-drill-without-redis',
    faults: 'the same, and Redis is lost as well: counters are raised as docs/operations.md tells',
    loses: 'mysql',
    alone: true,
    async nemesis(arena) {
      await drill(arena, async (run) => {
        await lostRedis(run, arena);
        await run('raise');
      });
      await makeYoungAgain(arena, '1000000');
    },
  },
];
