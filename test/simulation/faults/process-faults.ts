import { type Effect, pickOf, placesOf } from './effect.ts';
import { type Fault, nothingToHeal } from './fault.ts';

/** How far a clock jumps: from milliseconds to hours, forward or back. */
function jumpMs(how: number): number {
  const upwards = how >= 0.5;
  const size = 10 * 720_000 ** (upwards ? 2 * how - 1 : 1 - 2 * how);
  return Math.round(upwards ? size : -size);
}

const jumps =
  (whose: 'agents' | 'coordinators'): Effect =>
  (world, { picks: [whom, , how] }) => {
    pickOf(placesOf(world, whose), whom).host.jump(jumpMs(how));
    return nothingToHeal;
  };

const pauses =
  (whose: 'agents' | 'coordinators'): Effect =>
  (world, { picks: [whom] }) => {
    const { process } = pickOf(placesOf(world, whose), whom);
    process.pause();
    return () => process.resume();
  };

const kills =
  (whose: 'agents' | 'coordinators'): Effect =>
  (world, { picks: [whom] }) => {
    const place = pickOf(placesOf(world, whose), whom);
    place.kill();
    return () => place.start();
  };

/** What happens to programs and to their clocks. */
export const PROCESS_FAULTS = {
  'agent-paused': pauses('agents'),
  'coordinator-paused': pauses('coordinators'),
  'database-paused': (world) => {
    world.database.process.pause();
    return () => world.database.process.resume();
  },
  'agent-killed': kills('agents'),
  'coordinator-killed': kills('coordinators'),
  'agent-restarted-with-clock-back': (world, { picks: [whom, , how] }) => {
    const place = pickOf(world.agents, whom);
    place.kill();
    return () => {
      place.host.jump(-Math.abs(jumpMs(how)));
      place.start();
    };
  },
  'agent-clock-jumps': jumps('agents'),
  'coordinator-clock-jumps': jumps('coordinators'),
  'database-clock-jumps': (world, { picks: [, , how] }) => {
    world.database.process.host.jump(jumpMs(how));
    return nothingToHeal;
  },
  /**
   * Forward only. If the clock of Redis goes back, it keeps the leases of dead agents for that much longer, and their
   * machine ids with them (seed 1601 of an earlier version). That costs machine ids, but no ID.
   */
  'redis-clock-jumps': (world, { picks: [, , how] }) => {
    world.redis.master.process.host.jump(Math.abs(jumpMs(how)));
    return nothingToHeal;
  },
  'clock-drifts': (world, { picks: [whom, , how] }) => {
    const { host } = pickOf([...world.agents, ...world.coordinators], whom);
    host.drift((how - 0.5) * 20_000);
    return () => host.drift(0);
  },
} satisfies Partial<Record<Fault['kind'], Effect>>;
