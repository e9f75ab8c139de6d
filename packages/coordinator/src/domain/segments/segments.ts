import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { AllocationEvents, Taking, UnfencedRule } from '../allocation/allocate.ts';
import type { Fence } from '../allocation/fence.ts';
import { GroupCommit } from '../allocation/group-commit.ts';
import type { Locks } from '../allocation/locks.ts';
import { LoweringForgottenError } from '../allocation/lowering-forgotten-error.ts';
import { type Holder, type LedgerEntry, minBigint, type Range } from '../allocation/range.ts';
import { retrying } from '../allocation/retry.ts';
import type { LockedTag, Store, TagRecord } from '../allocation/store.ts';
import { mendTag } from '../fence-guard/mend.ts';
import { shapeObstacle } from '../tags/shape-terms.ts';
import { type StepDemand, stepForDemand } from './step.ts';

export interface SegmentRules {
  /** False: every segment has the tag's base step. */
  readonly adaptiveStep: boolean;
  /** Default for tags that set none, in IDs. */
  readonly maxStep: number;
  /** How long a segment should last if callers wait; default for tags that set none, in seconds. */
  readonly targetDurationS: number;
  /** Requests that may wait for one tag. */
  readonly maxQueuedPerTag: number;
  /** How long a request may wait in all, in milliseconds. */
  readonly deadlineMs: number;
  /** Requests that one transaction serves at most; default 64. */
  readonly maxGroup?: number;
}

export interface SegmentEvents extends AllocationEvents {
  /** One transaction served `requests` requests with `ids` IDs in `durationMs`. */
  segmentsGranted(tag: string, requests: number, ids: bigint, durationMs: number): void;
  /** Another coordinator held the tag's lock for `waitedMs`; `acquired` is false if we went on without it. */
  lockWaited(tag: string, waitedMs: number, acquired: boolean): void;
}

/** What an agent needs, and which shapes it understands beyond bare numbers. */
type SegmentDemand = StepDemand & { readonly understands?: readonly string[] | undefined };

/** A segment, and how the tag writes its numbers; without `shape` they are bare. */
type Granted = Range & { readonly shape?: string };

interface Waiting {
  readonly holder: Holder;
  readonly demand: SegmentDemand;
  readonly deadline: number;
  readonly resolve: (segment: Granted) => void;
  readonly reject: (error: unknown) => void;
}

/** Default of `maxGroup`: bounds a transaction's ledger INSERT and its time under the row lock. */
const MAX_GROUP = 64;

/** How long to wait for another coordinator's refill of the same tag, before the row lock is left to decide. */
const LOCK_WAIT_MS = 250;
const LOCK_TTL_MS = 5_000;

/**
 * Hands out segments. Requests for one tag queue up, and one range serves all that wait. Ranges of many tags are taken in
 * one transaction (`GroupCommit`).
 *
 * A tag's lane is absent (nobody asks) or serving (one group is at the store, others wait behind it). The first
 * request creates it, and it goes away when its queue is empty. Tags do not wait for each other's rows.
 */
export class SegmentArbiter {
  readonly #lanes = new Map<string, Waiting[]>();
  readonly #parts: Parts;
  readonly #keys: OpaqueKeys;
  readonly #counters: GroupCommit<string, LockedTag>;

