/** The result of a job's last run. */
export interface JobRun {
  readonly job: string;
  /** The coordinator that ran it. */
  readonly coordinatorId: string;
  /** When it ended, by that coordinator's clock, unix milliseconds. */
  readonly endedAtMs: number;
  readonly durationMs: number;
  /** Null if it went well. */
  readonly error: string | null;
}

/** The last run of each job, on any coordinator. For people; nothing depends on it. */
export interface JobJournal {
  /** @throws STORE_UNAVAILABLE */
  note(run: JobRun): Promise<void>;
  /** @throws STORE_UNAVAILABLE */
  read(): Promise<JobRun[]>;
}
