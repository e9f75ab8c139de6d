import {
  type Board,
  type CoordinatorRecord,
  MAX_COORDINATORS,
  placeOf,
  type RateSlot,
  RINGS,
  type Ring,
  slotOf,
  slotText,
} from '../../domain/fleet/board.ts';
import type { RedisLink } from './link.ts';

/** How many slots one command reads: together they are smaller than a page of the roster. */
const PAGE = 40;

/** The board as three hashes: coordinator id to JSON, and for each ring a slot's place to its JSON. */
export class RedisBoard implements Board {
  readonly #link: RedisLink;
  readonly #slotBytes: number;

  constructor(link: RedisLink, slotBytes: number) {
    this.#link = link;
    this.#slotBytes = slotBytes;
  }

  async announce(coordinator: CoordinatorRecord): Promise<void> {
    const text = JSON.stringify(coordinator);
    await this.#link.run((redis) => redis.hset(this.#key('coordinators'), coordinator.coordinatorId, text));
  }

  async leave(coordinatorId: string): Promise<void> {
    await this.#link.run((redis) => redis.hdel(this.#key('coordinators'), coordinatorId));
  }

  async coordinators(sinceMs: number): Promise<CoordinatorRecord[]> {
    const texts = await this.#link.run((redis) => redis.hvals(this.#key('coordinators')));
    const all = texts.map((text) => JSON.parse(text) as CoordinatorRecord);
    for (const { coordinatorId, seenAtMs } of all) if (seenAtMs < sinceMs) await this.leave(coordinatorId);
    return all.filter(({ seenAtMs }) => seenAtMs >= sinceMs).slice(0, MAX_COORDINATORS);
  }

  async noteRates(ring: Ring, slot: RateSlot): Promise<void> {
    const text = slotText(slot, this.#slotBytes);
    await this.#link.run((redis) => redis.hset(this.#key(`rates:${ring}`), placeOf(ring, slot), text));
  }

  async rates(ring: Ring): Promise<RateSlot[]> {
    const slots: RateSlot[] = [];
    for (let first = 0; first < RINGS[ring].slots; first += PAGE) {
      const places = Array.from({ length: PAGE }, (_, index) => String(first + index));
      const texts = await this.#link.run((redis) => redis.hmget(this.#key(`rates:${ring}`), ...places));
      for (const text of texts) if (text !== null) slots.push(slotOf(text));
    }
    return slots;
  }

  /** Beside the roster: what is only shown. */
  #key(name: string): string {
    return `${this.#link.prefix}{agents}:${name}`;
  }
}
