import { LeafcutterError } from '@leafcutter/shared/errors';
import {
  type Fence,
  type FenceAnswer,
  type FenceIdentity,
  type FenceLowering,
  type FenceMark,
  type FenceMove,
  type LedgerMarks,
  NO_MARK,
  type Swept,
  type SweptCounter,
} from '../domain/allocation/fence.ts';
import { type CounterName, compareEras, counterKey, maxBigint } from '../domain/allocation/range.ts';
import { RETRY_REASONS } from '../domain/allocation/store.ts';
import { SAMPLE_DEPLOYMENT } from './samples.ts';

/** How an answer gets lost: before the fence was reached, or after it rose. */
export type FenceFault = 'before-raise' | 'after-raise';

/** The memory of a Redis: counters, and its identity. Coordinators that share a Redis share one. */
export class FenceMemory {
  readonly marks = new Map<string, FenceMark>();
  /** For each counter, the number of the last sweep that had ended when its fence rose. */
  readonly rose = new Map<string, { readonly name: CounterName; readonly sweep: number }>();
  identity: FenceIdentity | undefined;

  /** Met already by the sample deployment, unless told otherwise. */
  constructor(identity: FenceIdentity | undefined = SAMPLE_DEPLOYMENT.identity) {
    this.identity = identity;
  }

  /** Forgets everything, including its identity, as FLUSHALL or a restart without persistence does. */
  wipe(): void {
    this.marks.clear();
    this.rose.clear();
    this.identity = undefined;
  }
}

/** The fence in memory, for tests and simulations. */
export class MemoryFence implements Fence {
  available = true;
  /** False: it answers and remembers, and takes no writes. */
  takesWrites = true;
  incarnation = 1;
  /** Times that `raise` was called. */
  raises = 0;
  readonly memory: FenceMemory;
  readonly #faults: FenceFault[] = [];

  constructor(memory = new FenceMemory()) {
    this.memory = memory;
  }

  /** Loses the answer to the next `raise`; called twice, the next two. */
  failNext(fault: FenceFault): void {
    this.#faults.push(fault);
  }

  async raise(moves: readonly FenceMove[]): Promise<FenceAnswer[]> {
    this.raises++;
    const fault = this.#faults.shift();
    if (!this.available) return moves.map(() => ({ kind: 'away' }));
    if (fault === 'before-raise') throw unavailable(RETRY_REASONS.fenceUnclear);
    const answers = moves.map((move) => this.#answer(move));
    if (answers.every(({ kind }) => kind === 'ok')) {
      if (!this.takesWrites) return moves.map(() => ({ kind: 'away' }));
      for (const move of moves) this.#rise(move);
    }
    if (fault === 'after-raise') throw unavailable(RETRY_REASONS.fenceUnclear);
    return answers;
  }

  async read(name: CounterName): Promise<FenceMark> {
    this.#mustAnswer();
    return this.#mark(name);
  }

  confirm(name: CounterName, value: bigint): void {
    const mark = this.#mark(name);
    if (this.available && this.takesWrites && mark.value >= value && mark.committed < value)
      this.memory.marks.set(key(name), { ...mark, committed: value });
  }

  async identity(): Promise<FenceIdentity | undefined> {
    this.#mustAnswer();
    return this.memory.identity;
  }

  async introduce(identity: Parameters<Fence['introduce']>[0]): Promise<void> {
    this.#mustAnswer();
    this.#mustTakeWrites();
    this.memory.identity ??= { ...identity, sweep: 0 };
  }

  async *counters(sinceSweep: number | undefined): AsyncGenerator<readonly CounterName[]> {
    this.#mustAnswer();
    const all = [...this.memory.rose.values()];
    yield all.filter(({ sweep }) => sweep >= (sinceSweep ?? 0)).map(({ name }) => name);
  }

  async sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here === undefined || !isSame(here, identity)) throw overtaken();
    const ahead = counters.flatMap((counter) => {
      const mark = this.#sweepOne(counter);
      const isLost = counter.name.kind === 'tag' && mark.granted > counter.granted;
      const asks = compareEras(mark, counter) > 0 || isLost || mark.value > counter.value;
      return asks ? [{ counter, ...mark }] : [];
    });
    return { ahead, unreadable: [] };
  }

  async finishSweep(identity: FenceIdentity, number: number, ledger: LedgerMarks): Promise<void> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here === undefined || !isSame(here, identity)) throw overtaken();
    this.#mustTakeWrites();
    this.memory.identity = { ...here, sweep: number, sweepBefore: here.sweep, ledger };
  }

  async lower(
    name: CounterName,
    from: FenceMark,
    { to, era, taken, generation }: FenceLowering,
  ): Promise<void> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here === undefined || here.generation !== generation) throw unavailable(RETRY_REASONS.fenceStranger);
    const mark = this.#mark(name);
    if (compareEras(mark, from) !== 0 || mark.value !== from.value || mark.granted !== from.granted)
      throw unavailable('fence_moved');
    this.#put(name, { value: to, committed: to, granted: to, era, taken });
  }

  #answer(move: FenceMove): FenceAnswer {
    const { identity } = this.memory;
    if (identity === undefined || identity.generation !== move.generation) return { kind: 'stranger' };
    const mark = this.#mark(move.name);
    const later = compareEras(mark, move);
    if (later > 0) return { kind: 'forgotten' };
    if (later === 0 && mark.value > move.start) return { kind: 'ahead', ...mark };
    return mark.granted > move.top ? { kind: 'ok', before: mark } : { kind: 'ok' };
  }

  #mark(name: CounterName): FenceMark {
    return this.memory.marks.get(key(name)) ?? NO_MARK;
  }

  /** As `raise-fences.lua`. */
  #rise(move: FenceMove): void {
    const { name, end, counter, begins = move } = move;
    const { era, taken } = begins;
    const before = this.#mark(name);
    const committed = compareEras(before, move) === 0 ? maxBigint(counter, before.committed) : counter;
    this.#put(name, { value: end, committed, granted: end, era, taken });
  }

  /** As `sweep-fences.lua`. */
  #sweepOne({ name, value: counter, granted, era, taken }: SweptCounter): FenceMark {
    const before = this.#mark(name);
    const later = compareEras(before, { era });
    if (later > 0) return before;
    const known = later === 0 ? before : NO_MARK;
    const mark = {
      value: maxBigint(known.value, counter),
      committed: maxBigint(known.committed, counter),
      granted: maxBigint(known.granted, granted),
      era,
      taken,
    };
    const rises =
      later < 0 ||
      mark.value > before.value ||
      mark.committed > before.committed ||
      mark.granted > before.granted;
    if (rises || !this.memory.rose.has(key(name))) this.#put(name, mark);
    return mark;
  }

  #put(name: CounterName, mark: FenceMark): void {
    this.#mustTakeWrites();
    this.memory.marks.set(key(name), mark);
    this.memory.rose.set(key(name), { name, sweep: this.memory.identity?.sweep ?? 0 });
  }

  #mustAnswer(): void {
    if (!this.available) throw unavailable('redis');
  }

  #mustTakeWrites(): void {
    if (!this.takesWrites) throw unavailable('redis_read_only');
  }
}

/** True if nobody wiped it or took it back to an old file. */
function isSame(a: FenceIdentity, b: FenceIdentity): boolean {
  return a.generation === b.generation && a.sweep === b.sweep;
}

function key(name: CounterName): string {
  return `${name.kind}:${counterKey(name)}`;
}

function unavailable(reason: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'The fence does not answer.', { reason });
}

function overtaken(): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'The fence changed while it was swept.', {
    reason: 'sweep_overtaken',
  });
}
