import { DatabaseSync } from 'node:sqlite';
import { makePrivateFile } from './private-file.ts';

/** Held by a process that has the embedded database open, until it closes it or ends, however it ends. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the one lock that decides who may open `file`, on an empty file beside it.
 *
 * The database's own locks cannot decide between two processes that come at once: with `locking_mode=EXCLUSIVE` each
 * first gets a shared lock, which it keeps, and then none of them gets the exclusive one. Here a single step decides:
 * many may look, one gets RESERVED. It is SQLite's lock, so the system takes it back from a process that was killed.
 *
 * @throws SQLite's error, SQLITE_BUSY if another process has it
 */
export function lockFile(file: string): FileLock {
  makePrivateFile(`${file}-lock`);
  const lock = new DatabaseSync(`${file}-lock`);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
  } catch (error) {
    lock.close();
    throw error;
  }
  return { release: () => lock.close() };
}
