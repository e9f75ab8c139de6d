import { setTimeout as sleep } from 'node:timers/promises';
import { openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';
import { hasCode } from '@leafcutter/shared/errors';

/**
 * `node sqlite-opener.ts START_MS EVERY_MS FILE…`: opens one file after the other, each at its moment of the wall
 * clock, and keeps those that it gets. Writes a line of JSON with the result for each: `opened`, or why not. It stays
 * for a minute then, because an opener that comes late would get the files of one that has ended.
 */
const [startMs = '0', everyMs = '0', ...files] = process.argv.slice(2);
const outcomes: string[] = [];
/** What is not held is closed when its memory is collected, and the next one gets the file. */
const held: unknown[] = [];
for (const [index, file] of files.entries()) {
  await sleep(Number(startMs) + index * Number(everyMs) - Date.now());
  try {
    held.push(openSqlite(file));
    outcomes.push('opened');
  } catch (error) {
    outcomes.push((hasCode(error, 'STORE_UNAVAILABLE') && error.reason) || String(error));
  }
}
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await sleep(60_000, held);
