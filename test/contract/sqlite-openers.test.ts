import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';
import { PATIENCE_MS } from '../support/patience.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const OPENER = fileURLToPath(new URL('../support/sqlite-opener.ts', import.meta.url));
const TRIES = 100;
const EVERY_MS = 40;
/** Long enough for the processes to be there before the first moment. */
const LEAD_MS = 2_500;

async function freshFiles(): Promise<string[]> {
  const directory = await scratchDir('openers');
  return Array.from({ length: TRIES }, (_, index) => join(directory, `${index}.db`));
}

/** How often each outcome came when `processes` open each file in the same millisecond. */
async function race(files: readonly string[], processes: number): Promise<Record<string, number>> {
  const args = [OPENER, String(Date.now() + LEAD_MS), String(EVERY_MS), ...files];
  await using openers = new AsyncDisposableStack();
  const lines = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const opener = openers.use(startProcess({ command: process.execPath, args, name: `opener ${index}` }));
      return JSON.parse(await opener.waitForLine(/^\[/, PATIENCE_MS)) as string[];
    }),
  );
  const counts: Record<string, number> = {};
  for (const index of files.keys()) {
    const outcome = lines
      .map((line) => line[index])
      .sort()
      .join(' ');
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

describe('openers of one file in the same millisecond', () => {
  test('of a new file: one gets it, the other is refused', async () => {
    expect(await race(await freshFiles(), 2)).toEqual({ 'in_use opened': TRIES });
  });

  test('of a file that was there: one of three gets it', async () => {
    const files = await freshFiles();
    for (const file of files) await openSqlite(file).close();
    expect(await race(files, 3)).toEqual({ 'in_use in_use opened': TRIES });
  });

  test('NEGATIVE CONTROL: with the database’s own locks alone, two that both looked are both refused', async () => {
    const [file = ''] = await freshFiles();
    const both = [new DatabaseSync(file), new DatabaseSync(file)];
    for (const one of both)
      one.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; PRAGMA user_version');
    for (const one of both) expect(() => one.exec('PRAGMA journal_mode = WAL')).toThrow(/locked/);
    for (const one of both) one.close();
  });
});
