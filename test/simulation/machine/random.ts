import { seededRandom } from '@leafcutter/agent/fakes/seeded-random';

/**
 * Random numbers for one part of a simulation. Each part has its own stream, drawn from the seed and the part's name,
 * so that leaving one part out (as shrinking does) changes the others as little as possible.
 */
export class Random {
  readonly next: () => number;

  constructor(seed: number, name: string) {
    let state = (0x811c9dc5 ^ seed) >>> 0;
    for (const letter of name) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    this.next = seededRandom(state);
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T;
  pick<T>(choices: readonly T[]): T | undefined;
  pick<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.next() * choices.length)];
  }

  /** What a process start draws as its instance id. */
  uuid(): string {
    const digits = Array.from({ length: 32 }, () => Math.floor(this.next() * 16).toString(16)).join('');
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
}
