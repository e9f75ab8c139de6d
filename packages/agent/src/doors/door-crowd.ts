import { Crowd, type Crowding, type CrowdLimits, type Guest } from '@leafcutter/shared/http/crowd';
import type { Door } from '../metrics/metrics.ts';
import type { Agent } from './agent.ts';
import { Deadlines, type Debt, type Debtor } from './deadlines.ts';

/** Connections that a Redis or gRPC door holds at once. */
export const MAX_CONNECTIONS = 10_000;

/** The share of a door that one client address may hold, unless `maxConnectionsPerAddress` says otherwise. */
const SHARE_OF_ADDRESS = 1 / 4;

/** The bounds of a door that holds `most` connections. */
export function limitsOf({ config }: Pick<Agent, 'config'>, most = MAX_CONNECTIONS): CrowdLimits {
  return {
    most,
    perAddress: config.maxConnectionsPerAddress ?? Math.max(1, Math.floor(most * SHARE_OF_ADDRESS)),
  };
}

/**
 * A door's connections: bounded in number and, from `start` to `stop`, held to the deadlines. Connections that are
 * ended are counted.
 */
export function doorCrowd<G extends Guest & Debtor>(
  { clock, metrics }: Pick<Agent, 'clock' | 'metrics'>,
  door: Door,
  limits: CrowdLimits,
): { readonly crowd: Crowd<G>; start(): void; stop(): void } {
  const ended = (reason: Crowding | Debt) => metrics.connectionEnded(door, reason);
  const crowd = new Crowd<G>(limits, ended);
  const deadlines = new Deadlines<G>(clock, crowd, ended);
  return { crowd, start: () => deadlines.start(), stop: () => deadlines.stop() };
}
