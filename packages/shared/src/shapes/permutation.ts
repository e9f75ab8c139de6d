import { type Cipheriv, createCipheriv } from 'node:crypto';

const ROUNDS = 10;
const BLOCK_BYTES = 16;

/**
 * A keyed permutation of the numbers from 0 to below `size`, one-to-one for any size: a balanced Feistel network
 * whose round function is AES-128. It is applied again until the result lies in the range (cycle walking; Black and
 * Rogaway, "Ciphers with arbitrary finite domains", 2002). For 2^63 numbers it is applied about twice.
 */
export class Permutation {
  readonly #size: bigint;
  /** Bits of each half, 1 to 32. */
  readonly #halfBits: number;
  readonly #mask: number;
  readonly #aes: Cipheriv;
  readonly #block = Buffer.alloc(BLOCK_BYTES);

  /** `key`: 16 bytes; `size`: 1 to 2^63. */
  constructor(key: Buffer, size: bigint) {
    if (size < 1n || size > 2n ** 63n) throw new RangeError(`a permutation of ${size} numbers`);
    this.#size = size;
    this.#halfBits = Math.max(1, Math.ceil((size - 1n).toString(2).length / 2));
    this.#mask = 2 ** this.#halfBits - 1;
    this.#aes = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  apply(number: bigint): bigint {
    let walked = this.#checked(number);
    do walked = this.#round(walked, 0, 1);
    while (walked >= this.#size);
    return walked;
  }

  invert(number: bigint): bigint {
    let walked = this.#checked(number);
    do walked = this.#round(walked, ROUNDS - 1, -1);
    while (walked >= this.#size);
    return walked;
  }

  #checked(number: bigint): bigint {
    if (number < 0n || number >= this.#size) throw new RangeError(`${number} is outside the permutation`);
    return number;
  }

  /**
   * All rounds, from `first` on, up or down. The halves are arranged so that reversing the rounds reverses the
   * permutation.
   */
  #round(number: bigint, first: number, step: 1 | -1): bigint {
    const shift = BigInt(this.#halfBits);
    let [left, right] = [Number(number >> shift), Number(number & BigInt(this.#mask))];
    if (step < 0) [left, right] = [right, left];
    for (let done = 0, round = first; done < ROUNDS; done++, round += step) {
      [left, right] = [right, (left ^ this.#mix(round, right)) >>> 0];
    }
    if (step < 0) [left, right] = [right, left];
    return (BigInt(left) << shift) | BigInt(right);
  }

  #mix(round: number, half: number): number {
    this.#block.writeUInt32LE(half, 0);
    this.#block[4] = round;
    this.#block[5] = this.#halfBits;
    return (this.#aes.update(this.#block).readUInt32LE(0) & this.#mask) >>> 0;
  }
}
