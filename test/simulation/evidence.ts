import {
  type CounterName,
  counterKey,
  type Holder,
  type Range,
} from '@leafcutter/coordinator/domain/allocation/range';
import type { Lowered } from '@leafcutter/coordinator/domain/tags/lower-counter';

/** A promise that was broken. */
export interface Violation {
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6';
  readonly what: string;
}

/** A range that a coordinator was about to hand out. */
export interface Grant extends Range {
  readonly counter: CounterName;
  readonly instanceId: string;
}

/** IDs of a tag that an agent gave to an application. */
export interface Issue extends Range {
  readonly instanceId: string;
}

/** Violations kept of one run: one is enough to fail, a few help to understand. */
const MAX_VIOLATIONS = 20;

/**
 * Everything that happened in a run: a line for each notable thing, with a hash over the lines that two runs of a
 * seed must share, and the facts that the checks use.
 */
export class Evidence {
  readonly lines: string[] = [];
  readonly grants: Grant[] = [];
  readonly issues = new Map<string, Issue[]>();
  /** Snowflake IDs by the instance that made them, in order of making. */
  readonly snowflakes = new Map<string, bigint[]>();
  readonly violations: Violation[] = [];
  idsIssued = 0;
  requests = 0;
  refusals = 0;
  readonly #now: () => number;
  readonly #committed = new Set<string>();
  #hash = 0x811c9dc5;

  constructor(now: () => number) {
    this.#now = now;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  note(text: string): void {
    const line = `${this.#now().toFixed(3).padStart(11)}  ${text}`;
    for (let index = 0; index < line.length; index++)
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193);
    this.lines.push(line);
  }

  violated(invariant: Violation['invariant'], what: string): void {
    this.note(`VIOLATION ${invariant}: ${what}`);
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push({ invariant, what });
  }

  committed(counter: CounterName, { start, end }: Range, { instanceId }: Holder): void {
    this.#committed.add(grantKey({ counter, start, end, instanceId }));
  }

  /** A coordinator is about to answer with a range. */
  granted(grant: Grant, coordinator: string): void {
    const { counter, start, end, instanceId } = grant;
    this.note(`${coordinator} grants ${counterKey(counter)} [${start}, ${end}) to ${short(instanceId)}`);
    this.grants.push(grant);
    if (!this.#committed.has(grantKey(grant)))
      this.violated('I2', `${counterKey(counter)} [${start}, ${end}) was handed out without a COMMIT`);
  }

  /**
   * An admin lowered a counter. Of the first `before` grants, none may lie between there and the tag's new highest
   * ID. Numbers in between that were never handed out may be handed out from now on.
   */
  lowered(tag: string, { from, to, highestId }: Lowered, before: number): void {
    this.note(`${tag} is lowered from ${from} to ${to}, and ends at ${highestId}`);
    for (const { counter, start, end } of this.grants.slice(0, before))
      if (counter.kind === 'tag' && counter.tag === tag && start <= highestId && end > to)
        this.violated('I1', `${tag} was lowered to ${to}, although [${start}, ${end}) was handed out`);
  }

  /** An agent gives IDs of a tag to an application. */
  issued(tag: string, { start, end }: Range, instanceId: string): void {
    this.note(`${short(instanceId)} issues ${tag} [${start}, ${end})`);
    this.idsIssued += Number(end - start);
    const issues = this.issues.get(tag) ?? [];
    this.issues.set(tag, issues);
    issues.push({ start, end, instanceId });
  }

  /** An agent made a snowflake ID. */
  made(id: bigint, instanceId: string): void {
    this.#hash = Math.imul(this.#hash ^ Number(BigInt.asUintN(32, id)), 0x01000193);
    this.idsIssued += 1;
    const ids = this.snowflakes.get(instanceId);
    if (ids === undefined) this.snowflakes.set(instanceId, [id]);
    else ids.push(id);
  }
}

/** Enough of an instance id to tell instances apart. */
export function short(instanceId: string): string {
  return instanceId.slice(0, 8);
}

function grantKey({ counter, start, end, instanceId }: Grant): string {
  return `${counter.kind} ${counterKey(counter)} ${start} ${end} ${instanceId}`;
}
