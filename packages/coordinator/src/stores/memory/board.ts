import {
  type Board,
  type CoordinatorRecord,
  MAX_COORDINATORS,
  placeOf,
  type RateSlot,
  type Ring,
  slotOf,
  slotText,
} from '../../domain/fleet/board.ts';

/** The board in process, for the embedded coordinator. */
export class MemoryBoard implements Board {
  readonly #slotBytes: number;
  readonly #coordinators = new Map<string, CoordinatorRecord>();
  readonly #rings: Readonly<Record<Ring, Map<string, string>>> = { fine: new Map(), coarse: new Map() };

  constructor(slotBytes: number) {
    this.#slotBytes = slotBytes;
  }

  async announce(coordinator: CoordinatorRecord): Promise<void> {
    this.#coordinators.set(coordinator.coordinatorId, coordinator);
  }

  async leave(coordinatorId: string): Promise<void> {
    this.#coordinators.delete(coordinatorId);
  }

  async coordinators(sinceMs: number): Promise<CoordinatorRecord[]> {
    for (const { coordinatorId, seenAtMs } of this.#coordinators.values())
      if (seenAtMs < sinceMs) await this.leave(coordinatorId);
    return [...this.#coordinators.values()].slice(0, MAX_COORDINATORS);
  }

  async noteRates(ring: Ring, slot: RateSlot): Promise<void> {
    this.#rings[ring].set(placeOf(ring, slot), slotText(slot, this.#slotBytes));
  }

  async rates(ring: Ring): Promise<RateSlot[]> {
    return [...this.#rings[ring].values()].map(slotOf);
  }
}
