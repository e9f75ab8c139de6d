import type { JobJournal, JobRun } from '../../jobs/job-journal.ts';
import type { RedisLink } from './link.ts';

/** The last runs as one hash, job to JSON. */
export class RedisJobJournal implements JobJournal {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async note(run: JobRun): Promise<void> {
    await this.#link.run((redis) => redis.hset(this.#key, run.job, JSON.stringify(run)));
  }

  async read(): Promise<JobRun[]> {
    const values = await this.#link.run((redis) => redis.hvals(this.#key));
    return values.map((value) => JSON.parse(value) as JobRun);
  }

  get #key(): string {
    return `${this.#link.prefix}job-runs`;
  }
}