  constructor(parts: Parts) {
    const { store } = parts;
    this.#parts = parts;
    this.#keys = parts.keys ?? new OpaqueKeys([]);
    this.#counters = new GroupCommit(parts, {
      several: (tags, work, leftMs) => store.withTags(tags, work, leftMs),
      one: (tag, work, leftMs) => {
        const alone = (row: LockedTag) =>
          work({
            rows: [row],
            async advance(advances) {
              for (const { to, entries, era } of advances) await row.advance(to, entries, era);
            },
          });
        return store.withTag(tag, alone, leftMs);
      },
    });
  }

  /**
   * Allocates one segment of `tag` to `holder`.
   * @throws TAG_UNKNOWN, TAG_RETIRED, TAG_EXHAUSTED, STORE_UNAVAILABLE, RATE_LIMITED, and what `shapeObstacle` gives
   */
  grant(tag: string, holder: Holder, demand: SegmentDemand): Promise<Granted> {
    const { clock, rules } = this.#parts;
    const lane = this.#lanes.get(tag);
    if (lane !== undefined && lane.length >= rules.maxQueuedPerTag) {
      throw new LeafcutterError(
        'RATE_LIMITED',
        `Too many refills of tag "${tag}" are waiting; try again shortly.`,
      );
    }
    return new Promise((resolve, reject) => {
      // A store that hangs must not hold up the caller. What it grants after the deadline is nobody's (I6).
      const cancelDeadline = clock.after(rules.deadlineMs, () => reject(tooLate(tag)));
      const waiting: Waiting = {
        holder,
        demand,
        deadline: clock.monotonic() + rules.deadlineMs,
        resolve: (segment) => {
          cancelDeadline();
          resolve(segment);
        },
        reject: (error) => {
          cancelDeadline();
          reject(error);
        },
      };
      if (lane !== undefined) {
        lane.push(waiting);
        return;
      }
      const started = [waiting];
      this.#lanes.set(tag, started);
      void this.#serve(tag, started);
    });
  }

  /** Requests that wait or are being served now. */
  get queued(): number {
    let sum = 0;
    for (const lane of this.#lanes.values()) sum += lane.length;
    return sum;
  }

  async #serve(tag: string, lane: Waiting[]): Promise<void> {
    while (lane.length > 0) {
      const group = lane.splice(0, this.#parts.rules.maxGroup ?? MAX_GROUP);
      try {
        await this.#serveGroup(tag, group, lane);
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      }
    }
    this.#lanes.delete(tag);
  }

  async #serveGroup(tag: string, group: readonly Waiting[], lane: Waiting[]): Promise<void> {
    const { clock, fence, locks, events } = this.#parts;
    const begun = clock.monotonic();
    const live = group.filter((waiting) => waiting.deadline > begun);
    for (const waiting of group) if (waiting.deadline <= begun) waiting.reject(tooLate(tag));
    if (live.length === 0) return;

    const release = await locks.acquire(`tag:${tag}`, { waitMs: LOCK_WAIT_MS, ttlMs: LOCK_TTL_MS });
    const locked = clock.monotonic();
    events.lockWaited(tag, locked - begun, release !== undefined);
    try {
      const deadline = Math.max(...live.map((waiting) => waiting.deadline));
      const allocateAll = () => this.#allocateGroup(tag, live, deadline);
      const segments = await allocateAll().catch(async (error: unknown) => {
        if (fence === undefined || !(error instanceof LoweringForgottenError)) throw error;
        await mendTag({ ...this.#parts, fence }, tag);
        return allocateAll();
      });
      const last = segments.findLast((segment) => segment !== undefined);
      if (last !== undefined) fence?.confirm({ kind: 'tag', tag }, last.end);
      const ids = segments.reduce(
        (sum, segment) => sum + (segment === undefined ? 0n : segment.end - segment.start),
        0n,
      );
      events.segmentsGranted(tag, live.length, ids, clock.monotonic() - locked);
      live.forEach((waiting, index) => {
        const segment = segments[index];
        if (segment !== undefined) waiting.resolve(segment);
      });
      // The range ended before them, at a gap or at the tag's end. The next allocation tells which.
      lane.unshift(...live.filter((_, index) => segments[index] === undefined));
    } finally {
      await release?.();
    }
  }

  /** One range for the whole group, cut into one segment per request; undefined for requests past the highest ID. */
  #allocateGroup(tag: string, group: readonly Waiting[], deadline: number): Promise<(Granted | undefined)[]> {
    return retrying(this.#parts, deadline, async (remembered) => {
      let sizes: bigint[] = [];
      let shape: string | undefined;
      const range = await this.#counters.take(tag, deadline, (row) => {
        sizes = this.#sizes(row.tag, group);
        shape = row.tag.shape;
        return { remembered, ...this.#taking(row, group, sizes, deadline) };
      });
      const segments = cut(range, sizes);
      return shape === undefined ? segments : segments.map((segment) => segment && { ...segment, shape });
    });
  }

  /** How many IDs each request gets: 0 if its agent does not understand the tag's shape. */
  #sizes(tag: TagRecord, group: readonly Waiting[]): bigint[] {
    if (tag.retired) {
      throw new LeafcutterError('TAG_RETIRED', `Tag "${tag.tag}" is retired; its numbers are never reused.`);
    }
    if (tag.step < 1) throw unfitStep(tag);
    let refused: LeafcutterError | undefined;
    const sizes = group.map((waiting) => {
      const obstacle = shapeObstacle(tag, waiting.demand.understands, this.#keys);
      if (obstacle === undefined) return BigInt(this.#stepFor(tag, waiting.demand));
      waiting.reject(obstacle);
      refused = obstacle;
      return 0n;
    });
    if (sizes.every((size) => size === 0n)) throw refused;
    return sizes;
  }

  #taking(
    row: LockedTag,
    group: readonly Waiting[],
    sizes: readonly bigint[],
    deadline: number,
  ): Omit<Taking, 'remembered'> {
    const { clock, coordinatorId } = this.#parts;
    const total = sizes.reduce((sum, size) => sum + size, 0n);
    const limit = (row.tag.highestId ?? HIGHEST_ID) + 1n;
    return {
      endOf(start) {
        if (start >= limit) throw exhausted(row.tag.tag);
        return minBigint(start + total, limit);
      },
      noted(range) {
        // Nobody waits any more, so a grant would be wasted.
        if (clock.monotonic() >= deadline) throw tooLate(row.tag.tag);
        const entries = cut(range, sizes).flatMap((segment, index): LedgerEntry[] => {
          const holder = group[index]?.holder;
          if (segment === undefined || holder === undefined) return [];
          return [{ counter: row.name, ...segment, ...holder, coordinatorId, grantedAtMs: row.nowMs }];
        });
        return { entries };
      },
    };
  }

  #stepFor(tag: TagRecord, demand: StepDemand): number {
    const { rules } = this.#parts;
    if (!rules.adaptiveStep) return tag.step;
    return stepForDemand(demand, {
      baseStep: tag.step,
      maxStep: tag.maxStep ?? rules.maxStep,
      targetDurationS: tag.targetDurationS ?? rules.targetDurationS,
    });
  }
}

