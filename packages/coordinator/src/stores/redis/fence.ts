import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type Redis, ReplyError } from 'ioredis';
import {
  type Fence,
  type FenceAhead,
  type FenceAnswer,
  type FenceIdentity,
  type FenceLowering,
  type FenceMark,
  type FenceMove,
  type LedgerMarks,
  NO_MARK,
  type Swept,
  type SweptCounter,
} from '../../domain/allocation/fence.ts';
import {
  type Counter,
  type CounterName,
  compareEras,
  counterKey,
  type Era,
  maxBigint,
} from '../../domain/allocation/range.ts';
import { RETRY_REASONS } from '../../domain/allocation/store.ts';
import type { RedisLink } from './link.ts';

/** Digits of 2^63 − 1: values are compared as texts of this length. */
const DIGITS = 19;

/** How many counters' highest ends this process remembers; the least recently used are forgotten. */
const MAX_KNOWN = 100_000;

/** How many counters one script looks at. */
const PAGE = 500;

/** A Redis is in trouble if so many scripts in a row found no connection, though PING is answered between. */
const SCRIPTS_TO_TELL = 3;

/** Commits are noted together after this long, so that they cost a refill nothing, milliseconds. */
const CONFIRM_AFTER_MS = 200;

/** The identity of a Redis that was asked and has none. */
const NO_GENERATION = '';

/** Answers of the scripts that are not a fence. */
const DONE = '';
const STRANGER = '?';
const EMPTY = 'empty';
/** Before Redis' words. */
const TAKES_NO_WRITES = '!';
const FORGOTTEN = 'forgotten';
const IS = 'is ';
const WAS = 'was ';

/** Out of memory, a replica, a disk that takes no snapshot, too few replicas. Scripts may put something before them. */
const NO_WRITES = /\b(OOM|READONLY|MISCONF|NOREPLICAS) /;

interface FenceTrouble {
  met(error: unknown): void;
  over(): void;
}

/**
 * The fence in Redis: one string per counter, a sorted set that tells when each rose, and the identity, a hash. Only
 * scripts change them. While Redis is away, this process goes by what it was told or granted itself. That is not the
 * fence, but it is never lower than what we handed out.
 */
export class RedisFence implements Fence {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #identity: string;
  readonly #counters: string;
  readonly #known = new Map<string, FenceMark>();
  /** Commits that Redis was not told of yet, by key. */
  readonly #unconfirmed = new Map<string, bigint>();
  #stopConfirming: Cancel | undefined;
  #takesWrites = true;
  /** Scripts in a row that failed while Redis was there. */
  #failedScripts = 0;
  /**
   * The generation of the Redis that was last seen. It counts while Redis is away too, because that one may be the
   * wrong one.
   */
  #generation: string | undefined;
  /** The generation of which Redis and MySQL last agreed here. */
  #agreed: string | undefined;
  readonly #trouble: FenceTrouble | undefined;

  /** `trouble` is told of a Redis that takes no writes or runs no scripts, and when it does again. */
  constructor(link: RedisLink, clock: Clock = systemClock, trouble?: FenceTrouble) {
    this.#link = link;
    this.#clock = clock;
    this.#trouble = trouble;
    this.#identity = `${this.#prefix}identity`;
    this.#counters = `${this.#prefix}counters`;
  }

  get available(): boolean {
    return this.#link.up;
  }

  get takesWrites(): boolean {
    return this.#takesWrites;
  }

  get incarnation(): number {
    return this.#link.incarnation;
  }

