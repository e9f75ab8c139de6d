import type { Socket } from 'node:net';

/** A connection, as its door's crowd sees it. */
export interface Guest {
  /** True once its client has been served as one that may be here: from then on it does not give way to others. */
  readonly isKnown: boolean;
  /** Ends the connection at once. */
  cut(): void;
}

export interface CrowdLimits {
  /** Connections that the door holds at once. */
  readonly most: number;
  /** Connections that one client may hold at once. Default: as many as the door has. */
  readonly perAddress?: number | undefined;
  /** Addresses that are many clients', to which `perAddress` does not apply. Default: loopback. */
  readonly isOfMany?: (address: string) => boolean;
}

/**
 * What happened to a connection that there was no room for, or that others needed the room of:
 * - `address_share`: refused; its address holds its share already.
 * - `door_full`: refused; all that are here are known.
 * - `made_room`: ended for one that came later; it was the stranger that had been here longest.
 */
export type Crowding = 'address_share' | 'door_full' | 'made_room';

/**
 * The connections of one door: who may come in, and who gives way. A full door closed to everybody else would belong to
 * whoever opens connections and says nothing, so a stranger gives way, the one that came first. An honest client says
 * what it wants at once; to keep it out a crowd has to open a whole door's worth of connections in that moment, again and
 * again. Clients of one address share `perAddress`: what one machine holds leaves room for others even when it is known.
 * Applications beside the agent all come from loopback, and by a Unix socket from nowhere: there is no share there.
 */
export class Crowd<G extends Guest> implements Iterable<G> {
  readonly #limits: Required<CrowdLimits>;
  readonly #crowded: (what: Crowding) => void;
  readonly #guests = new Set<G>();
  /** Those that were not known when they were last looked at; the one that came first leads. */
  readonly #strangers = new Set<G>();
  /** Connections by holder. */
  readonly #held = new Map<string, number>();

  /** `crowded` is told of each connection that is refused or ended here. */
  constructor(
    { most, perAddress = most, isOfMany = isLoopback }: CrowdLimits,
    crowded: (what: Crowding) => void,
  ) {
    this.#limits = { most, perAddress: perAddress ?? most, isOfMany };
    this.#crowded = crowded;
  }

  get size(): number {
    return this.#guests.size;
  }

  [Symbol.iterator](): Iterator<G> {
    return this.#guests.values();
  }

  /** Why the client of `socket` may not come in; undefined if it may. Then there is room for it. */
  refusal({ remoteAddress }: Socket): Crowding | undefined {
    const { most, perAddress } = this.#limits;
    const holder = this.#holder(remoteAddress);
    let refused: Crowding | undefined;
    if (holder !== undefined && (this.#held.get(holder) ?? 0) >= perAddress) refused = 'address_share';
    else if (this.size >= most && !this.#makeRoom()) refused = 'door_full';
    if (refused !== undefined) this.#crowded(refused);
    return refused;
  }

  /** `guest` is here until `socket` closes. */
  enter(guest: G, socket: Socket): void {
    const holder = this.#holder(socket.remoteAddress);
    this.#guests.add(guest);
    this.#strangers.add(guest);
    if (holder !== undefined) this.#held.set(holder, (this.#held.get(holder) ?? 0) + 1);
    socket.once('close', () => {
      this.#forget(guest);
      if (holder === undefined) return;
      const left = (this.#held.get(holder) ?? 0) - 1;
      if (left > 0) this.#held.set(holder, left);
      else this.#held.delete(holder);
    });
  }

  /** Ends the stranger that has been here longest; false if there is none. Each that is known is passed over once. */
  #makeRoom(): boolean {
    for (const guest of this.#strangers) {
      if (guest.isKnown) {
        this.#strangers.delete(guest);
        continue;
      }
      // Its socket tells that it is closed only later.
      this.#forget(guest);
      guest.cut();
      this.#crowded('made_room');
      return true;
    }
    return false;
  }

  #forget(guest: G): void {
    this.#guests.delete(guest);
    this.#strangers.delete(guest);
  }

  #holder(address: string | undefined): string | undefined {
    return address === undefined || this.#limits.isOfMany(address) ? undefined : holderOf(address);
  }
}

/** True of the addresses at which a machine reaches itself. */
export function isLoopback(address: string): boolean {
  return /^(::1$|(::ffff:)?127\.)/i.test(address);
}

/**
 * Who holds an address: the address itself in version 4; in version 6 its first 64 bits, because one machine has all
 * addresses behind these.
 */
export function holderOf(address: string): string {
  const four = /^(?:::ffff:)?(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (four !== undefined) return four;
  const [front = [], back = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}
