import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { MAX_REPORTED_TAGS } from '@leafcutter/shared/wire';
import type { Tags } from './tags.ts';

/** Tells the coordinators which tags are in memory; they answer with those that are served no longer. */
export interface ReportTarget {
  /** @throws COORDINATOR_UNAVAILABLE, STORE_UNAVAILABLE */
  report(
    tags: readonly string[],
  ): Promise<{ tag: string; code: Extract<ErrorCode, 'TAG_UNKNOWN' | 'TAG_RETIRED'> }[]>;
}

/** Reports every `intervalMs`, so that a tag which was retired or deleted leaves memory within that time. */
export class Reporter {
  readonly #target: ReportTarget;
  readonly #tags: Tags;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #offset = 0;
  #stopped = false;
  #stopTimer: Cancel = () => undefined;

  constructor(parts: { target: ReportTarget; tags: Tags; clock: Clock; intervalMs: number }) {
    this.#target = parts.target;
    this.#tags = parts.tags;
    this.#clock = parts.clock;
    this.#intervalMs = parts.intervalMs;
  }

  start(): void {
    void this.#report();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
  }

  async #report(): Promise<void> {
    try {
      for (const { tag, code } of await this.#target.report(this.#page())) {
        const what =
          code === 'TAG_RETIRED' ? 'is retired; its numbers are never reused' : 'does not exist any more';
        this.#tags.drop(tag, new LeafcutterError(code, `Tag "${tag}" ${what}.`));
      }
    } catch {
      // Nothing depends on a report: the next one comes in time, and refills tell the same.
    }
    if (!this.#stopped) this.#stopTimer = this.#clock.after(this.#intervalMs, () => void this.#report());
  }

  /** An agent with more tags than one report takes names them in turn. */
  #page(): string[] {
    const names = this.#tags.names();
    if (this.#offset >= names.length) this.#offset = 0;
    const page = names.slice(this.#offset, this.#offset + MAX_REPORTED_TAGS);
    this.#offset += page.length;
    return page;
  }
}
