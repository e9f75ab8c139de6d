import { closeSync, mkdirSync, openSync } from 'node:fs';

/** Makes a folder that only this user can open, with those above it. An existing one stays as it is. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/**
 * Makes an empty file that only this user can read. An existing one stays as it is. To SQLite an empty file is a new
 * database, and the files that it puts beside a database get the same permission bits.
 */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch {
    // It exists, or it cannot be made; then opening it reports that in better words.
  }
}
