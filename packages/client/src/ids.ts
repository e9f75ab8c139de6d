import { nextFetchSize } from './fetch-size.ts';
import { badArgument, IdError } from './id-error.ts';
import type { Counts, Runway, WaitOptions } from './id-shapes.ts';
import type { IdRange, IdSource, SnowflakeParts } from './id-source.ts';
import { LocalRanges } from './local-ranges.ts';

/** Most IDs of one request. */
export const MAX_COUNT = 10_000;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface IdsRules {
  readonly waitMs: number;
  readonly maxWaiting: number;
  readonly minFetch: number;
  readonly maxFetch: number;
}

interface Waiter {
  readonly count: number;
  readonly taken: bigint[];
  readonly resolve: (ids: bigint[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The line of all tags for which nobody waits: a process may hold thousands that are idle. Nobody can be added to it. */
const NOBODY = Object.freeze<Waiter[]>([]) as Waiter[];

/**
 * IDs of one tag for this process. *Open* from `connect` until `close`; then *closed*, and every call is refused.
 * While open it holds ranges, and fetches more when half of the last fetch is used. Callers of `nextAsync` and
 * `batch` that find too few IDs wait in line.
 */
export class Ids implements AsyncDisposable {
  readonly #api: IdSource;
  readonly #tag: string;
  readonly #rules: IdsRules;
  readonly #local = new LocalRanges();
  #line = NOBODY;
  #closed = false;
  #fetching = false;
  /** Ends the request under way. */
  #request: AbortController | undefined;
  #fetchSize: number;
  /** Fetch when no more than this many are left. */
  #low = 0;
  #fetched = 0;
  #discarded = 0;
  #reserved = 0;
  #landedAt = performance.now();
  #leftAtLanding = 0;
  #lastFailure: IdError | undefined;

  constructor(api: IdSource, tag: string, rules: IdsRules) {
    this.#api = api;
    this.#tag = tag;
    this.#rules = rules;
    this.#fetchSize = rules.minFetch;
  }

  /**
   * The next ID, from memory. @throws IdError SEGMENTS_EXHAUSTED if there is none: use `nextAsync`, or try again
   * later.
   */
  next(): bigint {
    const id = this.#local.next();
    if (this.#local.left <= this.#low) this.#fetch();
    if (id === undefined) throw this.#empty();
    return id;
  }

  /** The next ID in decimal digits, from memory; faster than `String(next())`. @throws as `next` */
  nextString(): string {
    const id = this.#local.nextString();
    if (this.#local.left <= this.#low) this.#fetch();
    if (id === undefined) throw this.#empty();
    return id;
  }

  /** The next ID, after a wait if none is in memory. @throws IdError; the signal's reason */
  async nextAsync({ signal }: WaitOptions = {}): Promise<bigint> {
    // Callers in line have emptied memory already, so this overtakes nobody.
    if (this.#local.left > 0 && signal?.aborted !== true) return this.next();
    const [id] = await this.#wait(1, signal);
    if (id === undefined) throw new Error('a wait for one ID ended with none');
    return id;
  }

  /** `count` IDs, 1 to 10,000, rising; not always consecutive. @throws IdError; the signal's reason */
  async batch(count: number, { signal }: WaitOptions = {}): Promise<bigint[]> {
    checkCount(count);
    return this.#wait(count, signal);
  }

  /**
   * `count` consecutive IDs, 1 to 10,000, straight from the agent. They lie above the IDs in memory, so they and the
   * IDs of `next` do not rise together. @throws IdError
   */
  async reserve(count: number, { signal }: WaitOptions = {}): Promise<IdRange> {
    checkCount(count);
    this.#checkOpen();
    const block = await this.#api.block(this.#tag, count, signal);
    this.#reserved += count;
    return block;
  }

  /** One snowflake ID, straight from the agent. @throws IdError */
  async snowflake({ signal }: WaitOptions = {}): Promise<bigint> {
    this.#checkOpen();
    return this.#api.snowflake(signal);
  }

  /** The parts of a snowflake ID in the agent's layout. @throws IdError BAD_REQUEST if it does not fit */
  async decode(id: bigint, { signal }: WaitOptions = {}): Promise<SnowflakeParts> {
    this.#checkOpen();
    if (id < 0n) throw badArgument('id', 'a snowflake ID');
    return this.#api.decode(id, signal);
  }

  get counts(): Counts {
    const fetched = this.#fetched + this.#reserved;
    return { fetched, discarded: this.#discarded, used: fetched - this.#discarded - this.#local.left };
  }

  get runway(): Runway {
    const ids = this.#local.left;
    const used = this.#leftAtLanding - ids;
    const seconds = (performance.now() - this.#landedAt) / 1_000;
    return { ids, seconds: used > 0 ? (ids * seconds) / used : null };
  }

  /** Makes the first fetch. @throws IdError if there is no agent or no such tag */
  async open(): Promise<void> {
    await this.#land();
  }

  /** Rejects waiting callers and drops the IDs in memory: they are never used. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#request?.abort();
    this.#discarded += this.#local.drop();
    this.#refuseLine(closed());
    this.#api.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #wait(count: number, signal: AbortSignal | undefined): Promise<bigint[]> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      signal?.throwIfAborted();
      if (this.#line.length >= this.#rules.maxWaiting) {
        throw new IdError('RATE_LIMITED', 'Too many callers are already waiting for IDs.', {
          retryable: true,
        });
      }
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      const leave = (error: unknown) => {
        const at = this.#line.indexOf(waiter);
        if (at === -1) return;
        this.#line.splice(at, 1);
        // IDs above them may have been given out already, so they cannot go back.
        this.#discarded += waiter.taken.length;
        waiter.reject(error);
      };
      const aborted = () => leave(signal?.reason);
      const timer = setTimeout(() => leave(this.#lastFailure ?? this.#empty()), this.#rules.waitMs);
      const waiter: Waiter = {
        count,
        taken: [],
        resolve(ids) {
          end();
          resolve(ids);
        },
        reject(error) {
          end();
          reject(error);
        },
      };
      signal?.addEventListener('abort', aborted, { once: true });
      if (this.#line === NOBODY) this.#line = [];
      this.#line.push(waiter);
      this.#serve();
    });
  }

  /** Gives callers in line the IDs that are there, first come, first served, and fetches if they are not enough. */
  #serve(): void {
    for (let waiter = this.#line[0]; waiter !== undefined; waiter = this.#line[0]) {
      while (waiter.taken.length < waiter.count) {
        const id = this.#local.next();
        if (id === undefined) break;
        waiter.taken.push(id);
      }
      if (waiter.taken.length < waiter.count) break;
      this.#line.shift();
      waiter.resolve(waiter.taken);
    }
    if (this.#line.length === 0) this.#line = NOBODY;
    if (this.#local.left <= this.#low || this.#line.length > 0) this.#fetch();
  }

  /** Fetches until enough is in memory, one fetch at a time, with growing pauses while the agent fails. */
  #fetch(): void {
    if (this.#fetching || this.#closed) return;
    this.#fetching = true;
    void this.#fetchUntilEnough();
  }

  async #fetchUntilEnough(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#wantsMore) {
      try {
        await this.#land();
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        const failure = error as IdError;
        this.#lastFailure = failure;
        if (!failure.retryable) {
          // Asking again changes nothing, so waiting callers are told. The next call tries again.
          this.#refuseLine(failure);
          break;
        }
        // This pause keeps nobody's process alive; a caller that waits has its own timer.
        await new Promise<void>((resolve) => setTimeout(resolve, pauseMs).unref());
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
    // At once, not when the promise settles: a caller that comes in between would wait for a fetch that nobody makes.
    this.#fetching = false;
  }

  get #wantsMore(): boolean {
    return !this.#closed && (this.#line.length > 0 || this.#local.left <= this.#low);
  }

  #refuseLine(error: IdError): void {
    const line = this.#line;
    this.#line = NOBODY;
    for (const waiter of line) {
      this.#discarded += waiter.taken.length;
      waiter.reject(error);
    }
  }

  async #land(): Promise<void> {
    const wanted = this.#line.reduce((sum, { count, taken }) => sum + count - taken.length, 0);
    const count = Math.min(MAX_COUNT, Math.max(this.#size(), wanted));
    const ranges = await this.#ask(count);
    let added = false;
    for (const range of ranges) {
      const size = Number(range.end - range.start);
      this.#fetched += size;
      if (!this.#closed && this.#local.add(range)) added = true;
      else this.#discarded += size;
    }
    // Without a pause, an agent that is behind would burn its tag's IDs as fast as it can give them.
    if (!added) throw belowHighest();
    this.#lastFailure = undefined;
    this.#fetchSize = count;
    this.#low = count >> 1;
    this.#serve();
    this.#landedAt = performance.now();
    this.#leftAtLanding = this.#local.left;
  }

  async #ask(count: number): Promise<IdRange[]> {
    const request = new AbortController();
    this.#request = request;
    try {
      return await this.#api.ranges(this.#tag, count, request.signal);
    } finally {
      this.#request = undefined;
    }
  }

  #size(): number {
    const lastedMs = this.#fetched === 0 ? undefined : performance.now() - this.#landedAt;
    return nextFetchSize(this.#fetchSize, lastedMs, this.#rules);
  }

  #empty(): IdError {
    if (this.#closed) return closed();
    const message =
      'No ID is in memory. Await nextAsync(), or try again once the current fetch has finished.';
    const { code, message: why } = this.#lastFailure ?? {};
    return new IdError('SEGMENTS_EXHAUSTED', why === undefined ? message : `${message} ${why}`, {
      retryable: true,
      reason: code ?? 'local_range_empty',
      cause: this.#lastFailure,
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw closed();
  }
}

function belowHighest(): IdError {
  const message =
    'The agent returned IDs below those that it, or another agent at this endpoint, returned before.';
  return new IdError('SEGMENTS_EXHAUSTED', message, { retryable: true, reason: 'below_highest' });
}

export function closed(): IdError {
  return new IdError('CLOSED', 'This client was closed.', { retryable: false });
}

export function checkCount(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) {
    throw badArgument('count', `a whole number from 1 to ${MAX_COUNT}`);
  }
}
