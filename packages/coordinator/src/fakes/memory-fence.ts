import { LeafcutterError } from '@leafcutter/shared/errors';
import {
  type Fence,
  type FenceAnswer,
  type FenceIdentity,
  type FenceMark,
  type FenceMove,
  NO_MARK,
  type Swept,
  type SweptCounter,
} from '../domain/fence.ts';
import { type CounterName, counterKey, maxBigint } from '../domain/range.ts';
import { RETRY_REASONS } from '../domain/store.ts';
import { SAMPLE_DEPLOYMENT } from './samples.ts';

/** An answer that is lost before the fence was reached, or after it rose. */
export type FenceFault = 'before-raise' | 'after-raise';

/** What a Redis remembers of counters, and who it is. Coordinators that share a Redis share one. */
export class FenceMemory {
  readonly marks = new Map<string, FenceMark>();
  identity: FenceIdentity | undefined;

  /** Met already by the sample deployment, unless told otherwise. */
  constructor(identity: FenceIdentity | undefined = SAMPLE_DEPLOYMENT.identity) {
    this.identity = identity;
  }

  /** Forgets everything, who it is as well, as FLUSHALL does or a restart without persistence. */
  wipe(): void {
    this.marks.clear();
    this.identity = undefined;
  }
}

/** The fence in memory, for tests and simulations. */
export class MemoryFence implements Fence {
  available = true;
  /** Times that `raise` was called. */
  raises = 0;
  readonly memory: FenceMemory;
  readonly #faults: FenceFault[] = [];

  constructor(memory = new FenceMemory()) {
    this.memory = memory;
  }

  /** Lets the answer to the next `raise` be lost; asked for twice, the next two. */
  failNext(fault: FenceFault): void {
    this.#faults.push(fault);
  }

  async raise(name: CounterName, move: FenceMove): Promise<FenceAnswer> {
    this.raises++;
    const fault = this.#faults.shift();
    if (!this.available) return { kind: 'away' };
    if (fault === 'before-raise') throw unavailable(RETRY_REASONS.fenceUnclear);
    const answer = this.#answer(name, move);
    if (answer.kind === 'ok') this.#put(name, move.end, move.counter, move.end);
    if (fault === 'after-raise') throw unavailable(RETRY_REASONS.fenceUnclear);
    return answer;
  }

  async read(name: CounterName): Promise<FenceMark> {
    this.#mustAnswer();
    return this.#mark(name);
  }

  async identity(): Promise<FenceIdentity | undefined> {
    this.#mustAnswer();
    return this.memory.identity;
  }

  async introduce(identity: Omit<FenceIdentity, 'sweep' | 'lowered'>): Promise<void> {
    this.#mustAnswer();
    this.memory.identity ??= { ...identity, sweep: 0, lowered: 0 };
  }

  async sweep(identity: FenceIdentity, counters: readonly SweptCounter[]): Promise<Swept> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here === undefined || !isSame(here, identity) || here.lowered !== identity.lowered) throw overtaken();
    const ahead = counters.flatMap((counter) => {
      const before = this.#mark(counter.name);
      this.#put(counter.name, maxBigint(before.value, counter.value), counter.value, counter.granted);
      return before.value > counter.value ? [{ counter, ...before }] : [];
    });
    return { ahead, unreadable: [] };
  }

  async finishSweep(identity: FenceIdentity, number: number): Promise<void> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here === undefined || !isSame(here, identity)) throw overtaken();
    this.memory.identity = { ...here, sweep: number };
  }

  async lower(name: CounterName, from: FenceMark, to: bigint, generation: string | undefined): Promise<void> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here === undefined || here.generation !== generation) throw unavailable(RETRY_REASONS.fenceStranger);
    const mark = this.#mark(name);
    const isFrom =
      mark.value === from.value && mark.committed === from.committed && mark.granted === from.granted;
    if (!isFrom) throw unavailable('fence_moved');
    this.memory.identity = { ...here, lowered: here.lowered + 1 };
    this.memory.marks.set(key(name), { value: to, committed: to, granted: to });
  }

  #answer(name: CounterName, { start, generation }: FenceMove): FenceAnswer {
    const { identity } = this.memory;
    if (identity === undefined || identity.generation !== generation) return { kind: 'stranger' };
    const mark = this.#mark(name);
    return mark.value > start ? { kind: 'ahead', ...mark } : { kind: 'ok' };
  }

  #mark(name: CounterName): FenceMark {
    return this.memory.marks.get(key(name)) ?? NO_MARK;
  }

  #put(name: CounterName, value: bigint, counter: bigint, granted: bigint): void {
    const before = this.#mark(name);
    this.memory.marks.set(key(name), {
      value,
      committed: maxBigint(counter, before.committed),
      granted: maxBigint(granted, before.granted),
    });
  }

  #mustAnswer(): void {
    if (!this.available) throw unavailable('redis');
  }
}

/** True where nobody wiped it, nor took it back to an old file. */
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
