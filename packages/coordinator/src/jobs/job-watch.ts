import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { JobJournal } from './job-journal.ts';
import type { Job } from './jobs.ts';

/** How often the journal is read, at most, in milliseconds; more often where a job runs more often. */
const LOOK_MAX_MS = 60_000;
/** A job may be late by half its interval, and by this at least, in milliseconds: others run before it, and it is tried again. */
const GRACE_MIN_MS = 60_000;

/** A job that has not run in time. */
export interface LateJob {
  readonly job: string;
  readonly everyMs: number;
  /** How long nobody has run it, as far as this coordinator knows. */
  readonly silentMs: number;
}

export interface JobWatchEvents {
  jobLate(late: LateJob): void;
  /** A job that was late has run. */
  jobInTime(job: string): void;
}

/**
 * Whether the background jobs of the deployment run, whichever coordinator runs them. That they are scheduled says nothing: the
 * schedule holds times that some coordinator's wall clock gave. So what counts is how long, by this process' monotonic clock,
 * nothing new has stood in the journal.
 *
 * Each job is in time until that is longer than its interval and some; then late, until its next run shows.
 */
export class JobWatch {
  readonly #parts: Parts;
  readonly #runs = new Map<string, { seen: string; sinceMs: number; isLate: boolean }>();
  /** What stood there before the first look says when by another clock only, and may be long ago. */
  #hasLooked = false;
  #stopTimer: Cancel = () => undefined;
  #isStopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const sinceMs = parts.clock.monotonic();
    for (const { name } of parts.jobs) this.#runs.set(name, { seen: '', sinceMs, isLate: false });
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
  }

  /** How long nobody has run the job, or since this coordinator began to look, in milliseconds. */
  silentMs(job: string): number {
    return this.#parts.clock.monotonic() - (this.#runs.get(job)?.sinceMs ?? 0);
  }

  isLate(job: string): boolean {
    return this.#runs.get(job)?.isLate === true;
  }

  get late(): LateJob[] {
    return this.#parts.jobs
      .filter(({ name }) => this.isLate(name))
      .map(({ name, everyMs }) => ({ job: name, everyMs, silentMs: this.silentMs(name) }));
  }

  async #look(): Promise<void> {
    const { jobs, journal, clock } = this.#parts;
    // A journal that cannot be read has nothing new.
    const runs = await journal.read().catch(() => undefined);
    for (const { job, ...run } of runs ?? []) this.#note(job, JSON.stringify(run));
    this.#hasLooked ||= runs !== undefined;
    for (const job of jobs) this.#judge(job);
    if (this.#isStopped) return;
    const everyMs = Math.min(LOOK_MAX_MS, ...jobs.map((job) => job.everyMs));
    this.#stopTimer = clock.after(everyMs, () => void this.#look());
  }

  #note(job: string, seen: string): void {
    const known = this.#runs.get(job);
    if (known === undefined || known.seen === seen) return;
    known.seen = seen;
    if (!this.#hasLooked) return;
    known.sinceMs = this.#parts.clock.monotonic();
    if (known.isLate) this.#parts.events.jobInTime(job);
    known.isLate = false;
  }

  #judge({ name, everyMs }: Job): void {
    const known = this.#runs.get(name);
    const silentMs = this.silentMs(name);
    if (known === undefined || known.isLate || silentMs <= everyMs + graceMs(everyMs)) return;
    known.isLate = true;
    this.#parts.events.jobLate({ job: name, everyMs, silentMs });
  }
}

/** How much later than planned a job may run, in milliseconds. */
export function graceMs(everyMs: number): number {
  return Math.max(GRACE_MIN_MS, everyMs / 2);
}

interface Parts {
  readonly jobs: readonly Job[];
  readonly journal: JobJournal;
  readonly clock: Clock;
  readonly events: JobWatchEvents;
}
