import { LOST_INSTANCE_ID } from '@leafcutter/shared/ledger';
import { GrowingIds, NumberRows } from './growing.ts';
import type { Issued } from './history.ts';
import { IdSet } from './id-set.ts';

/** How many violations of one kind are reported; more would bury the first. */
const MAX_TOLD = 20;

/** A range that the ledger says was granted. */
export interface GrantedRange {
  /** `t` for a tag, `m` for a machine id. */
  readonly kind: string;
  /** The tag, or the machine id in digits, padded or not. */
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly instanceId: string;
}

/** An ID that breaks a promise, and the calls that prove it. */
export interface Violation<Call extends Issued = Issued> {
  readonly source: string;
  readonly id: bigint;
  readonly calls: readonly Call[];
}

/**
 * The IDs that were issued more than once within one source (I1), each with all calls that brought it; at most 20 per
 * source. `calls` is walked twice if there are any.
 */
export function findDuplicates<Call extends Issued>(calls: Iterable<Call>): Violation<Call>[] {
  const sets = new Map<string, IdSet>();
  for (const { source, ids } of calls) {
    const set = sets.get(source) ?? new IdSet();
    sets.set(source, set);
    set.addAll(ids);
  }
  const found = new Map<string, Map<bigint, Call[]>>();
  for (const [source, set] of sets) {
    const twice = set.duplicates(MAX_TOLD);
    if (twice.length > 0) found.set(source, new Map(twice.map((id) => [id, []])));
  }
  if (found.size === 0) return [];
  for (const call of calls) {
    const wanted = found.get(call.source);
    if (wanted === undefined) continue;
    for (let index = 0; index < call.ids.length; index++) wanted.get(call.ids[index] ?? 0n)?.push(call);
  }
  return [...found].flatMap(([source, ids]) =>
    [...ids].map(([id, culprits]) => ({ source, id, calls: culprits })),
  );
}

/**
 * IDs of one instance and source that did not rise (I3) in real time. A call that left after another one was answered
 * must bring higher IDs, and so must each next ID of one answer. Calls that overlap may be in any order. Calls whose
 * instance is not known prove nothing and are skipped. At most 20 per instance and source.
 */
export function findFallingIds<Call extends Issued>(calls: Iterable<Call>): Violation<Call>[] {
  const issuers = new Map<string, IssuedInOrder>();
  let number = 0;
  for (const call of calls) {
    const position = number++;
    if (call.instanceId === undefined || call.ids.length === 0) continue;
    const key = `${call.instanceId} ${call.source}`;
    const issuer = issuers.get(key) ?? new IssuedInOrder(call.source);
    issuers.set(key, issuer);
    issuer.add(position, call);
  }
  const pairs = [...issuers.values()].flatMap((issuer) => issuer.falling());
  if (pairs.length === 0) return [];
  const wanted = new Set(pairs.flatMap(({ before, after }) => [before, after]));
  const culprits = new Map<number, Call>();
  number = 0;
  for (const call of calls) {
    if (wanted.has(number)) culprits.set(number, call);
    number++;
  }
  return pairs.map(({ before, after, id, source }) => ({
    source,
    id,
    calls: [...new Set([before, after])].flatMap((position) => culprits.get(position) ?? []),
  }));
}

/** A call that brought `id`, which is not above what the call `before` brought. Both may be the same call. */
interface FallingPair {
  readonly before: number;
  readonly after: number;
  readonly source: string;
  readonly id: bigint;
}

