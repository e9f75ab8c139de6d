import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { layoutFingerprint, type SnowflakeLayout, timestampEndMs } from '@leafcutter/shared/layout';
import type { AllocationEvents, Taking, UnfencedRule } from '../allocation/allocate.ts';
import type { Remembered } from '../allocation/counter-behind-error.ts';
import type { Fence } from '../allocation/fence.ts';
import { GroupCommit } from '../allocation/group-commit.ts';
import type { Locks } from '../allocation/locks.ts';
import { type Holder, minBigint, type Range } from '../allocation/range.ts';
import { retrying } from '../allocation/retry.ts';
import type { LockedMachineId, Store, Taker } from '../allocation/store.ts';
import { checkClocks } from './clocks.ts';
import { freeMachineIds } from './free-machine-ids.ts';
import type { LeaseRegistry } from './lease-registry.ts';

export interface LeaseRules {
  readonly layout: SnowflakeLayout;
  /** Machine ids that this deployment may grant, both included. */
  readonly firstMachineId: number;
  readonly lastMachineId: number;
  /** Length of a first window. */
  readonly windowInitialMs: number;
  /** Longest window: each extension doubles up to this. */
  readonly windowMaxMs: number;
  readonly maxClockSkewMs: number;
  /** How long a lease lasts in the registry without a heartbeat. */
  readonly leaseTtlMs: number;
  readonly deadlineMs: number;
}

export interface LeaseEvents extends AllocationEvents {
  leaseGranted(machineId: number): void;
  windowExtended(machineId: number): void;
  /** The registry was away while a lease was entered, renewed or ended; the ceilings still decide. */
  registryAway(error: unknown): void;
}

/** What an agent says with every lease call. */
export interface LeaseCall {
  readonly holder: Holder;
  /** The agent's wall clock, unix milliseconds. */
  readonly agentTimeMs: number;
  /** The agent's `layoutFingerprint`. */
  readonly layout: string;
}

interface ArrivedCall extends LeaseCall {
  /** Monotonic milliseconds. */
  readonly arrivedAt: number;
}

export interface GrantedWindow {
  readonly machineId: number;
  /** The window `[from, to)`, unix milliseconds. */
  readonly from: number;
  readonly to: number;
}

/**
 * Grants and extends leases on machine ids. A machine id is free when its ceiling has passed and the registry has no
 * live lease on it. The ceiling alone makes two holders impossible (I1, I2).
 */
export class LeaseArbiter {
  readonly #parts: Parts;
  readonly #layout: string;
  readonly #ceilings: GroupCommit<number, LockedMachineId>;

