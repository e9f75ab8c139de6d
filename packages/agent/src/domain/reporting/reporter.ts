import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import {
  type AgentStatus,
  type BufferView,
  MAX_REPORTED_BUFFERS,
  MAX_REPORTED_TAGS,
  type ReportRequest,
} from '@leafcutter/shared/wire';
import type { Tags } from '../segments/tags.ts';

/** What the coordinators answer to a report. */
interface Heard {
  /** Those of the named tags that are no longer served. */
  readonly gone: readonly { tag: string; code: Extract<ErrorCode, 'TAG_UNKNOWN' | 'TAG_RETIRED'> }[];
  /** When they want the next report at the latest. */
  readonly nextReportMs: number;
  /** The report that they have of this agent now; undefined if none, or if they take whole reports only. */
  readonly revision?: number | undefined;
}

/** What the coordinators have of this agent. */
interface Known {
  readonly revision: number;
  /** The buffers shown, by tag, each as JSON. */
  readonly shown: ReadonlyMap<string, string>;
}

/** How long a shutdown waits for its goodbye to be answered, in milliseconds. */
const GOODBYE_MS = 1_000;

/**
 * How often an agent asks until a coordinator has answered for the first time; before that it is not ready.
 * Milliseconds.
 */
const FIRST_EVERY_MS = 2_000;

/** Tells the coordinators what this agent holds. */
export interface ReportTarget {
  /** @throws COORDINATOR_UNAVAILABLE, STORE_UNAVAILABLE */
  report(report: ReportRequest): Promise<Heard>;
}

/**
 * By how much of the interval a report may come early. Agents that were started by the same event, such as the power
 * that came back, so do not report at the same moments for ever.
 */
const JITTER = 0.1;

/**
 * Reports what the agent holds: every `intervalMs`, and more often while somebody watches the console or until a
 * coordinator answers for the first time. Once a coordinator says what it has, only what changed since is sent; if it
 * says that it does not have that, because a store forgot, all is sent again soon. Every `intervalMs` it also asks which of its tags are still served, so that
 * a retired one leaves memory within that time.
 */
export class Reporter {
  readonly #parts: Parts;
  #offset = 0;
  #everHeard = false;
  #revision = 0;
  #known: Known | undefined;
  /** When to ask about tags again, monotonic milliseconds. */
  #namesDueAt = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #stopTimer: Cancel = () => undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#report();
  }

  /** Says goodbye, once. If the message is lost, the agent's silence tells the same. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTimer();
    const { target, clock } = this.#parts;
    const { promise: longEnough, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(GOODBYE_MS, resolve);
    this.#known = undefined;
    const said = target.report(this.#compose([], true).report).then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([said, longEnough]);
    cancel();
  }

  async #report(): Promise<void> {
    const { target, tags, clock, random, intervalMs } = this.#parts;
    let again = this.#everHeard ? intervalMs : Math.min(FIRST_EVERY_MS, intervalMs);
    try {
      const isDue = clock.monotonic() >= this.#namesDueAt;
      // Less than the interval, because reports come early.
      if (isDue) this.#namesDueAt = clock.monotonic() + (1 - JITTER) * 0.99 * intervalMs;
      const { report, shown } = this.#compose(isDue ? this.#page() : [], false);
      const { gone, nextReportMs, revision } = await target.report(report);
      this.#everHeard = true;
      this.#known = revision === report.revision ? { revision: this.#revision, shown } : undefined;
      for (const { tag, code } of gone) tags.drop(tag, new LeafcutterError(code, whatBecameOf(tag, code)));
      const isMissed = this.#known === undefined && report.since !== undefined;
      const early = JITTER * random();
      again = isMissed ? early * intervalMs : Math.min(intervalMs, nextReportMs) * (1 - early);
    } catch {
      // Nothing depends on a report: the next one comes in time, and refills tell the same.
    }
    if (!this.#stopped) this.#stopTimer = clock.after(again, () => void this.#report());
  }

  #compose(names: string[], leaving: boolean): { report: ReportRequest; shown: Known['shown'] } {
    const { status: statusNow, intervalMs } = this.#parts;
    const status = statusNow();
    const tags = status.tags.toSorted(mostTellingFirst).slice(0, MAX_REPORTED_BUFFERS);
    const shown = new Map(tags.map((buffer) => [buffer.tag, JSON.stringify(buffer)]));
    this.#revision += 1;
    const report: ReportRequest = {
      ...status,
      tags,
      tagCount: status.tags.length,
      names,
      intervalMs,
      leaving,
      revision: this.#revision,
    };
    const known = this.#known;
    if (known !== undefined) {
      report.since = known.revision;
      report.tags = tags.filter(({ tag }) => known.shown.get(tag) !== shown.get(tag));
      report.without = [...known.shown.keys()].filter((tag) => !shown.has(tag));
    }
    return { report, shown };
  }

  /** If the agent has more tags than one report takes, each report names the next ones in turn. */
  #page(): string[] {
    const names = this.#parts.tags.names();
    if (this.#offset >= names.length) this.#offset = 0;
    const page = names.slice(this.#offset, this.#offset + MAX_REPORTED_TAGS);
    this.#offset += page.length;
    return page;
  }
}

interface Parts {
  readonly target: ReportTarget;
  readonly tags: Pick<Tags, 'drop' | 'names'>;
  /** What the agent holds now. */
  readonly status: () => AgentStatus;
  readonly clock: Clock;
  readonly random: () => number;
  readonly intervalMs: number;
}

function mostTellingFirst(a: BufferView, b: BufferView): number {
  const trouble = (buffer: BufferView) => Number(buffer.lastError !== null || buffer.waiting > 0);
  return trouble(b) - trouble(a) || b.ratePerSecond - a.ratePerSecond;
}

function whatBecameOf(tag: string, code: ErrorCode): string {
  const what =
    code === 'TAG_RETIRED' ? 'is retired; its numbers are never reused' : 'does not exist any more';
  return `Tag "${tag}" ${what}.`;
}
