import type { FleetCoordinator } from '@leafcutter/shared/fleet-views';

/** A coordinator refused a segment for a reason that only somebody's change takes away. */
export interface Refusal {
  readonly tag: string;
  readonly agentId: string;
  readonly code: string;
  /** Of the last such refusal, unix milliseconds. */
  readonly atMs: number;
}

/** A coordinator as it tells of itself. */
export interface CoordinatorRecord extends Omit<FleetCoordinator, 'state'> {
  /** The latest ones. */
  readonly refusals: readonly Refusal[];
}

/** Rates are kept in two rings: of the last hour in detail, and of the last day. */
export const RINGS = {
  fine: { everyMs: 15_000, slots: 240 },
  coarse: { everyMs: 300_000, slots: 288 },
} as const;
export type Ring = keyof typeof RINGS;

/** The rates of one stretch of time. */
export interface RateSlot {
  /** When it begins: a multiple of its ring's `everyMs`, unix milliseconds. */
  readonly atMs: number;
  /** IDs per second by tag. */
  readonly rates: ReadonlyMap<string, number>;
  /** False if there was no room for the slowest tags. */
  readonly isWhole: boolean;
}

/** Most coordinators that are listed. */
export const MAX_COORDINATORS = 200;
/** A coordinator that was silent for this long is forgotten, in milliseconds. */
export const FORGOTTEN_AFTER_MS = 600_000;

/**
 * What coordinators tell each other for the console: who they are, what they refuse, and how fast IDs went. Nothing
 * depends on it. A slot has a bound in bytes, and there are so many slots, so all of it has one.
 */
export interface Board {
  /** Enters this coordinator in place of what it told before. @throws STORE_UNAVAILABLE */
  announce(coordinator: CoordinatorRecord): Promise<void>;
  /** @throws STORE_UNAVAILABLE */
  leave(coordinatorId: string): Promise<void>;
  /** At most `MAX_COORDINATORS`. Those last seen before `sinceMs` are taken off. @throws STORE_UNAVAILABLE */
  coordinators(sinceMs: number): Promise<CoordinatorRecord[]>;
  /** Enters the rates of a stretch of time; the slot's place is that of one a whole ring older. @throws STORE_UNAVAILABLE */
  noteRates(ring: Ring, slot: RateSlot): Promise<void>;
  /** In no order, and maybe with some that are older than the ring is long. @throws STORE_UNAVAILABLE */
  rates(ring: Ring): Promise<RateSlot[]>;
}

/** The share of the telemetry's room that the rates may take. */
export const RATES_SHARE = 0.1;

/** Bytes that one slot may take if the telemetry may take `maxBytes`. */
export function slotBytes(maxBytes: number): number {
  return Math.floor((maxBytes * RATES_SHARE) / (RINGS.fine.slots + RINGS.coarse.slots));
}

/** The place of a slot in its ring. */
export function placeOf(ring: Ring, { atMs }: RateSlot): string {
  const { everyMs, slots } = RINGS[ring];
  return String(Math.floor(atMs / everyMs) % slots);
}

/** A slot as it is kept: of its tags the fastest, as many as fit. */
export function slotText({ atMs, rates, isWhole }: RateSlot, maxBytes: number): string {
  const sorted = [...rates].sort(([, a], [, b]) => b - a);
  const text = (count: number) =>
    JSON.stringify({
      atMs,
      isWhole: isWhole && count >= sorted.length,
      rates: Object.fromEntries(sorted.slice(0, count)),
    });
  let kept = sorted.length;
  while (kept > 0 && Buffer.byteLength(text(kept)) > maxBytes) kept = Math.floor(kept * 0.8);
  return text(kept);
}

export function slotOf(text: string): RateSlot {
  const { atMs, isWhole, rates } = JSON.parse(text) as {
    atMs: number;
    isWhole: boolean;
    rates: Record<string, number>;
  };
  return { atMs, isWhole, rates: new Map(Object.entries(rates)) };
}