  constructor(parts: Parts) {
    const { store } = parts;
    this.#parts = parts;
    this.#layout = layoutFingerprint(parts.rules.layout);
    this.#ceilings = new GroupCommit(parts, {
      several: (machineIds, work, leftMs) => store.withMachineIds(machineIds, work, leftMs),
      one: (machineId, work, leftMs) => {
        const alone = (row: LockedMachineId) =>
          work({
            rows: [row],
            async advance(advances) {
              for (const { to, entries, taker } of advances) await row.advance(to, entries, taker);
            },
          });
        return store.withMachineId(machineId, alone, leftMs);
      },
    });
  }

  /**
   * Grants a free machine id with its first window, oldest ceiling first.
   * @throws LAYOUT_MISMATCH, CLOCK_SKEWED, MACHINE_IDS_EXHAUSTED, TIMESTAMP_EXHAUSTED, STORE_UNAVAILABLE
   */
  async grant(call: LeaseCall): Promise<GrantedWindow> {
    const { locks, events, clock, rules } = this.#parts;
    const deadline = clock.monotonic() + rules.deadlineMs;
    this.#checkLayout(call);
    const arrived = { ...call, arrivedAt: clock.monotonic() };
    const nowMs = await this.#parts.store.now();
    this.#checkClocks(arrived, nowMs);
    // One grant at a time spares the others a row lock on the same candidate. Without it they collide and try the
    // next one.
    const release = await locks.acquire('machine-ids', { waitMs: 250, ttlMs: 5_000 });
    try {
      for await (const candidate of freeMachineIds(this.#parts, call.holder, nowMs)) {
        const lease = await retrying(this.#parts, deadline, (remembered) =>
          this.#tryGrant(candidate.machineId, call.holder, remembered, deadline),
        );
        if (lease === undefined) {
          if (clock.monotonic() >= deadline) throw tooLate();
          continue;
        }
        events.leaseGranted(lease.machineId);
        this.#confirm(lease.machineId, lease.to);
        await this.#register(lease.machineId, call.holder);
        return lease;
      }
    } finally {
      await release?.();
    }
    throw await this.#noneFree(nowMs);
  }

  /**
   * One heartbeat: keeps the lease in the registry and, if the agent asks, extends its window from `to`. Resolves to
   * the end of the window that the agent then holds. Asking again after a lost answer is safe: an extension starts
   * exactly at the end that the agent holds, or it is refused.
   * @throws LEASE_LOST, LAYOUT_MISMATCH, CLOCK_SKEWED, TIMESTAMP_EXHAUSTED, STORE_UNAVAILABLE
   */
  async renew(machineId: number, call: LeaseCall, to: number, extend: boolean): Promise<number> {
    const { clock, rules, events } = this.#parts;
    const arrived = { ...call, arrivedAt: clock.monotonic() };
    const deadline = arrived.arrivedAt + rules.deadlineMs;
    this.#checkLayout(call);
    this.#checkMachineId(machineId);
    const renewal = await this.#parts.registry
      .renew(machineId, call.holder, rules.leaseTtlMs)
      .catch((error: unknown) => {
        // An absent registry must not stop an extension: only the database says who holds the window.
        if (!extend) throw error;
        events.registryAway(error);
        return 'away' as const;
      });
    if (renewal === 'taken') throw lost(machineId, 'held_by_another');
    if (!extend) {
      if (renewal === 'absent') await this.#enterAgain(machineId, call.holder);
      return to;
    }
    const extended = await retrying(this.#parts, deadline, (remembered) =>
      this.#tryExtend(machineId, arrived, to, remembered, deadline),
    );
    if (renewal === 'absent') await this.#register(machineId, call.holder);
    if (extended > to) {
      events.windowExtended(machineId);
      this.#confirm(machineId, extended);
    }
    return extended;
  }

  /** Says that the holder is gone. It lowers nothing: the machine id is free when its ceiling has passed. */
  async end(machineId: number, holder: Holder): Promise<void> {
    this.#checkMachineId(machineId);
    await this.#parts.registry.end(machineId, holder.instanceId);
  }

  /** Undefined if the machine id turned out to be taken: its ceiling or its fence lies in the future. */
  async #tryGrant(
    machineId: number,
    holder: Holder,
    remembered: Remembered,
    deadline: number,
  ): Promise<GrantedWindow | undefined> {
    const { rules } = this.#parts;
    const taken = Symbol('taken');
    try {
      const { start, end } = await this.#ceilings.take(machineId, deadline, (row) => {
        const now = BigInt(row.nowMs);
        return {
          remembered,
          floor: now - BigInt(rules.maxClockSkewMs),
          endOf: (start) => {
            if (start > now) throw taken;
            return this.#cap(start, now + BigInt(rules.windowInitialMs));
          },
          noted: (window) => this.#noted(row, window, { holder, windowMs: rules.windowInitialMs }, deadline),
        };
      });
      return { machineId, from: Number(start), to: Number(end) };
    } catch (error) {
      if (error === taken) return undefined;
      throw error;
    }
  }

  /** Its clocks are compared under the lock: an extension needs nothing else that the database would be asked for before. */
  async #tryExtend(
    machineId: number,
    call: ArrivedCall,
    to: number,
    remembered: Remembered,
    deadline: number,
  ): Promise<number> {
    const { rules } = this.#parts;
    const { holder } = call;
    const isEnough = Symbol('is enough');
    try {
      const { end } = await this.#ceilings.take(machineId, deadline, (row) => {
        this.#checkClocks(call, row.nowMs);
        if (row.machine.holder?.instanceId !== holder.instanceId) throw lost(machineId, 'held_by_another');
        const windowMs = Math.min(row.machine.windowMs * 2, rules.windowMaxMs);
        if (row.value === BigInt(to) && row.nowMs + windowMs <= to) throw isEnough;
        return {
          remembered,
          endOf: (start) => {
            if (start !== BigInt(to)) throw lost(machineId, 'ceiling_moved');
            return this.#cap(start, BigInt(row.nowMs + windowMs));
          },
          noted: (window) => this.#noted(row, window, { holder, windowMs }, deadline),
        };
      });
      return Number(end);
    } catch (error) {
      if (error === isEnough) return to;
      throw error;
    }
  }

  /** A window is written with its holder. */
  #noted(
    { name, nowMs: grantedAtMs }: LockedMachineId,
    window: Range,
    taker: Taker,
    deadline: number,
  ): ReturnType<Taking['noted']> {
    const { clock, coordinatorId, rules } = this.#parts;
    // The agent has given up by now: a window granted to it would only block its machine id.
    if (clock.monotonic() >= deadline) throw tooLate();
    // If a clock was set since they were compared, the window could lie where its holder cannot use it.
    const nowMs = clock.now();
    const apartMs = rules.maxClockSkewMs + rules.deadlineMs;
    checkClocks({ agentMs: nowMs, coordinatorMs: nowMs, databaseMs: grantedAtMs }, apartMs);
    const { holder } = taker;
    return { entries: [{ counter: name, ...window, ...holder, coordinatorId, grantedAtMs }], taker };
  }

  #confirm(machineId: number, to: number): void {
    this.#parts.fence?.confirm({ kind: 'machine', machineId }, BigInt(to));
  }

  /** Keeps a window inside what the timestamp bits can hold. */
  #cap(start: bigint, end: bigint): bigint {
    const limit = BigInt(timestampEndMs(this.#parts.rules.layout));
    if (start >= limit) {
      throw new LeafcutterError(
        'TIMESTAMP_EXHAUSTED',
        'The timestamp bits of the snowflake layout are used up. Take numbers of a tag that ends below the lowest snowflake, or a new deployment with machine ids that this one never granted and the same machineIdBits and sequenceBits. A later epoch or other bits alone repeat IDs: see docs/changing-the-layout.md.',
      );
    }
    return minBigint(end, limit);
  }

  /**
   * The registry forgot the lease or never knew it: the store tells whether it is this instance's. @throws LEASE_LOST
   */
  async #enterAgain(machineId: number, holder: Holder): Promise<void> {
    const { store, registry, rules } = this.#parts;
    const [machine] = await store.listMachineIds(machineId, machineId, 0, 1);
    if (machine?.holder?.instanceId !== holder.instanceId) throw lost(machineId, 'held_by_another');
    const renewal = await registry.enter(machineId, holder, rules.leaseTtlMs);
    if (renewal === 'taken') throw lost(machineId, 'held_by_another');
  }

  async #register(machineId: number, holder: Holder): Promise<void> {
    const { registry, rules, events } = this.#parts;
    await registry
      .enter(machineId, holder, rules.leaseTtlMs)
      .catch((error: unknown) => events.registryAway(error));
  }

  /** The agent's reading has aged since the call came; the coordinator's is taken now. */
  #checkClocks({ agentTimeMs, arrivedAt }: ArrivedCall, databaseMs: number): void {
    const { clock, rules } = this.#parts;
    const agedMs = Math.round(clock.monotonic() - arrivedAt);
    checkClocks(
      { agentMs: agentTimeMs + agedMs, coordinatorMs: clock.now(), databaseMs },
      rules.maxClockSkewMs,
    );
  }

  #checkLayout(call: LeaseCall): void {
    if (call.layout === this.#layout) return;
    throw new LeafcutterError(
      'LAYOUT_MISMATCH',
      `The agent's snowflake layout is ${call.layout}, this deployment's is ${this.#layout}; configure them alike.`,
    );
  }

  #checkMachineId(machineId: number): void {
    const { firstMachineId, lastMachineId } = this.#parts.rules;
    if (machineId >= firstMachineId && machineId <= lastMachineId) return;
    throw lost(machineId, 'outside_range');
  }

  async #noneFree(nowMs: number): Promise<LeafcutterError> {
    const { store, rules } = this.#parts;
    const [oldest] = await store.listMachineIds(rules.firstMachineId, rules.lastMachineId, 0, 1);
    const waitMs = oldest === undefined ? 5_000 : Math.max(1_000, Number(oldest.ceilingMs) - nowMs);
    const count = rules.lastMachineId - rules.firstMachineId + 1;
    return new LeafcutterError(
      'MACHINE_IDS_EXHAUSTED',
      `All ${count} machine ids are held or waiting for their ceiling; run fewer snowflake agents or widen machineIdRange.`,
      { retryAfterMs: Math.min(waitMs, 60_000) },
    );
  }
}

interface Parts {
  readonly store: Store;
  readonly fence: Fence | undefined;
  /** Default: never. */
  readonly unfenced?: UnfencedRule | undefined;
  readonly registry: LeaseRegistry;
  readonly locks: Locks;
  readonly clock: Clock;
  /** 0 to below 1; spreads retries. */
  readonly random: () => number;
  readonly rules: LeaseRules;
  readonly events: LeaseEvents;
  readonly coordinatorId: string;
}

function lost(machineId: number, reason: string): LeafcutterError {
  return new LeafcutterError(
    'LEASE_LOST',
    `The lease on machine id ${machineId} no longer belongs to this instance; it takes a new one.`,
    { reason },
  );
}

function tooLate(): LeafcutterError {
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'The store is too slow to find a free machine id in time.',
    {
      reason: 'deadline',
    },
  );
}
