import { LeafcutterError } from '@leafcutter/shared/errors';
import {
  type Fence,
  type FenceAhead,
  type FenceAnswer,
  type FenceIdentity,
  type FenceMark,
  type FenceMove,
  NO_MARK,
  type Swept,
  type SweptCounter,
} from './domain/fence.ts';
import { type Counter, type CounterName, counterKey } from './domain/range.ts';
import { RETRY_REASONS } from './domain/store.ts';
import type { RedisLink } from './redis-link.ts';

/** Digits of 2^63 − 1: values are compared as texts of this length. */
const DIGITS = 19;

/** Counters whose highest end this process keeps in mind; the least recently used are forgotten. */
const MAX_KNOWN = 100_000;

/** Of a Redis that was asked who it is, and has no identity. */
const NO_GENERATION = '';

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
  /** The generation of the Redis that was last seen: one that is away may be the wrong one, too. */
  #generation: string | undefined;

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
    this.#generation = generation;
    if (answer === TAKES_NO_WRITES) return this.#fromMemory(key, move);
    if (answer === DONE) {
      this.#know(key, { value: end, committed: counter, granted: end });
      return { kind: 'ok' };
    }
    const mark = parse(key, answer);
    this.#know(key, mark);
    return { kind: 'ahead', ...mark };
  }

  async read(name: CounterName): Promise<FenceMark> {
    const key = this.#key(name);
    const text = await this.#link.run((redis) => redis.get(key));
    return text === null ? NO_MARK : parse(key, text);
  }

  async identity(): Promise<FenceIdentity | undefined> {
    const fields = await this.#link.run((redis) => redis.hgetall(this.#identity));
    const { deploymentId, layout, generation, keySchema, sweep = '0', lowered = '0' } = fields;
    this.#generation = generation ?? NO_GENERATION;
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

  async sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept> {
    if (counters.length === 0) return { ahead: [], unreadable: [] };
    const keys = counters.map(({ name }) => this.#key(name));
    const values = counters.flatMap(({ value, granted }) => [padded(value), padded(granted)]);
    const { generation, sweep, lowered } = identity;
    const answers = await this.#link.run((redis) =>
      redis.sweepFences(
        1 + keys.length,
        ...[this.#identity, ...keys],
        ...[generation, String(sweep), String(lowered), ...values],
      ),
    );
    if (answers[0] === STRANGER) throw overtaken();
    const ahead: FenceAhead[] = [];
    const unreadable: Counter[] = [];
    for (const [index, counter] of counters.entries()) {
      const answer = answers[index] ?? DONE;
      const mark = readMark(answer);
      if (mark !== undefined) ahead.push({ counter, ...mark });
      else if (answer !== DONE) unreadable.push(counter);
    }
    return { ahead, unreadable };
  }

  async finishSweep(identity: FenceIdentity, number: number): Promise<void> {
    const { generation, sweep } = identity;
    const noted = await this.#link.run((redis) =>
      redis.finishSweep(this.#identity, generation, sweep, number),
    );
    if (noted !== 1) throw overtaken();
  }

  async lower(name: CounterName, from: FenceMark, to: bigint, generation = ''): Promise<void> {
    const key = this.#key(name);
    const answer = await this.#link.run(
      (redis) => redis.lowerFence(key, this.#identity, writeMark(from), padded(to), generation),
      RETRY_REASONS.fenceUnclear,
    );
    if (answer === STRANGER)
      throw unavailable('Redis is not the one that MySQL says.', RETRY_REASONS.fenceStranger);
    if (answer !== DONE) throw unavailable('The fence moved meanwhile; try again.', 'fence_moved');
    this.#know(key, { value: to, committed: to, granted: to });
  }

  /** Unfenced: only what this process was told or granted itself speaks. */
  #fromMemory(key: string, { start, end, counter, generation }: FenceMove): FenceAnswer {
    if (this.#generation !== undefined && this.#generation !== generation) return { kind: 'stranger' };
    const known = this.#known.get(key);
    if (known !== undefined && known.value > start) return { kind: 'ahead', ...known };
    this.#know(key, { value: end, committed: counter, granted: end });
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

/** A fence that is not there is the empty text. */
function writeMark({ value, committed, granted }: FenceMark): string {
  return value === 0n ? '' : [value, committed, granted].map(padded).join(' ');
}

/** Undefined where this is no fence. */
function readMark(text: string): FenceMark | undefined {
  const [, value, committed, granted] = /^([0-9]{19}) ([0-9]{19}) ([0-9]{19})$/.exec(text) ?? [];
  if (value === undefined || committed === undefined || granted === undefined) return undefined;
  return { value: BigInt(value), committed: BigInt(committed), granted: BigInt(granted) };
}

/** A fence that somebody set by hand without its zeros would compare wrongly for ever, so it is named. */
function parse(key: string, text: string): FenceMark {
  const mark = readMark(text);
  if (mark !== undefined) return mark;
  throw unavailable(
    `The Redis key ${key} holds no fence: it must be three numbers of 19 digits.`,
    'fence_unreadable',
  );
}

function overtaken(): LeafcutterError {
  return unavailable('Redis changed while it was swept; the next sweep begins anew.', 'sweep_overtaken');
}

function unavailable(message: string, reason: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason });
}
