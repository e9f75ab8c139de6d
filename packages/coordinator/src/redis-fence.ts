import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Fence, FenceAnswer } from './domain/fence.ts';
import { type CounterName, counterKey } from './domain/range.ts';
import { RETRY_REASONS } from './domain/store.ts';
import type { RedisLink } from './redis-link.ts';

/** Digits of 2^63 − 1: values are compared as texts of this length. */
const DIGITS = 19;

/** Counters whose highest end this process keeps in mind; the least recently used are forgotten. */
const MAX_KNOWN = 100_000;

/** Answers of `raise-fence.lua` that are no value. */
const RAISED = '';
const TAKES_NO_WRITES = '!';

/**
 * The fence in Redis: one string per counter, moved by `raise-fence.lua` only. While Redis is away, what this process
 * was told or granted itself still speaks: it is not the fence, but it is never lower than what we handed out.
 */
export class RedisFence implements Fence {
  readonly #link: RedisLink;
  readonly #known = new Map<string, bigint>();

  constructor(link: RedisLink) {
    this.#link = link;
  }

  get available(): boolean {
    return this.#link.up;
  }

  async raise(name: CounterName, start: bigint, end: bigint): Promise<FenceAnswer> {
    const key = this.#key(name);
    if (!this.#link.up) return this.#fromMemory(key, start, end);
    const answer = await this.#link.run(
      (redis) => redis.raiseFence(key, padded(start), padded(end)),
      RETRY_REASONS.fenceUnclear,
    );
    if (answer === TAKES_NO_WRITES) return this.#fromMemory(key, start, end);
    if (answer === RAISED) {
      this.#know(key, end);
      return { kind: 'ok' };
    }
    const value = parse(key, answer);
    this.#know(key, value);
    return { kind: 'ahead', value };
  }

  async read(name: CounterName): Promise<bigint> {
    const key = this.#key(name);
    const value = await this.#link.run((redis) => redis.get(key));
    return value === null ? 0n : parse(key, value);
  }

  #fromMemory(key: string, start: bigint, end: bigint): FenceAnswer {
    const known = this.#known.get(key) ?? 0n;
    if (known > start) return { kind: 'ahead', value: known };
    this.#know(key, end);
    return { kind: 'away' };
  }

  #know(key: string, end: bigint): void {
    this.#known.delete(key);
    this.#known.set(key, end);
    const oldest = this.#known.size > MAX_KNOWN ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  #key(name: CounterName): string {
    return `${this.#link.prefix}fence:${name.kind}:${counterKey(name)}`;
  }
}

function padded(value: bigint): string {
  return String(value).padStart(DIGITS, '0');
}

/** A fence that somebody set by hand without its zeros would compare wrongly for ever, so it is named. */
function parse(key: string, value: string): bigint {
  if (/^[0-9]{19}$/.test(value)) return BigInt(value);
  throw new LeafcutterError(
    'STORE_UNAVAILABLE',
    `The Redis key ${key} holds no fence: it must be 19 digits.`,
    {
      reason: 'fence_unreadable',
    },
  );
}
