import { countedOf } from './record-text.ts';
import { addTo, emptySum, type Sum, takeFrom } from './sum.ts';

/** By how much the sum of one tag changes. */
interface SumChange extends Sum {
  /** Instance ids of those of whom a row went out. */
  readonly left: string[];
}

/**
 * What rows that agents no longer have, and rows that they have now, change in the sums. Changes add up, so that those
 * of many agents become one for each tag, in whatever order sums learn of them.
 */
export class SumChanges {
  readonly #tags = new Map<string, SumChange>();

  /** By tag, as rows name it. */
  get tags(): ReadonlyMap<string, SumChange> {
    return this.#tags;
  }

  /** An agent's rows were `before`, and are `after` at `seenAtMs`. Rows that it had before change nothing. */
  replace(instanceId: string, before: readonly string[], after: readonly string[], seenAtMs: number): void {
    const left = new Map<string, number>();
    for (const row of before) left.set(row, (left.get(row) ?? 0) + 1);
    const added: string[] = [];
    for (const row of after) {
      const times = left.get(row) ?? 0;
      if (times > 0) left.set(row, times - 1);
      else added.push(row);
    }
    for (const [row, times] of left) for (let n = 0; n < times; n++) this.#takeOut(row, instanceId);
    for (const row of added) this.#count(row, instanceId, seenAtMs);
  }

  #takeOut(row: string, instanceId: string): void {
    const counted = countedOf(row);
    const change = this.#of(counted.name);
    takeFrom(change, counted);
    change.left.push(instanceId);
  }

  #count(row: string, instanceId: string, seenAtMs: number): void {
    const counted = countedOf(row);
    addTo(this.#of(counted.name), counted, instanceId, seenAtMs);
  }

  #of(name: string): SumChange {
    let change = this.#tags.get(name);
    if (change === undefined) {
      change = { ...emptySum(), left: [] };
      this.#tags.set(name, change);
    }
    return change;
  }
}
