import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { Logger } from '@leafcutter/shared/logger';
import type { Segment } from '../domain/segments/segment.ts';
import type { Lease } from '../domain/snowflake/lease.ts';
import { AgentMetrics, type AgentReadings } from './metrics.ts';

/**
 * The metrics, and for what an operator must know a line in the log. Lease events are few and matter. Refills are many:
 * each is told at debug, and at warn only the first of those that fail in a row; so are lease calls that fail.
 */
export class AgentObserver extends AgentMetrics {
  readonly #log: Logger;
  #areRefillsFailing = false;
  #areLeaseCallsFailing = false;

  constructor(readings: AgentReadings, log: Logger, worker?: number) {
    super(readings, worker);
    this.#log = log;
  }

  override refilled(tag: string, segment: Segment, durationMs: number): void {
    super.refilled(tag, segment, durationMs);
    const line = {
      tag,
      from: String(segment.start),
      to: String(segment.end),
      durationMs: Math.round(durationMs),
    };
    if (this.#areRefillsFailing) this.#log.info(line, 'refills are succeeding again');
    else this.#log.debug(line, 'segment fetched');
    this.#areRefillsFailing = false;
  }

  override refillFailed(tag: string, error: LeafcutterError): void {
    super.refillFailed(tag, error);
    const line = { tag, code: error.code, reason: error.reason };
    // A tag that does not exist is the caller's mistake.
    if (this.#areRefillsFailing || error.status < 500) this.#log.debug(line, 'refill failed');
    else
      this.#log.warn({ ...line, err: error }, 'refills are failing; IDs come from memory until it runs out');
    if (error.status >= 500) this.#areRefillsFailing = true;
  }

  override heartbeat(durationMs: number): void {
    super.heartbeat(durationMs);
    this.#areLeaseCallsFailing = false;
  }

  override granted(lease: Lease): void {
    super.granted(lease);
    this.#areLeaseCallsFailing = false;
    this.#log.info({ machineId: lease.machineId, from: lease.from, to: lease.to }, 'lease granted');
  }

  override extended(lease: Lease): void {
    super.extended(lease);
    this.#log.info({ machineId: lease.machineId, to: lease.to }, 'window extended');
  }

  override failed(call: 'grant' | 'renew', error: LeafcutterError): void {
    super.failed(call, error);
    const line = { call, code: error.code, reason: error.reason };
    if (this.#areLeaseCallsFailing) this.#log.debug(line, 'lease call failed');
    else this.#log.warn({ ...line, err: error }, 'lease call failed; trying again');
    this.#areLeaseCallsFailing = true;
  }
}
