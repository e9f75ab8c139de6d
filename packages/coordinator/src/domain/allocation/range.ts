/** Half-open `[start, end)`. Numbers of a tag, or unix milliseconds of a machine id. */
export interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

/** A counter that only rises: a tag's next number, or a machine id's ceiling. */
export type CounterName =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'machine'; readonly machineId: number };

/** A counter and where it stands. */
export interface Counter {
  readonly name: CounterName;
  readonly value: bigint;
}

/**
 * An era begins when a tag's counter is lowered or passes the numbers that were handed out above it. Within an era a
 * counter only rises, and the memory that knows the later era is right. So two memories of one counter can always be
 * merged.
 */
export interface Era {
  /** Undefined for the first. */
  readonly era?: number | undefined;
  /** What was handed out above when the era began. No range of this era may touch it. Undefined if nothing was. */
  readonly taken?: Range | undefined;
}

/** The counter's name within its kind, as the ledger and log lines spell it. */
export function counterKey(name: CounterName): string {
  return name.kind === 'tag' ? name.tag : String(name.machineId);
}

/** The holder of a range. `instanceId` is random per process start and owns leases. */
export interface Holder {
  readonly agentId: string;
  readonly instanceId: string;
}

/**
 * One row of the ledger: a range that was allocated, its holder, the coordinator, and when, by the database's clock.
 */
export interface LedgerEntry extends Range, Holder {
  readonly counter: CounterName;
  readonly coordinatorId: string;
  readonly grantedAtMs: number;
}

/** Above 0 if `a` is the later one. */
export function compareEras(a: Era, b: Era): number {
  return (a.era ?? 0) - (b.era ?? 0);
}

export function maxBigint(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function minBigint(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
