import { fileURLToPath } from 'node:url';
import type { MariadbOptions } from '../support/mariadb-server.ts';
import type { RedisOptions } from '../support/redis-server.ts';
import type { Pace } from '../support/service.ts';

/** A module that a child process loads before Leafcutter: a guard taken off, or a handle for a nemesis. */
export interface Preload {
  /** File below this folder, for example `unguarded/window.ts`. */
  readonly file: string;
  /** Variables that it reads. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ArenaOptions {
  /** Default 2. */
  readonly coordinators?: number;
  /** Default 2. */
  readonly agents?: number;
  /** How many machine ids there are; default 8. */
  readonly machineIds?: number;
  /** Length of every window, milliseconds; default 3,000. */
  readonly windowMs?: number;
  /** The tags and the steps of their segments; default `DEFAULT_TAGS`. */
  readonly tags?: Readonly<
    Record<string, { readonly step: number; readonly start?: string; readonly highestId?: string }>
  >;
  /** Sources from which nobody draws batches. */
  readonly singlesOnly?: readonly string[];
  /** The `main.ts` of the version that coordinators and agents start with; default the present one. */
  readonly main?: string;
  readonly redis?: RedisOptions;
  readonly mariadb?: MariadbOptions;
  /** Draws as fast as the agents answer, even in a quick run. */
  readonly fast?: true;
  /** Gives every agent a clock of its own, which `AgentPlace.clock` moves. */
  readonly clocks?: boolean;
  /** All agents have the same agentId. */
  readonly twins?: boolean;
  /** Default `product`: faults concern the product's own deadlines. */
  readonly pace?: Pace;
  readonly coordinatorFlags?: readonly string[];
  readonly agentFlags?: readonly string[];
  readonly agentPreloads?: readonly Preload[];
  readonly coordinatorPreloads?: readonly Preload[];
}

/** One tag that needs the stores often, and one that does not. */
export const DEFAULT_TAGS = { hot: { step: 50 }, deep: { step: 20_000 } };

/** A coordinator's flags with which every second needs the stores. */
export function briskFlags(windowMs: number, machineIds: number): string[] {
  return [
    ...['--no-segment-adaptive-step', '--jobs-audit-interval-s', '5'],
    ...['--snowflake-machine-id-range', `1-${machineIds}`],
    ...['--snowflake-window-initial-ms', `${windowMs}`, '--snowflake-window-max-ms', `${windowMs}`],
    ...['--snowflake-heartbeat-ms', '300', '--snowflake-lease-ttl-ms', '1500'],
  ];
}

/** The variables that make a process load them. */
export function preloading(preloads: readonly Preload[] = []): Record<string, string> {
  if (preloads.length === 0) return {};
  const imports = preloads.map(({ file }) => `--import=${fileURLToPath(new URL(file, import.meta.url))}`);
  return { NODE_OPTIONS: imports.join(' '), ...Object.assign({}, ...preloads.map(({ env }) => env)) };
}
