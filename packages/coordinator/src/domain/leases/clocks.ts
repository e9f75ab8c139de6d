import { LeafcutterError } from '@leafcutter/shared/errors';

export interface ClockReadings {
  readonly agentMs: number;
  readonly coordinatorMs: number;
  readonly databaseMs: number;
}

/**
 * Refuses if the three clocks differ by more than `maxSkewMs`, and says which one differs: the one that disagrees
 * with both others. So an agent with a wrong clock is refused alone.
 * @throws CLOCK_SKEWED with reason `agent`, `coordinator`, `database` or `all`
 */
export function checkClocks(clocks: ClockReadings, maxSkewMs: number): void {
  const { agentMs, coordinatorMs, databaseMs } = clocks;
  const agree = (a: number, b: number) => Math.abs(a - b) <= maxSkewMs;
  const agentCoordinator = agree(agentMs, coordinatorMs);
  const agentDatabase = agree(agentMs, databaseMs);
  const coordinatorDatabase = agree(coordinatorMs, databaseMs);
  if (agentCoordinator && agentDatabase && coordinatorDatabase) return;

  const who = coordinatorDatabase
    ? 'agent'
    : agentDatabase
      ? 'coordinator'
      : agentCoordinator
        ? 'database'
        : 'all';
  const offsets = `agent ${signed(agentMs - databaseMs)} ms, coordinator ${signed(coordinatorMs - databaseMs)} ms against the database`;
  throw new LeafcutterError(
    'CLOCK_SKEWED',
    `Clocks differ by more than ${maxSkewMs} ms (${offsets}); correct the clock of the ${who === 'all' ? 'machines' : who}.`,
    { reason: who, retryAfterMs: 5_000 },
  );
}

function signed(ms: number): string {
  return ms > 0 ? `+${ms}` : String(ms);
}
