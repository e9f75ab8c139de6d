/**
 * What a fleet asks of coordinators and stores: the formulas of docs/capacity.md, under "Model". The page's tables and the
 * fleets of the simulation are held against them.
 */

/** CPU time of one call in milliseconds, as measured (docs/capacity.md). */
const CPU_MS = {
  refill: { coordinator: 0.151, redis: 0.023, mysql: 0.086 },
  heartbeat: { coordinator: 0.063, redis: 0.007, mysql: 0.008 },
  extension: { coordinator: 0.129, redis: 0.02, mysql: 0.085 },
  report: { coordinator: 0.14, redis: 0.015, mysql: 0.025 },
} as const;

type Call = keyof typeof CPU_MS;
type Server = 'coordinator' | 'redis' | 'mysql';

/** Commands of a call inside Redis, and statements in MySQL. */
const REDIS_COMMANDS: Readonly<Record<Call, number>> = {
  refill: 9.7,
  heartbeat: 3.0,
  extension: 8.0,
  report: 0.2,
};

/** How much more CPU a call takes of a coordinator when calls come apart than when many come at once. */
const APART = 2;
const HEARTBEAT_S = 15;
const REPORT_S = 15;
/** Reports come up to a tenth of the interval early, so half of that on average. */
const MEAN_EARLY = 0.05;
/** Most reports a second of a whole fleet because somebody watches, before they come early. */
const WATCHED_REPORTS_PER_S = 500;
/** A coordinator is best kept below this share of its core. */
const BUSY_AT_MOST = 0.6;
/** Machine ids that one deployment grants at most. */
export const MOST_MACHINE_IDS = 65_536;
const LEDGER_ROW_BYTES = 195;
/** Statements of a transaction. */
const STATEMENTS = 7;
const DAY_S = 86_400;

interface Fleet {
  readonly agents: number;
  /** Tags that each agent draws from. */
  readonly tags: number;
  /** IDs that the whole fleet draws a second. */
  readonly idsPerS: number;
  /** How long a segment lasts, in seconds; default 600. */
  readonly segmentLastsS?: number;
  /** Largest step; default 1,000,000. */
  readonly maxStep?: number;
  /** Longest window, in seconds; default 600. */
  readonly windowS?: number;
  /** Refills that share one transaction; default 1. */
  readonly refillsPerCommit?: number;
  /** Whether somebody looks at a console all the time; default false. */
  readonly isWatched?: boolean;
}

export interface Capacity {
  readonly refillsPerS: number;
  /** All of them, with those that extend the window. */
  readonly heartbeatsPerS: number;
  readonly extensionsPerS: number;
  readonly reportsPerS: number;
  readonly coordinatorCores: number;
  /** As many as it takes in one deployment, one of them to spare. */
  readonly coordinators: number;
  readonly redisCommandsPerS: number;
  readonly redisCores: number;
  readonly mysqlCommitsPerS: number;
  readonly mysqlStatementsPerS: number;
  readonly mysqlCores: number;
  readonly ledgerRowsPerDay: number;
  readonly ledgerBytesPerDay: number;
  /** What Redis takes for the roster. */
  readonly rosterBytes: number;
  readonly machineIds: number;
  /** Deployments that snowflake agents have to be split over, each with machine ids of its own. */
  readonly deployments: number;
}

export function capacityOf(fleet: Fleet): Capacity {
  const { agents, tags, idsPerS, segmentLastsS = 600, maxStep = 1_000_000, windowS = 600 } = fleet;
  const { refillsPerCommit = 1, isWatched = false } = fleet;
  const refillsPerS = Math.max((agents * tags) / segmentLastsS, idsPerS / maxStep);
  const heartbeatsPerS = agents / HEARTBEAT_S;
  const extensionsPerS = agents / (windowS / 2);
  const unwatched = agents / REPORT_S;
  const planned = isWatched ? Math.max(unwatched, Math.min(agents, WATCHED_REPORTS_PER_S)) : unwatched;
  const reportsPerS = planned / (1 - MEAN_EARLY);
  const calls: Readonly<Record<Call, number>> = {
    refill: refillsPerS,
    heartbeat: heartbeatsPerS - extensionsPerS,
    extension: extensionsPerS,
    report: reportsPerS,
  };
  const sum = (each: (call: Call) => number) =>
    (Object.keys(CPU_MS) as Call[]).reduce((total, call) => total + calls[call] * each(call), 0);
  const cores = (server: Server) => sum((call) => CPU_MS[call][server]) / 1_000;
  const coordinatorCores = APART * cores('coordinator');
  const mysqlCommitsPerS = refillsPerS / refillsPerCommit + extensionsPerS;
  const ledgerRowsPerDay = DAY_S * (refillsPerS + extensionsPerS);
  const machineIds = 2 * agents;
  return {
    refillsPerS,
    heartbeatsPerS,
    extensionsPerS,
    reportsPerS,
    coordinatorCores,
    coordinators: Math.max(2, Math.ceil(coordinatorCores / BUSY_AT_MOST + 1)),
    redisCommandsPerS: sum((call) => REDIS_COMMANDS[call]),
    redisCores: cores('redis'),
    mysqlCommitsPerS,
    mysqlStatementsPerS: STATEMENTS * mysqlCommitsPerS,
    mysqlCores: cores('mysql'),
    ledgerRowsPerDay,
    ledgerBytesPerDay: LEDGER_ROW_BYTES * ledgerRowsPerDay,
    rosterBytes: (600 + 65 * tags) * agents,
    machineIds,
    deployments: Math.ceil(machineIds / MOST_MACHINE_IDS),
  };
}

/** How long a call occupies a coordinator when calls come apart, in milliseconds. */
export function occupiedMs(call: Call): number {
  return APART * CPU_MS[call].coordinator;
}
