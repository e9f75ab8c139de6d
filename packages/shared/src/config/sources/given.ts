import { UnfitFileError } from '../../read-small-file.ts';
import type { ConfigProblem } from '../config-error.ts';

/** Where a value comes from, strongest first. */
export type Source = 'flag' | 'env' | '.env' | 'file' | 'default';

/** A value that the user gave for a setting, not yet checked. */
export interface Given {
  readonly source: Exclude<Source, 'default'>;
  /** As the user wrote it: `--listen`, `LEAFCUTTER_LISTEN in .env`, `listen in agent.yaml`. */
  readonly name: string;
  readonly value: unknown;
  /** True when `value` is the path of a file that holds the secret. */
  readonly isFile?: true;
}

/** Values by dotted key. */
export type GivenByKey = ReadonlyMap<string, Given>;

/** Collects what is wrong and what is odd while all sources are read, so that the user sees all of it at once. */
export interface Findings {
  readonly problems: ConfigProblem[];
  readonly warnings: string[];
}

/** Reads a text file and throws when it cannot; `readSmallFile` except in tests. */
export type ReadFile = (path: string) => string;

/** Why a file could not be read: a few words, or the system's one. */
export function reasonOf(error: unknown): string {
  if (error instanceof UnfitFileError) return error.message;
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
