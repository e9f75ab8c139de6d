import type { Fence, FenceAnswer } from './domain/fence.ts';
import { type CounterName, counterKey } from './domain/range.ts';
import { RETRY_REASONS } from './domain/store.ts';
import type { RedisLink } from './redis-link.ts';

/** Digits of 2^63 − 1: values are compared as texts of this length. */
const DIGITS = 19;

/** The fence in Redis: one string per counter, moved by `raise-fence.lua` only. */
export class RedisFence implements Fence {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  get available(): boolean {
    return this.#link.up;
  }

  async raise(name: CounterName, start: bigint, end: bigint): Promise<FenceAnswer> {
    const answer = await this.#link.run(
      (redis) => redis.raiseFence(this.#key(name), padded(start), padded(end)),
      RETRY_REASONS.fenceUnclear,
    );
    return answer === '' ? { kind: 'ok' } : { kind: 'ahead', value: BigInt(answer) };
  }

  async read(name: CounterName): Promise<bigint> {
    const value = await this.#link.run((redis) => redis.get(this.#key(name)));
    return value === null ? 0n : BigInt(value);
  }

  #key(name: CounterName): string {
    return `${this.#link.prefix}fence:${name.kind}:${counterKey(name)}`;
  }
}

function padded(value: bigint): string {
  return String(value).padStart(DIGITS, '0');
}
