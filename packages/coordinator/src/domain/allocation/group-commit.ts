import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import { type AllocationParts, allocate, type Taking, type Turn, type TurnOutcome } from './allocate.ts';
import { counterKey, type Range } from './range.ts';
import { RefusedByFenceError } from './refused-by-fence-error.ts';
import { type LeftMs, type Locked, type LockedGroup, RETRY_REASONS } from './store.ts';

/** Counters that one transaction takes at most: bounds its statements, and for how many it holds the rows. */
export const MAX_COUNTERS = 64;
/** Groups that are under way at most: while one commits, the other is put together. */
const MAX_GROUPS = 2;
/** Counters at most that have a transaction of their own under way; few, because each may keep a connection waiting. */
const MAX_ALONE = 3;
/** Of those, counters at most that failed alone the last time. Their rows may be stuck; others shall not wait for that. */
const MAX_AGAIN = MAX_ALONE - 1;
const MAX_WAITING = 10_000;
/** Counters that are known to have failed alone; the first of them is forgotten for another. */
const MAX_FAILED = 1_000;

/** The store's transactions for one kind of counters. */
interface Transactions<Key, Row extends Locked> {
  /** Takes the rows that are free. */
  several<T>(keys: readonly Key[], work: (group: LockedGroup<Row>) => Promise<T>, leftMs: LeftMs): Promise<T>;
  /** Waits for the row. */
  one<T>(key: Key, work: (group: LockedGroup<Row>) => Promise<T>, leftMs: LeftMs): Promise<T>;
}

/** A request for a counter's next range. */
interface Request<Key, Row> {
  readonly key: Key;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly taking: (row: Row) => Taking;
  readonly resolve: (range: Range) => void;
  readonly reject: (error: unknown) => void;
  readonly cancelDeadline: Cancel;
}

type Requests<Key, Row> = Map<string, Request<Key, Row>>;

/**
 * Takes the next ranges of many counters in few transactions (ADR 28). It asks for each range once: who may try again
 * comes again.
 *
 * A request is
 * - waiting: the first state. Left (to grouped) when fewer than `MAX_GROUPS` groups are under way, in order of arrival, and
 *   no other request for its counter is under way; or (to alone) if its counter failed alone the last time.
 * - grouped: in a transaction with others. Left (to over) with its range once that is committed, with its own refusal, or
 *   with an error that concerns all; (to grouped) if the fence refused others of the group; or (to alone) if its row is
 *   not free, or if the database refused the group and one of them may be the reason.
 * - alone: in a transaction of its own, or waiting for one. Left (to over) with whatever comes of it.
 * - over. From the first, and while it waits to be alone, it's entered at the deadline, too. In a transaction, `taking`
 *   looks at the deadline.
 */
export class GroupCommit<Key extends string | number, Row extends Locked> {
  readonly #parts: AllocationParts & { readonly clock: Clock };
  readonly #transactions: Transactions<Key, Row>;
  #waiting: Request<Key, Row>[] = [];
  readonly #toBeAlone: Request<Key, Row>[] = [];
  /** Counters of requests that are grouped or alone. */
  readonly #busy = new Set<string>();
  /** Counters that failed alone. In a group they would hold up the others, and make them go alone. */
  readonly #failed = new Set<string>();
  #groups = 0;
  #alone = 0;
  /** Of those alone, how many failed the last time. */
  #again = 0;
  #isStarting = false;

  constructor(parts: AllocationParts & { readonly clock: Clock }, transactions: Transactions<Key, Row>) {
    this.#parts = parts;
    this.#transactions = transactions;
  }

