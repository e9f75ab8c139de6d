import type { JobJournal, JobRun } from '../../jobs/job-journal.ts';

/** The last runs in process, for the embedded coordinator. */
export class MemoryJobJournal implements JobJournal {
  readonly #runs = new Map<string, JobRun>();

  async note(run: JobRun): Promise<void> {
    this.#runs.set(run.job, run);
  }

  async read(): Promise<JobRun[]> {
    return [...this.#runs.values()];
  }
}
