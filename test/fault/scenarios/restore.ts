import { setTimeout as sleep } from 'node:timers/promises';
import { runDocumented } from '../../support/documented-commands.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { Arena } from '../arena.ts';
import { documentedUser } from '../documented-user.ts';
import type { Scenario } from '../scenario.ts';

/**
 * How much is forgotten: with segments of 50 and windows of 3 s this is many times what a deployment does in an hour.
 */
const LOST_MS = 4_000;
const WINDOW_S = 3;
const YOUNG = 'young';

/** What a drill does between the restore and the start of the coordinators. */
type Meanwhile = (run: (block: string) => Promise<string>, arena: Arena) => Promise<void>;

/** Another deployment has the default one. */
const KEY_PREFIX = 'drill:';
const IDENTITY = '{fence}:identity';

/** Redis remembers the sweep of this deployment; that of another one beside it is higher. */
async function remembers(run: (block: string) => Promise<string>, { operator }: Arena): Promise<void> {
  const sweep = await operator.redis.hget(`${KEY_PREFIX}${IDENTITY}`, 'sweep');
  const printed = (await run('redis-remembers')).trim();
  if (printed !== sweep) throw new Error(`docs/operations.md prints ${printed}, not the sweep ${sweep}`);
}

/**
 * A restore under load, with the commands of docs/operations.md, by the user of docs/stores.md. One tag is younger
 * than the backup. An agent is started anew, knows nothing of what it held, and takes what it is given.
 */
async function drill(arena: Arena, meanwhile: Meanwhile): Promise<void> {
  const { agents, coordinators, mariadb, operator, redis } = arena;
  await operator.redis.hset(`leafcutter:${IDENTITY}`, 'sweep', '1000000');
  const env = {
    ...(await documentedUser(mariadb.url)),
    REDIS_URL: redis.url,
    KEY_PREFIX,
    COORDINATOR: coordinators[0]?.service.url ?? '',
    MARGIN: '1000000',
    LONGEST_WINDOW_S: String(WINDOW_S),
  };
  const cwd = await scratchDir('restore-drill');
  const run = (block: string) => runDocumented(block, { cwd, env });
  await run('backup');
  await run('check-backup');
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

const ON_ANOTHER_PREFIX = { coordinatorFlags: ['--redis-key-prefix', KEY_PREFIX] };

/** MySQL is restored as the operators' page says. */
export const RESTORES: readonly Scenario[] = [
  {
    name: 'restore-drill',
    faults: `MySQL restored under load from a dump, ${LOST_MS / 1_000} s old, as docs/operations.md tells; an agent starts anew`,
    quick: true,
    loses: 'mysql',
    alone: true,
    arena: ON_ANOTHER_PREFIX,
    async nemesis(arena) {
      await drill(arena, remembers);
      await makeYoungAgain(arena, '1');
    },
    controls: [
      {
        guard: 'the fence and its sweep',
        arena: {
          ...ON_ANOTHER_PREFIX,
          coordinatorPreloads: [{ file: 'unguarded/fence.ts' }, { file: 'unguarded/sweep.ts' }],
        },
        nemesis: (arena) => drill(arena, remembers),
        finds: 'duplicates',
        alsoIn: 'lost-write.test.ts',
      },
    ],
  },
  {
    name: 'restore-drill-without-redis',
    faults: 'the same, and Redis is lost as well: counters are raised as docs/operations.md tells',
    loses: 'mysql',
    late: 'calls that were sent ahead wait in turn: it takes longer than agents hold IDs for a fast load',
    alone: true,
    arena: ON_ANOTHER_PREFIX,
    async nemesis(arena) {
      await drill(arena, async (run) => {
        await lostRedis(run, arena);
        await run('raise');
      });
      await makeYoungAgain(arena, '1000000');
    },
  },
];
