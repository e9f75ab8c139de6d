import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Fence, FenceAhead, FenceAnswer, FenceIdentity, FenceMark, FenceMove } from './domain/fence.ts';
import { type Counter, type CounterName, counterKey } from './domain/range.ts';
import { RETRY_REASONS } from './domain/store.ts';
import type { RedisLink } from './redis-link.ts';

/** Digits of 2^63 − 1: values are compared as texts of this length. */
const DIGITS = 19;

/** Counters whose highest end this process keeps in mind; the least recently used are forgotten. */
const MAX_KNOWN = 100_000;

/** Answers of the scripts that are no fence. */
const DONE = '';
const STRANGER = '?';
const TAKES_NO_WRITES = '!';

/**
 * The fence in Redis: one string per counter, moved by scripts only, and one hash, the identity. While Redis is away,
 * what this process was told or granted itself still speaks: it is not the fence, but it is never lower than what we
 * handed out.
 */
export class RedisFence implements Fence {
  readonly #link: RedisLink;
  readonly #identity: string;
  readonly #known = new Map<string, FenceMark>();

  constructor(link: RedisLink) {
    this.#link = link;
    this.#identity = `${this.#prefix}identity`;
  }

  get available(): boolean {
    return this.#link.up;
  }

  async raise(name: CounterName, move: FenceMove): Promise<FenceAnswer> {
    const { start, end, counter, generation = '' } = move;
    const key = this.#key(name);
    if (!this.#link.up) return this.#fromMemory(key, move);
    const answer = await this.#link.run(
      (redis) =>
        redis.raiseFence(key, this.#identity, padded(start), padded(end), padded(counter), generation),
      RETRY_REASONS.fenceUnclear,
    );
    if (answer === STRANGER) return { kind: 'stranger' };
    if (answer === TAKES_NO_WRITES) return this.#fromMemory(key, move);
    if (answer === DONE) {
      this.#know(key, { value: end, committed: counter });
      return { kind: 'ok' };
    }
    const mark = parse(key, answer);
    this.#know(key, mark);
    return { kind: 'ahead', ...mark };
  }

  async read(name: CounterName): Promise<bigint> {
    const key = this.#key(name);
    const value = await this.#link.run((redis) => redis.get(key));
    return value === null ? 0n : parse(key, value).value;
  }

  async identity(): Promise<FenceIdentity | undefined> {
    const fields = await this.#link.run((redis) => redis.hgetall(this.#identity));
    const { deploymentId, layout, generation, keySchema, sweep = '0', lowered = '0' } = fields;
    if (generation === undefined) return undefined;
    return {
      ...{ deploymentId: deploymentId ?? '', layout: layout ?? '', generation },
      ...{ keySchema: Number(keySchema), sweep: Number(sweep), lowered: Number(lowered) },
    };
  }

  async introduce(identity: Omit<FenceIdentity, 'sweep' | 'lowered'>): Promise<void> {
    const { deploymentId, layout, keySchema, generation } = identity;
    await this.#link.run((redis) =>
      redis.introduce(this.#identity, deploymentId, layout, keySchema, generation),
    );
  }

  async sweep(identity: FenceIdentity, counters: readonly Counter[]): Promise<FenceAhead[]> {
    if (counters.length === 0) return [];
    const keys = counters.map(({ name }) => this.#key(name));
    const values = counters.map(({ value }) => padded(value));
    const answers = await this.#link.run((redis) =>
      redis.sweepFences(
        1 + keys.length,
        ...[this.#identity, ...keys],
        ...[identity.generation, String(identity.lowered), ...values],
      ),
    );
    if (answers[0] === STRANGER) throw overtaken();
    return counters.flatMap((counter, index) => {
      const answer = answers[index] ?? DONE;
      return answer === DONE ? [] : [{ counter, ...parse(keys[index] ?? '', answer) }];
    });
  }

  async finishSweep(identity: FenceIdentity, number: number): Promise<void> {
    const noted = await this.#link.run((redis) =>
      redis.finishSweep(this.#identity, identity.generation, number),
    );
    if (noted !== 1) throw overtaken();
  }

  async lower(name: CounterName, to: bigint, generation = ''): Promise<void> {
    const key = this.#key(name);
    const lowered = await this.#link.run(
      (redis) => redis.lowerFence(key, this.#identity, padded(to), generation),
      RETRY_REASONS.fenceUnclear,
    );
    if (lowered !== 1) {
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Redis is not the one that MySQL says.', {
        reason: RETRY_REASONS.fenceStranger,
      });
    }
    this.#know(key, { value: to, committed: to });
  }

  #fromMemory(key: string, { start, end, counter }: FenceMove): FenceAnswer {
    const known = this.#known.get(key);
    if (known !== undefined && known.value > start) return { kind: 'ahead', ...known };
    this.#know(key, { value: end, committed: counter });
    return { kind: 'away' };
  }

  #know(key: string, mark: FenceMark): void {
    this.#known.delete(key);
    this.#known.set(key, mark);
    const oldest = this.#known.size > MAX_KNOWN ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** The braces put all fences and the identity into one slot of a Redis Cluster, as scripts on both need. */
  get #prefix(): string {
    return `${this.#link.prefix}{fence}:`;
  }

  #key(name: CounterName): string {
    return `${this.#prefix}${name.kind}:${counterKey(name)}`;
  }
}

function padded(value: bigint): string {
  return String(value).padStart(DIGITS, '0');
}

/** A fence that somebody set by hand without its zeros would compare wrongly for ever, so it is named. */
function parse(key: string, text: string): FenceMark {
  const [, value, committed] = /^([0-9]{19}) ([0-9]{19})$/.exec(text) ?? [];
  if (value !== undefined && committed !== undefined)
    return { value: BigInt(value), committed: BigInt(committed) };
  throw new LeafcutterError(
    'STORE_UNAVAILABLE',
    `The Redis key ${key} holds no fence: it must be two numbers of 19 digits.`,
    { reason: 'fence_unreadable' },
  );
}

function overtaken(): LeafcutterError {
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'Redis changed while it was swept; the next sweep begins anew.',
    { reason: 'sweep_overtaken' },
  );
}