interface Parts {
  readonly store: Store;
  readonly fence: Fence | undefined;
  /** Default: never. */
  readonly unfenced?: UnfencedRule | undefined;
  readonly locks: Locks;
  readonly clock: Clock;
  /** 0 to below 1; spreads retries. */
  readonly random: () => number;
  readonly rules: SegmentRules;
  readonly events: SegmentEvents;
  readonly coordinatorId: string;
  /** Of opaque tags; default none. */
  readonly keys?: OpaqueKeys;
}

function exhausted(tag: string): LeafcutterError {
  return new LeafcutterError(
    'TAG_EXHAUSTED',
    `Tag "${tag}" has handed out its highest ID; raise highestId if there is room, or use a new tag.`,
  );
}

function unfitStep({ tag, step }: TagRecord): LeafcutterError {
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    `Tag "${tag}" cannot be served: its step in leaf_alloc is ${step}. Set it to 1 or more.`,
    { reason: 'table' },
  );
}

function tooLate(tag: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', `The store is too slow to refill tag "${tag}" in time.`, {
    reason: 'deadline',
  });
}

/** Cuts a range into pieces of the given sizes; undefined for pieces past its end. */
function cut(range: Range, sizes: readonly bigint[]): (Range | undefined)[] {
  let next = range.start;
  return sizes.map((size) => {
    const start = next;
    next = minBigint(start + size, range.end);
    return next > start ? { start, end: next } : undefined;
  });
}
