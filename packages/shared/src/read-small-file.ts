import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** More than any configuration, token list or chain of certificates holds, in bytes. */
const MAX_BYTES = 1_048_576;

/** The file exists but cannot be used. The message says why and is meant to stand in brackets. */
export class UnfitFileError extends Error {
  override readonly name = 'UnfitFileError';
}

/**
 * The text of a file that somebody named in the settings. A pipe or a device may never end, or be silent for ever,
 * and the process would hang before it said a word. So only a regular file is read, through links too, and at most 1
 * MiB of it.
 * @throws UnfitFileError, or the system's error
 */
export function readSmallFile(path: string): string {
  // Without O_NONBLOCK, opening a pipe waits for somebody to write.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw new UnfitFileError('it is not a regular file');
    // The size that it reports may be outdated, or 0 as in /proc.
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= MAX_BYTES; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null);
    if (length > MAX_BYTES) throw new UnfitFileError('it is larger than 1 MiB');
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
