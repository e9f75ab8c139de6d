import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Fence, FenceAhead, FenceAnswer, FenceIdentity, FenceMark, FenceMove } from '../domain/fence.ts';
import { type Counter, type CounterName, counterKey, maxBigint } from '../domain/range.ts';
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
    if (answer.kind === 'ok') this.#raiseTo(name, move.end, move.counter);
    if (fault === 'after-raise') throw unavailable(RETRY_REASONS.fenceUnclear);
    return answer;
  }

  async read(name: CounterName): Promise<bigint> {
    this.#mustAnswer();
    return this.#mark(name).value;
  }

  async identity(): Promise<FenceIdentity | undefined> {
    this.#mustAnswer();
    return this.memory.identity;
  }

  async introduce(identity: Omit<FenceIdentity, 'sweep' | 'lowered'>): Promise<void> {
    this.#mustAnswer();
    this.memory.identity ??= { ...identity, sweep: 0, lowered: 0 };
  }

  async sweep(identity: FenceIdentity, counters: readonly Counter[]): Promise<FenceAhead[]> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here?.generation !== identity.generation || here.lowered !== identity.lowered) throw overtaken();
    return counters.flatMap((counter) => {
      const before = this.#mark(counter.name);
      this.#raiseTo(counter.name, maxBigint(before.value, counter.value), counter.value);
      return before.value > counter.value ? [{ counter, ...before }] : [];
    });
  }

  async finishSweep(identity: FenceIdentity, number: number): Promise<void> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here?.generation !== identity.generation) throw overtaken();
    this.memory.identity = { ...here, sweep: number };
  }

  async lower(name: CounterName, to: bigint, generation: string | undefined): Promise<void> {
    this.#mustAnswer();
    const here = this.memory.identity;
    if (here === undefined || here.generation !== generation) throw unavailable(RETRY_REASONS.fenceStranger);
    this.memory.identity = { ...here, lowered: here.lowered + 1 };
    this.memory.marks.set(key(name), { value: to, committed: to });
  }

  #answer(name: CounterName, { start, generation }: FenceMove): FenceAnswer {
    const { identity } = this.memory;
    if (identity === undefined || identity.generation !== generation) return { kind: 'stranger' };
    const mark = this.#mark(name);
    return mark.value > start ? { kind: 'ahead', ...mark } : { kind: 'ok' };
  }

  #mark(name: CounterName): FenceMark {
    return this.memory.marks.get(key(name)) ?? { value: 0n, committed: 0n };
  }

  #raiseTo(name: CounterName, value: bigint, counter: bigint): void {
    const committed = maxBigint(counter, this.#mark(name).committed);
    this.memory.marks.set(key(name), { value, committed });
  }

  #mustAnswer(): void {
    if (!this.available) throw unavailable('redis');
  }
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
