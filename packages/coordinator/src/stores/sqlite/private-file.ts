import { closeSync, mkdirSync, openSync } from 'node:fs';

/** Makes a folder that this user alone can open, with those above it; one that is there stays as it is. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/**
 * Makes an empty file that this user alone can read; one that is there stays as it is. To SQLite an empty file is a new
 * database, and what it puts beside a database gets the same permission bits.
 */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch {
    // It is there, or it cannot be made, which whoever opens it says in better words.
  }
}