/** What one instance issued of one source: for each call its place, its times, its lowest and its highest ID. */
class IssuedInOrder {
  readonly #source: string;
  readonly #rows = new NumberRows(3);
  readonly #lowest = new GrowingIds();
  readonly #highest = new GrowingIds();
  readonly #falling: FallingPair[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  add(position: number, { ids, invokedNs, completedNs }: Issued): void {
    let lowest = ids[0] ?? 0n;
    let highest = lowest;
    for (let index = 1; index < ids.length; index++) {
      const id = ids[index] ?? 0n;
      if (id <= highest) this.#report(position, position, id);
      if (id < lowest) lowest = id;
      if (id > highest) highest = id;
    }
    this.#rows.add(position, invokedNs, completedNs);
    this.#lowest.add(lowest);
    this.#highest.add(highest);
  }

  /** Walks the calls in the order in which they left, with the highest ID of all that were answered before each. */
  falling(): readonly FallingPair[] {
    const [PLACE, INVOKED, COMPLETED] = [0, 1, 2] as const;
    const answered = this.#rows.sortedBy(COMPLETED);
    let next = 0;
    let highest = -1;
    for (const row of this.#rows.sortedBy(INVOKED)) {
      const invokedNs = this.#rows.get(row, INVOKED);
      for (; next < answered.length; next++) {
        const earlier = answered[next] ?? 0;
        if (this.#rows.get(earlier, COMPLETED) >= invokedNs) break;
        if (highest < 0 || this.#highest.at(earlier) > this.#highest.at(highest)) highest = earlier;
      }
      const id = this.#lowest.at(row);
      if (highest < 0 || id > this.#highest.at(highest)) continue;
      this.#report(this.#rows.get(highest, PLACE), this.#rows.get(row, PLACE), id);
    }
    return this.#falling;
  }

  #report(before: number, after: number, id: bigint): void {
    if (this.#falling.length < MAX_TOLD) this.#falling.push({ before, after, source: this.#source, id });
  }
}

/** Ranges of one counter that overlap (I2), as sentences. The ledger is in order of kind, name and start. */
export function findOverlaps(ledger: readonly GrantedRange[]): string[] {
  const overlaps: string[] = [];
  // A later, shorter range may lie inside an earlier one, so the one that reaches furthest is kept, not the last.
  let furthest: GrantedRange | undefined;
  for (const range of ledger) {
    const same = furthest?.kind === range.kind && furthest.name === range.name;
    if (furthest !== undefined && same && range.start < furthest.end) {
      overlaps.push(`${range.name}: [${furthest.start}, ${furthest.end}) and [${range.start}, ${range.end})`);
    }
    if (furthest === undefined || !same || range.end > furthest.end) furthest = range;
  }
  return overlaps;
}

/**
 * The first ID of each call that lies outside every range granted to the instance that issued it (I2). If the
 * instance of a call is not known, it is the first ID outside every range granted to anyone. At most 20. For
 * snowflake IDs, `windowOf` tells the machine id and the millisecond of an ID.
 */
export function findUngranted<Call extends Issued>(
  calls: Iterable<Call>,
  ledger: readonly GrantedRange[],
  windowOf: (id: bigint) => { machineId: number; timestampMs: number },
): Violation<Call>[] {
  const granted = new Grants(ledger);
  const found: Violation<Call>[] = [];
  for (const call of calls) {
    for (let index = 0; index < call.ids.length; index++) {
      const id = call.ids[index] ?? 0n;
      if (isGranted(granted, call, id, windowOf)) continue;
      found.push({ source: call.source, id, calls: [call] });
      if (found.length === MAX_TOLD) return found;
      break;
    }
  }
  return found;
}

function isGranted(
  granted: Grants,
  { source, instanceId }: Issued,
  id: bigint,
  windowOf: (id: bigint) => { machineId: number; timestampMs: number },
): boolean {
  // Nobody knows any more who held a range that MySQL lost and that was entered as lost.
  const have = (kind: string, name: string, value: bigint) =>
    granted.have(kind, name, instanceId, value) || granted.have(kind, name, LOST_INSTANCE_ID, value);
  if (source !== 'snowflake') return have('t', source, id);
  const { machineId, timestampMs } = windowOf(id);
  return have('m', String(machineId), BigInt(timestampMs));
}

/** The ledger by counter and holder. */
class Grants {
  readonly #ranges = new Map<string, GrantedRange[]>();

  constructor(ledger: readonly GrantedRange[]) {
    const inOrder = ledger.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    for (const range of inOrder) {
      const name = range.kind === 'm' ? String(Number(range.name)) : range.name;
      for (const holder of [range.instanceId, undefined]) {
        const key = keyOf(range.kind, name, holder);
        const ranges = this.#ranges.get(key);
        if (ranges === undefined) this.#ranges.set(key, [range]);
        else ranges.push(range);
      }
    }
  }

  /** Whether `value` was granted to the instance or, if that is not known, to anyone. */
  have(kind: string, name: string, instanceId: string | undefined, value: bigint): boolean {
    const ranges = this.#ranges.get(keyOf(kind, name, instanceId)) ?? [];
    let low = 0;
    let high = ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const range = ranges[middle];
      if (range === undefined) return false;
      if (value < range.start) high = middle - 1;
      else if (value >= range.end) low = middle + 1;
      else return true;
    }
    return false;
  }
}

function keyOf(kind: string, name: string, instanceId: string | undefined): string {
  return `${kind}|${name}|${instanceId ?? ''}`;
}
