import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Fence, FenceAnswer } from '../domain/fence.ts';
import { type CounterName, counterKey } from '../domain/range.ts';
import { RETRY_REASONS } from '../domain/store.ts';

/** An answer that is lost before the fence was reached, or after it rose. */
export type FenceFault = 'before-raise' | 'after-raise';

/** The fence in memory, for tests and simulations. Coordinators that share a Redis share `values`. */
export class MemoryFence implements Fence {
  available = true;
  /** Times that `raise` was called. */
  raises = 0;
  readonly #values: Map<string, bigint>;
  readonly #faults: FenceFault[] = [];

  constructor(values = new Map<string, bigint>()) {
    this.#values = values;
  }

  /** Lets the answer to the next `raise` be lost; asked for twice, the next two. */
  failNext(fault: FenceFault): void {
    this.#faults.push(fault);
  }

  /** Forgets everything, as a Redis without persistence does when it restarts. */
  wipe(): void {
    this.#values.clear();
  }

  async raise(name: CounterName, start: bigint, end: bigint): Promise<FenceAnswer> {
    this.raises++;
    const fault = this.#faults.shift();
    if (!this.available) return { kind: 'away' };
    if (fault === 'before-raise') throw unavailable(RETRY_REASONS.fenceUnclear);
    const value = this.#values.get(key(name)) ?? 0n;
    const answer: FenceAnswer = value > start ? { kind: 'ahead', value } : { kind: 'ok' };
    if (answer.kind === 'ok') this.#values.set(key(name), end);
    if (fault === 'after-raise') throw unavailable(RETRY_REASONS.fenceUnclear);
    return answer;
  }

  async read(name: CounterName): Promise<bigint> {
    if (!this.available) throw unavailable('redis');
    return this.#values.get(key(name)) ?? 0n;
  }
}

function key(name: CounterName): string {
  return `${name.kind}:${counterKey(name)}`;
}

function unavailable(reason: string): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'The fence does not answer.', { reason });
}
