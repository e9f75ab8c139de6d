export const FAULT_KINDS = [
  'agent-partition',
  'agent-loss',
  'agent-slow',
  'agent-duplicates',
  'database-partition',
  'database-loss',
  'database-slow',
  'redis-partition',
  'redis-loss',
  'redis-slow',
  'agent-paused',
  'coordinator-paused',
  'database-paused',
  'agent-killed',
  'coordinator-killed',
  'agent-restarted-with-clock-back',
  'agent-clock-jumps',
  'coordinator-clock-jumps',
  'database-clock-jumps',
  'redis-clock-jumps',
  'clock-drifts',
  'database-failover',
  'database-failover-of-one-write',
  'database-failover-then-redis-slow',
  'database-failover-amid-sweep',
  'database-failover-amid-lost-commands',
  'database-restored',
  'database-restored-in-place',
  'restore-drill',
  'database-restarted',
  'database-deadlocks',
  'counter-lowered',
  'counter-mistyped',
  'tag-lowered',
  'tag-deleted',
  'redis-wiped',
  'redis-rolled-back',
  'redis-split',
  'redis-mistaken',
  'redis-evicts',
  'redis-read-only',
  'redis-paused',
  'redis-locks-expire',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/**
 * One thing that goes wrong, as plain data. What it hits is drawn already, so that it hits the same in a smaller run.
 */
export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly durationMs: number;
  /** Numbers in [0, 1) from which the fault draws its targets and its strength. */
  readonly picks: readonly [whom: number, where: number, how: number];
}

/** Ends a fault. */
export type Heal = () => void;

/** A fault that is over as soon as it happened. */
export const nothingToHeal: Heal = () => undefined;

export function describeFault({ kind, atMs, durationMs, picks }: Fault): string {
  return `${kind} at ${(atMs / 1000).toFixed(3)} s for ${(durationMs / 1000).toFixed(3)} s (${picks.map((pick) => pick.toFixed(3)).join(', ')})`;
}