  async raise(moves: readonly FenceMove[]): Promise<FenceAnswer[]> {
    if (!this.#link.up) return this.#fromMemory(moves);
    const generation = moves[0]?.generation ?? '';
    const keys = [this.#identity, this.#counters, ...moves.map(({ name }) => this.#key(name))];
    const answers = await this.#script(
      (redis) => redis.raiseFences(keys.length, ...keys, generation, ...moves.flatMap(writeMove)),
      RETRY_REASONS.fenceUnclear,
    );
    const [whole = ''] = answers;
    if (whole === STRANGER) return moves.map(() => ({ kind: 'stranger' }));
    if (whole === EMPTY) {
      this.#generation = NO_GENERATION;
      // Asked anew each time: as soon as it takes writes it can be introduced, and nothing goes unfenced any longer.
      if (NO_WRITES.test(answers[1] ?? '')) this.#refusesWrites(answers[1] ?? '');
      else this.#wrote();
      const mayGoUnfenced = moves.every((move) => move.mayGoUnfenced);
      if (!this.#takesWrites && !mayGoUnfenced) return moves.map(() => ({ kind: 'away' }));
      return this.#fromMemory(moves);
    }
    this.#generation = generation;
    this.#agreed = generation;
    if (whole.startsWith(TAKES_NO_WRITES)) {
      this.#refusesWrites(whole.slice(TAKES_NO_WRITES.length));
      return this.#fromMemory(moves);
    }
    const told = moves.map(({ name }, index) => readAnswer(this.#key(name), answers[index]));
    this.#learn(moves, told);
    if (told.every(({ kind }) => kind === 'ok')) this.#wrote();
    return told;
  }

  async read(name: CounterName): Promise<FenceMark> {
    const key = this.#key(name);
    const text = await this.#link.run((redis) => redis.get(key), RETRY_REASONS.fenceUnclear);
    return text === null ? NO_MARK : parse(key, text);
  }

  confirm(name: CounterName, value: bigint): void {
    if (this.#unconfirmed.size >= MAX_KNOWN) return;
    const key = this.#key(name);
    this.#unconfirmed.set(key, maxBigint(value, this.#unconfirmed.get(key) ?? 0n));
    this.#stopConfirming ??= this.#clock.after(CONFIRM_AFTER_MS, () => void this.#tellConfirmed());
  }

  /** Forgets what Redis was not told yet. */
  close(): void {
    this.#stopConfirming?.();
    this.#unconfirmed.clear();
  }

  async identity(): Promise<FenceIdentity | undefined> {
    const fields = await this.#link.run((redis) => redis.hgetall(this.#identity));
    const { deploymentId, layout, generation, keySchema, sweep = '0', sweepBefore } = fields;
    const { ledgerFrom, ledgerNext } = fields;
    this.#generation = generation ?? NO_GENERATION;
    if (generation === undefined) return undefined;
    return {
      deploymentId: deploymentId ?? '',
      layout: layout ?? '',
      generation,
      keySchema: Number(keySchema),
      sweep: Number(sweep),
      ...(sweepBefore === undefined ? {} : { sweepBefore: Number(sweepBefore) }),
      ...(ledgerFrom === undefined
        ? {}
        : { ledger: { fromMs: Number(ledgerFrom), nextMs: Number(ledgerNext) } }),
    };
  }

  async introduce(identity: Parameters<Fence['introduce']>[0]): Promise<void> {
    const { deploymentId, layout, keySchema, generation } = identity;
    await this.#write((redis) =>
      redis.introduce(this.#identity, deploymentId, layout, keySchema, generation),
    );
    this.#wrote();
  }

  async *counters(sinceSweep: number | undefined): AsyncGenerator<readonly CounterName[]> {
    // From the latest down. A fence that rises meanwhile moves to the front, so no other is skipped because of it.
    for (let offset = 0; ; offset += PAGE) {
      const names = await this.#link.run((redis) =>
        redis.zrevrangebyscore(this.#counters, '+inf', sinceSweep ?? '-inf', 'LIMIT', offset, PAGE),
      );
      yield names.flatMap((name) => readName(name) ?? []);
      if (names.length < PAGE) return;
    }
  }

  async sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept> {
    if (counters.length === 0) return { ahead: [], unreadable: [] };
    const keys = [this.#identity, this.#counters, ...counters.map(({ name }) => this.#key(name))];
    const values = counters.flatMap((counter) => {
      const { name, value, granted } = counter;
      return [nameOf(name), padded(value), padded(granted), writeEra(counter)];
    });
    const { generation, sweep } = identity;
    const answers = await this.#write((redis) =>
      redis.sweepFences(keys.length, ...keys, generation, String(sweep), ...values),
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

  async finishSweep(
    { generation, sweep }: FenceIdentity,
    number: number,
    { fromMs, nextMs }: LedgerMarks,
  ): Promise<void> {
    const noted = await this.#write((redis) =>
      redis.finishSweep(this.#identity, generation, sweep, number, fromMs, nextMs),
    );
    if (noted !== 1) throw overtaken();
    this.#agreed = generation;
    this.#wrote();
  }

  async lower(
    name: CounterName,
    from: FenceMark,
    { to, era, taken, generation = '' }: FenceLowering,
  ): Promise<void> {
    const key = this.#key(name);
    const keys = [key, this.#identity, this.#counters] as const;
    const after = { value: to, committed: to, granted: to, era, taken };
    const answer = await this.#link.run(
      (redis) => redis.lowerFence(...keys, writeMark(from), writeMark(after), generation, nameOf(name)),
      RETRY_REASONS.fenceUnclear,
    );
    if (answer === STRANGER)
      throw unavailable('This Redis is not the one that MySQL names.', RETRY_REASONS.fenceStranger);
    if (answer !== DONE) throw unavailable('The fence moved in the meantime; try again.', 'fence_moved');
    this.#know(key, after);
  }

  /** Unfenced: only what this process was told or granted itself counts. */
  #fromMemory(moves: readonly FenceMove[]): FenceAnswer[] {
    const answers = moves.map((move): FenceAnswer => {
      if (this.#isAnothers(move.generation)) return { kind: 'stranger' };
      if (!move.mayGoUnfenced) return { kind: 'away' };
      const known = this.#known.get(this.#key(move.name)) ?? NO_MARK;
      const later = compareEras(known, move);
      if (later > 0) return { kind: 'forgotten' };
      return later === 0 && known.value > move.start ? { kind: 'ahead', ...known } : { kind: 'away' };
    });
    if (moves.every(({ mayGoUnfenced }) => mayGoUnfenced)) this.#learn(moves, answers);
    return answers;
  }

  /** Remembers where fences stand, and where they go to if none of them refuses. */
  #learn(moves: readonly FenceMove[], answers: readonly FenceAnswer[]): void {
    const isGranted = answers.every(({ kind }) => kind === 'ok' || kind === 'away');
    for (const [index, { name, end, counter, ...move }] of moves.entries()) {
      const answer = answers[index];
      const { era, taken } = move.begins ?? move;
      if (isGranted)
        this.#know(this.#key(name), { value: end, committed: counter, granted: end, era, taken });
      else if (answer?.kind === 'ahead') {
        const { kind: _, ...mark } = answer;
        this.#know(this.#key(name), mark);
      }
    }
  }

  /**
   * Whether the Redis that was last seen is not that of `generation`, or was not yet introduced as such. One that forgot who it
   * is and takes no writes cannot be introduced: it counts as away, if this process knew it as the one that MySQL still names.
   */
  #isAnothers(generation: string | undefined): boolean {
    if (this.#generation === undefined || this.#generation === generation) return false;
    const isOurs = this.#generation === NO_GENERATION && generation === this.#agreed;
    return !isOurs || this.#takesWrites;
  }

  /** @throws STORE_UNAVAILABLE, with reason `redis_read_only` if Redis says that it takes no writes */
  async #write<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#script(work);
    } catch (error) {
      const { cause } = error as Error;
      if (!isNoWrites(cause)) throw error;
      this.#refusesWrites(cause.message);
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Redis does not accept writes.', {
        reason: 'redis_read_only',
        cause,
      });
    }
  }

  /** Who answers PING may still refuse, or hold up, all that the fence is made of, and nothing else would tell. */
  async #script<T>(work: (redis: Redis) => Promise<T>, reason?: string): Promise<T> {
    try {
      const result = await this.#link.run(work, reason);
      if (this.#failedScripts > 0) this.#trouble?.over();
      this.#failedScripts = 0;
      return result;
    } catch (error) {
      const { cause } = error as Error;
      this.#failedScripts += 1;
      // A connection that broke once is back in a moment.
      const isTold = isRefusal(cause) || this.#failedScripts >= SCRIPTS_TO_TELL;
      if (this.#link.up && isTold && !isNoWrites(cause)) this.#trouble?.met(cause);
      throw error;
    }
  }

  #refusesWrites(words: string): void {
    this.#takesWrites = false;
    this.#trouble?.met(new Error(words));
  }

  #wrote(): void {
    if (this.#takesWrites) return;
    this.#takesWrites = true;
    this.#trouble?.over();
  }

  async #tellConfirmed(): Promise<void> {
    this.#stopConfirming = undefined;
    const commits = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    for (let at = 0; at < commits.length; at += PAGE) {
      const page = commits.slice(at, at + PAGE);
      const keys = [this.#identity, ...page.map(([key]) => key)];
      const values = page.map(([, value]) => padded(value));
      // If no answer comes, a loss is reported as a range that was perhaps not committed, and the next sweep notes it
      // too.
      await this.#link
        .run((redis) => redis.confirmFences(keys.length, ...keys, this.#generation ?? '', ...values))
        .catch(() => undefined);
    }
  }

  #know(key: string, mark: FenceMark): void {
    this.#known.delete(key);
    this.#known.set(key, mark);
    const oldest = this.#known.size > MAX_KNOWN ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** The braces put all fences and the identity into one slot of a Redis Cluster, because scripts need both. */
  get #prefix(): string {
    return `${this.#link.prefix}{fence}:`;
  }

  #key(name: CounterName): string {
    return `${this.#prefix}${nameOf(name)}`;
  }
}

/** What says more than that the connection broke. */
function isRefusal(error: unknown): boolean {
  return error instanceof ReplyError || (error instanceof Error && error.message === 'Command timed out');
}

function isNoWrites(error: unknown): error is Error {
  return error instanceof Error && NO_WRITES.test(error.message);
}

/** A counter's name in Redis. */
function nameOf(name: CounterName): string {
  return `${name.kind}:${counterKey(name)}`;
}

function readName(text: string): CounterName | undefined {
  const [, kind, key = ''] = /^(tag|machine):(.+)$/s.exec(text) ?? [];
  if (kind === 'tag') return { kind, tag: key };
  return kind === 'machine' && /^\d{1,9}$/.test(key) ? { kind, machineId: Number(key) } : undefined;
}

function padded(value: bigint): string {
  return String(value).padStart(DIGITS, '0');
}

/** A fence that does not exist is the empty text. */
function writeMark(mark: FenceMark): string {
  const { value, committed, granted } = mark;
  if (value === 0n) return '';
  const era = writeEra(mark);
  return [...[value, committed, granted].map(padded), ...(era === '' ? [] : [era])].join(' ');
}

/** The first era is the empty text. */
function writeEra({ era, taken }: Era): string {
  if (era === undefined) return '';
  return [BigInt(era), taken?.start ?? 0n, taken?.end ?? 0n].map(padded).join(' ');
}

/** Undefined if the text is not a fence. */
function readMark(text: string): FenceMark | undefined {
  if (!/^[0-9]{19}( [0-9]{19}){2}(( [0-9]{19}){3})?$/.test(text)) return undefined;
  const [value = 0n, committed = 0n, granted = 0n, era, start = 0n, end = 0n] = text.split(' ').map(BigInt);
  const mark = { value, committed, granted };
  if (era === undefined) return mark;
  return { ...mark, era: Number(era), ...(end === 0n ? {} : { taken: { start, end } }) };
}

/** What the script needs of a move, besides its key. */
function writeMove(move: FenceMove): string[] {
  const { name, start, end, counter, top, begins = move } = move;
  const numbers = [start, end, counter, top].map(padded);
  return [nameOf(name), ...numbers, writeEra(move).slice(0, DIGITS), writeEra(begins)];
}

/** What the script said of one fence. */
function readAnswer(key: string, answer: string | undefined): FenceAnswer {
  if (answer === DONE) return { kind: 'ok' };
  if (answer === FORGOTTEN) return { kind: 'forgotten' };
  if (answer?.startsWith(WAS)) {
    const before = readMark(answer.slice(WAS.length));
    return before === undefined ? { kind: 'ok' } : { kind: 'ok', before };
  }
  const mark = readMark(answer?.slice(IS.length) ?? '');
  return mark === undefined ? { kind: 'unreadable', error: unreadable(key) } : { kind: 'ahead', ...mark };
}

/** A fence that somebody set by hand without its zeros would compare wrongly for ever, so the error names it. */
function parse(key: string, text: string): FenceMark {
  const mark = readMark(text);
  if (mark === undefined) throw unreadable(key);
  return mark;
}

function unreadable(key: string): LeafcutterError {
  return unavailable(
    `The Redis key ${key} is not a fence: it must be three numbers of 19 digits.`,
    'fence_unreadable',
  );
}

function overtaken(): LeafcutterError {
  return unavailable('Redis changed during a sweep; the next sweep starts over.', 'sweep_overtaken');
}

function unavailable(message: string, reason: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason });
}
