/** IDs from `start` up to, and without, `end`. */
export interface IdRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** The parts of a snowflake ID. */
export interface SnowflakeParts {
  /** Unix milliseconds. */
  readonly timestampMs: number;
  readonly machineId: number;
  readonly sequence: number;
}

/** A source of IDs: an agent. Every method rejects with an IdError if it fails. */
export interface IdSource {
  ranges(tag: string, count: number, signal?: AbortSignal): Promise<IdRange[]>;
  /** `count` IDs as the tag writes them. */
  texts(tag: string, count: number, signal?: AbortSignal): Promise<string[]>;
  block(tag: string, count: number, signal?: AbortSignal): Promise<IdRange>;
  snowflake(signal?: AbortSignal): Promise<bigint>;
  decode(id: bigint, signal?: AbortSignal): Promise<SnowflakeParts>;
  close(): void;
}