  /**
   * Resolves to the counter's next range once that is committed. `taking` is called with its locked row, perhaps more
   * than once; the last call decides.
   * @throws RATE_LIMITED, STORE_UNAVAILABLE with reason `deadline` or as `allocate` and the store, and what `taking`
   * throws
   */
  take(key: Key, deadline: number, taking: (row: Row) => Taking): Promise<Range> {
    if (this.#waiting.length + this.#toBeAlone.length >= MAX_WAITING)
      throw new LeafcutterError(
        'RATE_LIMITED',
        'Too many counters are waiting for the store; try again shortly.',
      );
    const { clock } = this.#parts;
    return new Promise((resolve, reject) => {
      const cancelDeadline = clock.after(deadline - clock.monotonic(), () => this.#giveUp(request));
      const request: Request<Key, Row> = { key, deadline, taking, resolve, reject, cancelDeadline };
      this.#waiting.push(request);
      if (this.#isStarting) return;
      this.#isStarting = true;
      // Those that come together go together.
      void Promise.resolve().then(() => {
        this.#isStarting = false;
        this.#start();
      });
    });
  }

  #start(): void {
    while (this.#groups < MAX_GROUPS) {
      const group = this.#gather();
      if (group.size === 0) break;
      this.#groups += 1;
      void this.#together(group).finally(() => {
        this.#groups -= 1;
        this.#start();
      });
    }
    while (this.#alone < MAX_ALONE) {
      const request = this.#nextAlone();
      if (request === undefined) break;
      const again = Number(this.#failed.has(String(request.key)));
      this.#alone += 1;
      this.#again += again;
      void this.#byItself(request).finally(() => {
        this.#alone -= 1;
        this.#again -= again;
        this.#start();
      });
    }
  }

  #nextAlone(): Request<Key, Row> | undefined {
    const mayBeAgain = this.#again < MAX_AGAIN;
    const at = this.#toBeAlone.findIndex(({ key }) => mayBeAgain || !this.#failed.has(String(key)));
    return at < 0 ? undefined : this.#toBeAlone.splice(at, 1)[0];
  }

  /** Those that have waited longest, one for each counter. */
  #gather(): Requests<Key, Row> {
    const group: Requests<Key, Row> = new Map();
    const rest: Request<Key, Row>[] = [];
    for (const request of this.#waiting) {
      const name = String(request.key);
      if (group.size === MAX_COUNTERS || this.#busy.has(name)) {
        rest.push(request);
        continue;
      }
      this.#busy.add(name);
      if (this.#isTooLate(request)) this.#end(request, { refusal: tooLate(name) });
      else if (this.#failed.has(name)) this.#toBeAlone.push(request);
      else group.set(name, request);
    }
    this.#waiting = rest;
    return group;
  }

  /** Never rejects. */
  async #together(group: Requests<Key, Row>): Promise<void> {
    try {
      const keys = [...group.values()].map(({ key }) => key);
      const outcomes = await this.#transactions.several(
        keys,
        (locked) => this.#allocate(locked, group),
        this.#left(group),
      );
      this.#endEach(group, outcomes);
      this.#toBeAlone.push(...group.values());
    } catch (error) {
      if (error instanceof RefusedByFenceError) {
        this.#endEach(group, error.refusals);
        // Fewer each time.
        if (group.size > 0) await this.#together(group);
      } else if (group.size > 1 && mayBeOnes(error)) this.#toBeAlone.push(...group.values());
      else for (const request of group.values()) this.#end(request, { refusal: error });
    }
  }

  /** Never rejects. */
  async #byItself(request: Request<Key, Row>): Promise<void> {
    const name = String(request.key);
    const only: Requests<Key, Row> = new Map([[name, request]]);
    try {
      if (this.#isTooLate(request)) throw tooLate(name);
      const outcomes = await this.#transactions.one(
        request.key,
        (locked) => this.#allocate(locked, only),
        this.#left(only),
      );
      this.#failed.delete(name);
      this.#endEach(only, outcomes);
    } catch (error) {
      if (error instanceof RefusedByFenceError) this.#endEach(only, error.refusals);
      else if (mayBeOnes(error)) this.#remember(name);
      for (const left of only.values()) this.#end(left, { refusal: error });
    }
  }

  /** Resolves to what became of each row, by name. */
  async #allocate(group: LockedGroup<Row>, requests: Requests<Key, Row>): Promise<Map<string, TurnOutcome>> {
    const turns = group.rows.map((locked): Turn => {
      try {
        const request = requests.get(counterKey(locked.name));
        if (request === undefined) throw new Error('a counter was locked that nobody asked for');
        return { locked, taking: request.taking(locked) };
      } catch (refusal) {
        return { locked, refusal };
      }
    });
    const outcomes = await allocate(this.#parts, group, turns);
    return new Map(group.rows.map(({ name }, index) => [counterKey(name), outcomes[index] as TurnOutcome]));
  }

  /** Ends those that have an outcome, and takes them out of `requests`. */
  #endEach(requests: Requests<Key, Row>, outcomes: ReadonlyMap<string, TurnOutcome>): void {
    for (const [name, outcome] of outcomes) {
      const request = requests.get(name);
      requests.delete(name);
      if (request !== undefined) this.#end(request, outcome);
    }
  }

  /** Ends a request that no transaction has begun with: one that hangs must not hold up those behind it (I6). */
  #giveUp(request: Request<Key, Row>): void {
    const refusal = tooLate(String(request.key));
    // While it waits, its counter is busy for another request only.
    if (taken(this.#waiting, request)) request.reject(refusal);
    else if (taken(this.#toBeAlone, request)) this.#end(request, { refusal });
  }

  #remember(failed: string): void {
    const [first] = this.#failed;
    if (this.#failed.size >= MAX_FAILED && first !== undefined) this.#failed.delete(first);
    this.#failed.add(failed);
  }

  #end({ key, resolve, reject, cancelDeadline }: Request<Key, Row>, outcome: TurnOutcome): void {
    cancelDeadline();
    this.#busy.delete(String(key));
    if ('range' in outcome) resolve(outcome.range);
    else reject(outcome.refusal);
  }

  /** How long the one who waits longest still does. */
  #left(requests: Requests<Key, Row>): LeftMs {
    const deadline = Math.max(...[...requests.values()].map((request) => request.deadline));
    return () => deadline - this.#parts.clock.monotonic();
  }

  #isTooLate({ deadline }: Request<Key, Row>): boolean {
    return this.#parts.clock.monotonic() >= deadline;
  }
}

/** Of a statement for several counters, or of a wait while it holds their rows. */
const PERHAPS_ONES: ReadonlySet<string | undefined> = new Set([
  ...[RETRY_REASONS.deadlock, RETRY_REASONS.refused],
  ...['table', 'counter_behind'],
]);

/** Whether an error of the database may be about one of several counters. */
function mayBeOnes(error: unknown): boolean {
  return !hasCode(error, 'STORE_UNAVAILABLE') || PERHAPS_ONES.has(error.reason);
}

/** Takes `one` out of `all`; false if it isn't there. */
function taken<T>(all: T[], one: T): boolean {
  const index = all.indexOf(one);
  if (index >= 0) all.splice(index, 1);
  return index >= 0;
}

function tooLate(name: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', `The store is too slow to serve ${name} in time.`, {
    reason: 'deadline',
  });
}
