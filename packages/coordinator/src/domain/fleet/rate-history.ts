import type { RateAt } from '@leafcutter/shared/fleet-views';
import { type Board, type RateSlot, RINGS, type Ring } from './board.ts';

/**
 * The rates of the last day, as the coordinators share them. Each one enters what it sees, which is the same for all,
 * and reads what the others entered when it begins and after each time that the board was away. So a chart doesn't
 * depend on which coordinator shows it, nor on how long that one has run. A stretch that nobody saw has no slot.
 */
export class RateHistory {
  readonly #board: Board;
  readonly #rings: Readonly<Record<Ring, Map<number, RateSlot>>> = { fine: new Map(), coarse: new Map() };
  #hasRead = false;

  constructor(board: Board) {
    this.#board = board;
  }

  /** Notes the rates of this moment, by tag, if its stretch of time has none yet. @throws STORE_UNAVAILABLE */
  async note(rates: ReadonlyMap<string, number>, nowMs: number): Promise<void> {
    if (!this.#hasRead) await this.#read(nowMs);
    const atMs = beginOf('fine', nowMs);
    if (this.#rings.fine.has(atMs)) return;
    const before = beginOf('coarse', nowMs) - RINGS.coarse.everyMs;
    const average = this.#rings.coarse.has(before) ? undefined : this.#averageFrom(before);
    try {
      await this.#enter('fine', { atMs, rates, isWhole: true });
      if (average !== undefined) await this.#enter('coarse', average);
    } catch (error) {
      this.#hasRead = false;
      throw error;
    }
  }

  /** Oldest first: averages of some minutes, and of some seconds for the last hour. */
  of(tag: string): RateAt[] {
    const fine = inOrder(this.#rings.fine);
    const begin = fine[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const older = inOrder(this.#rings.coarse).filter(({ atMs }) => atMs + RINGS.coarse.everyMs <= begin);
    return [...older, ...fine].flatMap((slot) => {
      const ratePerSecond = rateIn(slot, tag);
      return ratePerSecond === undefined ? [] : [{ atMs: slot.atMs, ratePerSecond }];
    });
  }

  async #read(nowMs: number): Promise<void> {
    // One from a coordinator with a wrong clock would push out all others.
    for (const ring of ['fine', 'coarse'] as const)
      for (const slot of await this.#board.rates(ring)) if (slot.atMs <= nowMs) this.#keep(ring, slot);
    this.#hasRead = true;
  }

  async #enter(ring: Ring, slot: RateSlot): Promise<void> {
    this.#keep(ring, slot);
    await this.#board.noteRates(ring, slot);
  }

  #keep(ring: Ring, slot: RateSlot): void {
    const slots = this.#rings[ring];
    slots.set(slot.atMs, slot);
    const newest = Math.max(...slots.keys());
    const { everyMs, slots: length } = RINGS[ring];
    for (const atMs of slots.keys()) if (atMs <= newest - length * everyMs) slots.delete(atMs);
  }

  /** The average over the fine slots of one coarse one; undefined if there are none. */
  #averageFrom(atMs: number): RateSlot | undefined {
    const slots = inOrder(this.#rings.fine).filter((slot) => beginOf('coarse', slot.atMs) === atMs);
    if (slots.length === 0) return undefined;
    const tags = new Set(slots.flatMap(({ rates }) => [...rates.keys()]));
    const rates = new Map([...tags].map((tag) => [tag, averageOf(tag, slots)]));
    return { atMs, rates, isWhole: slots.every(({ isWhole }) => isWhole) };
  }
}

/** Undefined if there was no room for it. */
function rateIn({ rates, isWhole }: RateSlot, tag: string): number | undefined {
  return rates.get(tag) ?? (isWhole ? 0 : undefined);
}

function averageOf(tag: string, slots: readonly RateSlot[]): number {
  const known = slots.map((slot) => rateIn(slot, tag)).filter((rate) => rate !== undefined);
  return Math.round((known.reduce((sum, rate) => sum + rate, 0) / known.length) * 10) / 10;
}

function beginOf(ring: Ring, atMs: number): number {
  const { everyMs } = RINGS[ring];
  return Math.floor(atMs / everyMs) * everyMs;
}

function inOrder(slots: ReadonlyMap<number, RateSlot>): RateSlot[] {
  return [...slots.values()].sort((a, b) => a.atMs - b.atMs);
}
