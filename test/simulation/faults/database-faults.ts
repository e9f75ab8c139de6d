import type { World } from '../world.ts';
import type { Effect } from './effect.ts';
import { type Fault, type Heal, nothingToHeal } from './fault.ts';
import { pauseRedis } from './redis-faults.ts';

/** On a healthy network a sweep has ended and been noted after this long. */
const MIDDLE_OF_A_SWEEP_MS = 20;
const SWEPT_MS = 60;
const YOUNGEST_BACKUP_MS = 10_000;

const loses =
  (commitsOf: (how: number) => number): Effect =>
  (world, { picks: [, , how] }) => {
    lose(world, commitsOf(how));
    return nothingToHeal;
  };

export function lose(world: World, wanted: number): void {
  const commits = world.assumptions.databaseForgets(wanted);
  world.evidence.note(`the database loses its last ${commits} commits`);
  world.database.loseLast(commits);
}

export const DATABASE_FAULTS = {
  'database-failover': loses((how) => Math.ceil(5 * how)),
  /** MySQL fails over while the fences are swept, and Redis is slow soon after. */
  'database-failover-amid-sweep': (world, { picks: [, where, how] }) => {
    const { scheduler, onSweep } = world;
    let wake: Heal = nothingToHeal;
    const strike = () => {
      onSweep.delete(strike);
      scheduler.after(MIDDLE_OF_A_SWEEP_MS * where, () => lose(world, Math.ceil(5 * how)));
      scheduler.after(SWEPT_MS, () => {
        wake = pauseRedis(world) ?? nothingToHeal;
        scheduler.after(5_000, () => wake());
      });
    };
    onSweep.add(strike);
    return () => {
      onSweep.delete(strike);
      wake();
    };
  },
  'database-failover-of-one-write': loses(() => 1),
  /** As `DEBUG SLEEP 5` within seconds of a failover. */
  'database-failover-then-redis-slow': (world, { picks: [, where, how] }) => {
    lose(world, Math.ceil(5 * how));
    let wake: Heal = nothingToHeal;
    const cancel = world.scheduler.after(3_000 * where, () => {
      wake = pauseRedis(world) ?? nothingToHeal;
      world.scheduler.after(5_000, () => wake());
    });
    return () => {
      cancel();
      wake();
    };
  },
  /** Some commands to Redis get lost, too few to believe that it is away. Then MySQL loses what it did at that time. */
  'database-failover-amid-lost-commands': (world, { picks: [, , how] }) =>
    world.assumptions.redisStutters(() => {
      const heal = world.network.trouble({ affects: (_from, to) => to.startsWith('redis'), loss: 0.2 });
      return () => {
        heal();
        lose(world, Math.ceil(10 * how));
      };
    }),
  'database-restored': loses((how) => Math.ceil(10 * 100 ** how)),
  /**
   * A backup that is older than the last looks at the fence is loaded into the running server: once, and not again
   * during the sweep that follows.
   */
  'database-restored-in-place': (world, { picks: [, , how] }) => {
    const { database, assumptions, scheduler, evidence } = world;
    const takenAtMs = scheduler.now - YOUNGEST_BACKUP_MS * 6 ** how;
    const since = database.commits.filter(({ atMs }) => atMs > takenAtMs).length;
    if (since === 0 || assumptions.databaseIsBehind || assumptions.losable(since) < since) return undefined;
    const lost = assumptions.databaseForgets(since);
    evidence.note(`the database is loaded from a backup, without its last ${lost} commits`);
    database.load(lost);
    return nothingToHeal;
  },
  'database-restarted': (world) => {
    world.database.replaced();
    return world.network.trouble({
      affects: (from, to) => from === 'database' || to === 'database',
      cut: true,
    });
  },
  'database-deadlocks': (world, { picks: [, , how] }) => {
    world.database.deadlocks = Math.ceil(20 * how);
    return () => {
      world.database.deadlocks = 0;
    };
  },
} satisfies Partial<Record<Fault['kind'], Effect>>;
