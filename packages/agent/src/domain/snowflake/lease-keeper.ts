import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { type ErrorCode, hasCode, type LeafcutterError, toLeafcutterError } from '@leafcutter/shared/errors';
import { backoffMs } from '../backoff.ts';
import type { Lease, LeaseSource } from './lease.ts';
import type { SnowflakeGenerator } from './snowflake-generator.ts';

export interface KeeperEvents {
  granted(lease: Lease): void;
  extended(lease: Lease): void;
  heartbeat(durationMs: number): void;
  failed(what: 'grant' | 'renew', error: LeafcutterError): void;
}

export type KeeperState = 'asking' | 'holding' | 'replacing' | 'ended';

/** Nudges closer together than this count as one, in milliseconds. */
const NUDGE_MIN_MS = 1_000;

/** Codes with which a coordinator refuses a lease and which an operator has to deal with. */
const REFUSALS = [
  'MACHINE_IDS_EXHAUSTED',
  'CLOCK_SKEWED',
  'FORBIDDEN',
  'LAYOUT_MISMATCH',
  'TIMESTAMP_EXHAUSTED',
  'VERSION_UNSUPPORTED',
] as const satisfies readonly ErrorCode[];

/** Errors of calls that may not have reached anyone. */
const AWAY = ['COORDINATOR_UNAVAILABLE', 'STORE_UNAVAILABLE'] as const satisfies readonly ErrorCode[];

/** A window with less than this left is extended, however long it is. */
const EXTEND_BELOW_MS = 60_000;

/**
 * Keeps a generator supplied with a lease.
 *
 * - asking: no lease yet; asks with backoff until one is granted (to holding).
 * - holding: sends heartbeats, and extends the window when less than half of it, or less than a minute, is left. An
 *   extension that failed is tried again at the next beat. When less than a quarter of the window is left, a new
 *   lease is asked for as well, and whichever comes first is held. Left when told LEASE_LOST (to replacing).
 * - replacing: the generator uses up its window while a new lease is asked for with backoff (to holding).
 * - ended: by `stop`; the lease is given up.
 *
 * Timers only decide when to ask. The window, checked in the generator, decides what may be issued.
 */
export class LeaseKeeper {
  readonly #source: LeaseSource;
  readonly #generator: SnowflakeGenerator;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #events: KeeperEvents;
  #state: KeeperState = 'asking';
  #heartbeatMs = 0;
  /** Length of the window when it was last granted or extended, milliseconds. */
  #windowMs = 0;
  #failures = 0;
  #lastError: LeafcutterError | undefined;
  #stopTimer: Cancel = () => undefined;
  #busy = false;
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    source: LeaseSource;
    generator: SnowflakeGenerator;
    clock: Clock;
    random: () => number;
    events: KeeperEvents;
  }) {
    this.#source = parts.source;
    this.#generator = parts.generator;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#events = parts.events;
  }

  get state(): KeeperState {
    return this.#state;
  }

  /** Code of the last failure, until the next success. */
  get lastError(): ErrorCode | undefined {
    return this.#lastError?.code;
  }

  /**
   * What keeps this agent from a lease, if that tells a caller more than LEASE_LOST does: a coordinator's refusal, or
   * that no coordinator was ever reached. An agent that had a lease and was stopped has missed answers too, but that
   * is not the cause.
   */
  get obstacle(): LeafcutterError | undefined {
    const codes = this.#state === 'asking' ? [...REFUSALS, ...AWAY] : REFUSALS;
    return hasCode(this.#lastError, ...codes) ? this.#lastError : undefined;
  }

  start(): void {
    void this.#beat();
  }

  /** Asks now instead of at the next beat: the generator refused because its window is over. */
  nudge(): void {
    if (this.#busy || this.#state !== 'holding' || this.#clock.monotonic() - this.#beatAt < NUDGE_MIN_MS)
      return;
    this.#stopTimer();
    void this.#beat();
  }

  /** Ends the lease. The generator issues nothing afterwards. */
  async stop(): Promise<void> {
    this.#state = 'ended';
    this.#stopTimer();
    const { lease } = this.#generator;
    this.#generator.drop();
    if (lease !== undefined) await this.#source.end(lease).catch(() => undefined);
  }

  async #beat(): Promise<void> {
    if (this.#busy || this.#state === 'ended') return;
    this.#busy = true;
    this.#beatAt = this.#clock.monotonic();
    try {
      const kept = this.#state === 'holding' && (await this.#renew());
      if (!kept) await this.#ask();
    } finally {
      this.#busy = false;
      this.#schedule();
    }
  }

  /** False if a new lease is needed. */
  async #renew(): Promise<boolean> {
    const { lease } = this.#generator;
    if (lease === undefined) return false;
    const begun = this.#clock.monotonic();
    const left = lease.to - this.#clock.now();
    const extend = left < Math.max(EXTEND_BELOW_MS, this.#windowMs / 2);
    try {
      const to = await this.#source.renew(lease, extend);
      this.#events.heartbeat(this.#clock.monotonic() - begun);
      this.#succeeded();
      if (to > lease.to && this.#state === 'holding') this.#extend({ ...lease, to });
      return true;
    } catch (thrown) {
      if (!extend && hasCode(thrown, 'STORE_UNAVAILABLE')) {
        this.#unheard();
        return true;
      }
      const lost = hasCode(this.#failed('renew', thrown), 'LEASE_LOST');
      if (lost && this.#state === 'holding') this.#state = 'replacing';
      return !lost && lease.to - this.#clock.now() >= this.#windowMs / 4;
    }
  }

  async #ask(): Promise<void> {
    if (this.#state === 'ended') return;
    try {
      const lease = await this.#source.grant();
      if (this.#isEnded()) {
        await this.#source.end(lease).catch(() => undefined);
        return;
      }
      const before = this.#generator.lease;
      this.#heartbeatMs = lease.heartbeatMs;
      this.#windowMs = lease.to - lease.from;
      this.#generator.hold(lease);
      this.#state = 'holding';
      this.#succeeded();
      this.#events.granted(lease);
      if (before !== undefined && before.machineId !== lease.machineId)
        void this.#source.end(before).catch(() => undefined);
    } catch (thrown) {
      this.#failed('grant', thrown);
    }
  }

  #extend(lease: Lease): void {
    this.#windowMs = lease.to - this.#clock.now();
    this.#generator.hold(lease);
    this.#events.extended(lease);
  }

  #isEnded(): boolean {
    return this.#state === 'ended';
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#lastError = undefined;
  }

  /**
   * A beat that asked for no window reached a coordinator, but not the store where leases are entered. The window is as
   * long as before, and its extension does not need that store. So this is no trouble of the lease; the next beat comes soon.
   */
  #unheard(): void {
    this.#failures += 1;
    this.#lastError = undefined;
  }

  #failed(what: 'grant' | 'renew', thrown: unknown): LeafcutterError {
    const error = toLeafcutterError(thrown);
    this.#failures += 1;
    this.#lastError = error;
    this.#events.failed(what, error);
    return error;
  }

  #schedule(): void {
    if (this.#state === 'ended') return;
    const delay =
      this.#failures === 0
        ? this.#heartbeatMs
        : Math.min(backoffMs(this.#failures, this.#random, 200, 5_000), this.#heartbeatMs || 5_000);
    this.#stopTimer = this.#clock.after(delay, () => void this.#beat());
  }
}
