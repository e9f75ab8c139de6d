import type { Socket } from 'node:net';

/** A connection as its door's crowd sees it. */
export interface Guest {
  /** True once its client has been served as one that is allowed here. From then on it does not give way to others. */
  readonly isKnown: boolean;
  /** Ends the connection at once. */
  cut(): void;
}

export interface CrowdLimits {
  /** How many connections the door holds at once. */
  readonly most: number;
  /** How many connections one client may hold at once. Default: as many as the door has. */
  readonly perAddress?: number | undefined;
  /** Addresses that many clients share, so that `perAddress` does not apply. Default: loopback. */
  readonly isOfMany?: (address: string) => boolean;
}

/**
 * What happened to a connection when there was not enough room:
 * - `address_share`: refused; its address holds its share already.
 * - `door_full`: refused; all connections here are known.
 * - `made_room`: ended to make room for a later one; it was the stranger that had been here longest.
 */
export type Crowding = 'address_share' | 'door_full' | 'made_room';

/**
 * The connections of one door: who may come in, and who gives way. If a full door were closed to everybody else, it
 * would belong to anyone who opens connections and says nothing. So the stranger that came first gives way. An honest
 * client says what it wants at once. To keep it out, a crowd has to open a whole door's worth of connections in that
 * moment, again and again.
 *
 * Clients of one address share `perAddress`, so that one machine leaves room for others even if it is known. There is
 * no share for applications beside the agent: they all come from loopback or by a Unix socket, which has no address.
 */
export class Crowd<G extends Guest> implements Iterable<G> {
  readonly #limits: Required<CrowdLimits>;
  readonly #crowded: (what: Crowding) => void;
  readonly #guests = new Set<G>();
  /** Connections that were not known when last checked; the oldest comes first. */
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

  /** Why the client of `socket` may not come in; undefined if it may, and then there is room for it. */
  refusal({ remoteAddress }: Socket): Crowding | undefined {
    const { most, perAddress } = this.#limits;
    const holder = this.#holder(remoteAddress);
    let refused: Crowding | undefined;
    if (holder !== undefined && (this.#held.get(holder) ?? 0) >= perAddress) refused = 'address_share';
    else if (this.size >= most && !this.#makeRoom()) refused = 'door_full';
    if (refused !== undefined) this.#crowded(refused);
    return refused;
  }

  /** `guest` is here until `socket` closes, or until the function that this returns is called. */
  enter(guest: G, socket: Socket): () => void {
    const holder = this.#holder(socket.remoteAddress);
    this.#guests.add(guest);
    this.#strangers.add(guest);
    if (holder !== undefined) this.#held.set(holder, (this.#held.get(holder) ?? 0) + 1);
    let isHere = true;
    const leave = () => {
      if (!isHere) return;
      isHere = false;
      this.#forget(guest);
      if (holder === undefined) return;
      const left = (this.#held.get(holder) ?? 0) - 1;
      if (left > 0) this.#held.set(holder, left);
      else this.#held.delete(holder);
    };
    socket.once('close', leave);
    return leave;
  }

  /**
   * Ends the stranger that has been here longest; false if there is none. It takes known ones off the list as it
   * meets them.
   */
  #makeRoom(): boolean {
    for (const guest of this.#strangers) {
      if (guest.isKnown) {
        this.#strangers.delete(guest);
        continue;
      }
      // Its socket reports that it is closed only later.
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

/** True for the addresses at which a machine reaches itself. */
export function isLoopback(address: string): boolean {
  return /^(::1$|(::ffff:)?127\.)/i.test(address);
}

/**
 * The holder of an address: the address itself in version 4; in version 6 its first 64 bits, because one machine has
 * all addresses behind these.
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
