import { renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findLibrary } from './find-binary.ts';
import { scratchDir } from './scratch-dir.ts';

export interface FakeTime extends AsyncDisposable {
  /** For the processes whose wall clock is to be moved. */
  readonly env: Readonly<Record<string, string>>;
  /** How far the wall clock is from the true one, in seconds, from now on; negative is the past. */
  set(offsetSeconds: number): void;
  /** Removes the file. Do so after the processes ended: without it they see the true time. */
  dispose(): Promise<void>;
}

/**
 * Moves the wall clock of real processes, even while they run, with libfaketime. Monotonic time, and with it every
 * timer, stays true. Works with Node; not with redis-server or mariadbd.
 *
 * @throws Error if libfaketime is not installed.
 */
export async function fakeTime(): Promise<FakeTime> {
  const library = findLibrary('faketime/libfaketimeMT.so.1', 'libfaketime');
  const directory = await scratchDir('faketime');
  const file = join(directory, 'offset');
  const set = (offsetSeconds: number) => {
    // Renamed over the old file: a process that read a file half-written would see a wild time.
    writeFileSync(`${file}.next`, `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}\n`);
    renameSync(`${file}.next`, file);
  };
  const dispose = () => rm(directory, { recursive: true, force: true });
  set(0);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // Without this a change is seen only after ten seconds.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
