import { type Cipheriv, createCipheriv } from 'node:crypto';

const ROUNDS = 10;
const BLOCK_BYTES = 16;

/** Numbers of up to 64 bits in two 32-bit words each. */
export interface WordPairs {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/** Numbers on their way through the rounds: the halves of each, and its place in the result. */
interface Walkers {
  readonly left: Uint32Array;
  readonly right: Uint32Array;
  readonly place: Uint32Array;
  /** What the cipher encrypts: a block for each. */
  readonly blocks: DataView;
}

/**
 * A keyed permutation of the numbers from 0 to below `size`, one-to-one for any size: a balanced Feistel network
 * whose round function is AES-128. It is applied again until the result lies in the range (cycle walking; Black and
 * Rogaway, "Ciphers with arbitrary finite domains", 2002). For 2^63 numbers it is applied about twice.
 *
 * Many numbers go through a round together, because one call of the cipher costs as much as encrypting dozens of
 * blocks.
 */
export class Permutation {
  readonly #size: bigint;
  /** Bits of each half, 1 to 32. */
  readonly #halfBits: number;
  readonly #mask: number;
  readonly #aes: Cipheriv;

  /** `key`: 16 bytes; `size`: 1 to 2^63. */
  constructor(key: Buffer, size: bigint) {
    if (size < 1n || size > 2n ** 63n) throw new RangeError(`a permutation of ${size} numbers`);
    this.#size = size;
    this.#halfBits = Math.max(1, Math.ceil((size - 1n).toString(2).length / 2));
    this.#mask = 2 ** this.#halfBits - 1;
    this.#aes = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  /** What the `count` numbers from `first` on become, in their order. @throws RangeError outside the permutation */
  applyRun(first: bigint, count: number): WordPairs {
    if (first < 0n || first + BigInt(count) > this.#size)
      throw new RangeError(`${count} numbers from ${first} on are outside the permutation`);
    const walkers = walkersFor(count);
    let [left, right] = this.#halves(first);
    for (let at = 0; at < count; at++) {
      walkers.left[at] = left;
      walkers.right[at] = right;
      if (right === this.#mask) [left, right] = [left + 1, 0];
      else right += 1;
    }
    return this.#walked(walkers);
  }

  /** The number that became this one. @throws RangeError outside the permutation */
  invert(number: bigint): bigint {
    if (number < 0n || number >= this.#size) throw new RangeError(`${number} is outside the permutation`);
    // With its halves swapped, a number takes the same way through the rounds in reverse order.
    const walkers = walkersFor(1);
    let [left, right] = this.#halves(number);
    do {
      [walkers.right[0], walkers.left[0]] = [left, right];
      this.#rounds(walkers, 1, ROUNDS - 1, -1);
      [right = 0, left = 0] = [walkers.left[0], walkers.right[0]];
    } while (this.#isOutside(left, right));
    return (BigInt(left) << BigInt(this.#halfBits)) | BigInt(right);
  }

  #halves(number: bigint): [left: number, right: number] {
    return [Number(number >> BigInt(this.#halfBits)), Number(number & BigInt(this.#mask))];
  }

  #isOutside(left: number, right: number): boolean {
    const [sizeLeft, sizeRight] = this.#halves(this.#size);
    return left > sizeLeft || (left === sizeLeft && right >= sizeRight);
  }

  /** All of them walk until they are inside; those that are stop. */
  #walked(walkers: Walkers): WordPairs {
    const { left, right, place } = walkers;
    const high = new Uint32Array(place.length);
    const low = new Uint32Array(place.length);
    const [sizeLeft, sizeRight] = this.#halves(this.#size);
    const halfBits = this.#halfBits;
    for (let walking = place.length; walking > 0; ) {
      this.#rounds(walkers, walking, 0, 1);
      let outside = 0;
      for (let at = 0; at < walking; at++) {
        const l = left[at] as number;
        const r = right[at] as number;
        const to = place[at] as number;
        if (l > sizeLeft || (l === sizeLeft && r >= sizeRight)) {
          left[outside] = l;
          right[outside] = r;
          place[outside] = to;
          outside += 1;
        } else if (halfBits === 32) {
          high[to] = l;
          low[to] = r;
        } else {
          high[to] = l >>> (32 - halfBits);
          low[to] = (l << halfBits) | r;
        }
      }
      walking = outside;
    }
    return { high, low };
  }

  /** All rounds for the first `count` walkers. Running them in reverse order with swapped halves is the inverse. */
  #rounds({ left, right, blocks }: Walkers, count: number, first: number, step: 1 | -1): void {
    const input = new Uint8Array(blocks.buffer, 0, count * BLOCK_BYTES);
    for (let done = 0, round = first; done < ROUNDS; done++, round += step) {
      for (let at = 0; at < count; at++) {
        blocks.setUint32(at * BLOCK_BYTES, right[at] as number, true);
        blocks.setUint16(at * BLOCK_BYTES + 4, round | (this.#halfBits << 8), true);
      }
      const mixed = this.#aes.update(input);
      for (let at = 0; at < count; at++) {
        const half = right[at] as number;
        right[at] = (left[at] as number) ^ (mixed.readUInt32LE(at * BLOCK_BYTES) & this.#mask);
        left[at] = half;
      }
    }
  }
}

function walkersFor(count: number): Walkers {
  const words = () => new Uint32Array(count);
  return {
    left: words(),
    right: words(),
    place: words().map((_, at) => at),
    blocks: new DataView(new ArrayBuffer(count * BLOCK_BYTES)),
  };
}
