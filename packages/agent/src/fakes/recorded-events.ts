import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { BufferEvents, NameRefusal, Segment } from '../domain/segments/segment.ts';
import type { Lease } from '../domain/snowflake/lease.ts';
import type { KeeperEvents } from '../domain/snowflake/lease-keeper.ts';
import type { GeneratorEvents } from '../domain/snowflake/snowflake-generator.ts';

/** The domain's events, for tests to look at. */
export class RecordedAgentEvents implements BufferEvents, KeeperEvents, GeneratorEvents {
  readonly refills: Segment[] = [];
  readonly refillErrors: string[] = [];
  /** `ids reason`, if there were any. */
  readonly discards: string[] = [];
  readonly waits: number[] = [];
  readonly nameRefusals: NameRefusal[] = [];
  readonly grants: Lease[] = [];
  readonly extensions: Lease[] = [];
  readonly leaseErrors: string[] = [];
  readonly rollbacks: number[] = [];
  heartbeats = 0;
  retries = 0;

  refilled(_tag: string, segment: Segment): void {
    this.refills.push(segment);
  }

  refillFailed(_tag: string, error: LeafcutterError): void {
    this.refillErrors.push(error.code);
  }

  refillRetried(): void {
    this.retries += 1;
  }

  discarded(_tag: string, ids: number, reason: string): void {
    if (ids > 0) this.discards.push(`${ids} ${reason}`);
  }

  waited(_tag: string, waitedMs: number): void {
    this.waits.push(waitedMs);
  }

  nameRefused(how: NameRefusal): void {
    this.nameRefusals.push(how);
  }

  granted(lease: Lease): void {
    this.grants.push(lease);
  }

  extended(lease: Lease): void {
    this.extensions.push(lease);
  }

  heartbeat(): void {
    this.heartbeats += 1;
  }

  failed(what: 'grant' | 'renew', error: LeafcutterError): void {
    this.leaseErrors.push(`${what} ${error.code}`);
  }

  clockWentBack(byMs: number): void {
    this.rollbacks.push(byMs);
  }
}
