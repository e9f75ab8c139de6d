import { createHash, hkdfSync } from 'node:crypto';
import { Permutation } from './permutation.ts';

/** Permutations of one tag, by the version of their key. */
export interface TagKeys {
  /** The version that new IDs are written with. */
  readonly newest: number;
  /** Undefined for a version whose key is not here. `size`: how many numbers it permutes. */
  permutation(version: number, size: bigint): Permutation | undefined;
}

/** How an agent says which key it writes opaque IDs with; the coordinator compares it with its own. */
export function keyMark(version: number, checkValue: string): string {
  return `opaque:${version}:${checkValue}`;
}

/** How many tags' permutations are kept ready. */
const MAX_TAGS = 10_000;

/**
 * The keys of opaque IDs by version, 0 to 9. The highest version writes; the others read what was written with them
 * before. Each tag has keys of its own, derived from these (HKDF, RFC 5869).
 */
export class OpaqueKeys {
  readonly #keys = new Map<number, string>();
  readonly #tags = new Map<string, TagKeys>();

  /** `entries`: `version=key`. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const at = entry.indexOf('=');
      this.#keys.set(Number(entry.slice(0, at)), entry.slice(at + 1));
    }
  }

  /** Undefined if there is no key at all. */
  get newest(): number | undefined {
    return this.#keys.size === 0 ? undefined : Math.max(...this.#keys.keys());
  }

  get versions(): number[] {
    return [...this.#keys.keys()].sort((a, b) => a - b);
  }

  /** Shows whether two processes have the same key, and nothing else about it; undefined if there is none. */
  checkValue(version: number): string | undefined {
    const key = this.#keys.get(version);
    if (key === undefined) return undefined;
    return createHash('sha256')
      .update(`leafcutter opaque check\0${version}\0${key}`)
      .digest('hex')
      .slice(0, 16);
  }

  /** Undefined if there is no key at all. */
  forTag(tag: string): TagKeys | undefined {
    const { newest } = this;
    if (newest === undefined) return undefined;
    const known = this.#tags.get(tag);
    if (known !== undefined) return known;
    const permutations = new Map<string, Permutation>();
    const keys: TagKeys = {
      newest,
      permutation: (version, size) => {
        const name = `${version} ${size}`;
        const made = permutations.get(name) ?? this.#permutation(tag, version, size);
        if (made !== undefined) permutations.set(name, made);
        return made;
      },
    };
    if (this.#tags.size >= MAX_TAGS) this.#tags.clear();
    this.#tags.set(tag, keys);
    return keys;
  }

  #permutation(tag: string, version: number, size: bigint): Permutation | undefined {
    const key = this.#keys.get(version);
    if (key === undefined) return undefined;
    const info = `${version}\0${size}\0${tag}`;
    return new Permutation(Buffer.from(hkdfSync('sha256', key, 'leafcutter opaque ids', info, 16)), size);
  }
}
