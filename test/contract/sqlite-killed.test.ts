import { closeSync, openSync } from 'node:fs';
import { appendFile, copyFile, cp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Range } from '@leafcutter/coordinator/domain/allocation/range';
import { newTag, overlaps } from '@leafcutter/coordinator/fakes/samples';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const GRANTER = fileURLToPath(new URL('../support/sqlite-granter.ts', import.meta.url));
const MANY = 50;

const wentBack = expect.objectContaining({ code: 'STORE_UNAVAILABLE', reason: 'file_went_back' });

describe('an embedded database whose process is killed', () => {
  let file: string;
  let log: string;
  let heard: string;

  beforeEach(async () => {
    const directory = await scratchDir('killed');
    [file, log, heard] = [
      join(directory, 'leafcutter.db'),
      join(directory, 'leafcutter.db-wal'),
      join(directory, 'heard'),
    ];
    const store = new SqlStore(openSqlite(file));
    await store.createTag(newTag('orders'));
    await store.close();
  });

  /** All ranges that somebody was told of. */
  async function told(): Promise<Range[]> {
    const lines = (await readFile(heard, 'utf8').catch(() => '')).split('\n').slice(0, -1);
    return lines.map((line) => {
      const [start = '', end = ''] = line.split(' ');
      return { start: BigInt(start), end: BigInt(end) };
    });
  }

  /** Hands out `MANY` ranges and more, does `meanwhile` after half of them, and is killed amid its work. */
  async function grantUntilKilled(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
    const output = openSync(heard, 'a');
    const args = [GRANTER, file, 'orders'];
    await using granter = startProcess({
      command: process.execPath,
      args,
      name: 'granter',
      stdout: output,
    });
    const before = (await told()).length;
    const granted = (count: number) =>
      poll(async () => (await told()).length >= before + count, PATIENCE_MS, 5);
    expect(await granted(MANY / 2)).toBe(true);
    await meanwhile();
    expect(await granted((await told()).length - before + MANY)).toBe(true);
    await granter.kill();
    closeSync(output);
  }

  /** Opens it again and hands out some more. */
  async function grantMore(): Promise<void> {
    const store = new SqlStore(openSqlite(file));
    try {
      for (let n = 0; n < MANY; n++) {
        const range = await store.withTag('orders', async (row) => {
          await row.advance(row.value + 10n, []);
          return { start: row.value, end: row.value + 10n };
        });
        await appendFile(heard, `${range.start} ${range.end}\n`);
      }
    } finally {
      await store.close();
    }
  }

  /** What SQLite's own program does that somebody opens it with. */
  function inspect(): void {
    const database = new DatabaseSync(file);
    database.prepare('SELECT max_id FROM leaf_alloc').all();
    database.close();
  }

  test('three times in a row amid grants repeats nothing', async () => {
    for (let time = 0; time < 3; time++) await grantUntilKilled();
    await grantMore();
    expect(overlaps(await told())).toEqual([]);
  });

  test('and that was looked at with SQLite’s own program, which takes the log in, is opened', async () => {
    await grantUntilKilled();
    inspect();
    await grantMore();
    expect(overlaps(await told())).toEqual([]);
  });

  test.each<[string, (copy: string) => Promise<void>, (copy: string) => Promise<void>]>([
    ['without its log', async () => undefined, () => rm(log)],
    ['without its log, which was removed while it was open', () => rm(log), async () => undefined],
    [
      'with its log as it was before',
      (copy) => copyFile(log, copy),
      async (copy) => {
        await copyFile(copy, log);
      },
    ],
    [
      'with a copy made while it was open, and no log',
      (copy) => copyFile(file, copy),
      async (copy) => {
        await rename(copy, file);
        await rm(log);
      },
    ],
    [
      'with a copy made while it was open, and the log of that time',
      async (copy) => {
        await copyFile(file, copy);
        await copyFile(log, `${copy}-wal`);
      },
      async (copy) => {
        await rename(copy, file);
        await rename(`${copy}-wal`, log);
      },
    ],
  ])('%s is not opened: it would repeat', async (_name, meanwhile, afterwards) => {
    const copy = `${file}.copy`;
    await grantUntilKilled(() => meanwhile(copy));
    await afterwards(copy);
    await expect(grantMore()).rejects.toEqual(wentBack);
  });

  test.each<[string, (database: DatabaseSync, copy: string) => unknown]>([
    ['VACUUM INTO', (database, copy) => database.exec(`VACUUM INTO '${copy}'`)],
    ['a backup that SQLite made', (database, copy) => backup(database, copy)],
  ])('that is restored from %s is not opened either', async (_name, save) => {
    const copy = `${file}.copy`;
    await grantUntilKilled();
    const database = new DatabaseSync(file);
    await save(database, copy);
    database.close();
    await grantMore();
    await rename(copy, file);
    await expect(grantMore()).rejects.toEqual(wentBack);
  });

  test('NEGATIVE CONTROL: without the mark beside it, it is opened without its log, and repeats', async () => {
    await grantUntilKilled();
    await rm(log);
    await rm(`${file}-mark`);
    const store = new SqlStore(openSqlite(file));
    await store.createTag(newTag('orders')).catch(() => undefined);
    await store.close();
    await grantMore();
    expect(overlaps(await told())).not.toEqual([]);
  });

  test('and restored to an older copy goes on above, if its counters were raised as the page says', async () => {
    const copy = `${file}.copy`;
    await grantMore();
    await copyFile(file, copy);
    await grantUntilKilled();
    await rm(log);
    await rename(copy, file);
    const database = new DatabaseSync(file);
    database.exec('UPDATE leaf_alloc SET max_id = max_id + 1000000');
    database.close();
    await expect(grantMore()).rejects.toEqual(wentBack);
    await rm(`${file}-mark`);
    await grantMore();
    expect(overlaps(await told())).toEqual([]);
  });

  test('LIMIT: a folder that is restored as a whole brings its mark along, and repeats', async () => {
    await grantMore();
    const folder = dirname(file);
    await cp(file, `${folder}/old.db`);
    await cp(`${file}-mark`, `${folder}/old-mark`);
    await grantMore();
    await rename(`${folder}/old.db`, file);
    await rename(`${folder}/old-mark`, `${file}-mark`);
    await grantMore();
    expect(overlaps(await told())).not.toEqual([]);
  });

  test('whose mark a power cut left empty, or behind, is opened', async () => {
    await grantMore();
    const mark = `${file}-mark`;
    const now = await readFile(mark, 'utf8');
    for (const text of ['', '0000000000', `${now.slice(0, 9)}`]) {
      await rm(mark);
      await appendFile(mark, text);
      await grantMore();
    }
    expect(await readFile(mark, 'utf8')).not.toBe(now);
    expect(overlaps(await told())).toEqual([]);
  });

  test('numbers what a transaction changed; one that changed nothing is not synced for its number', async () => {
    const mark = () => readFile(`${file}-mark`, 'utf8');
    const driver = openSqlite(file);
    const before = Number(await mark());
    await driver.transaction((session) => session.query('SELECT 1'));
    expect(Number(await mark())).toBe(before);
    await driver.transaction((session) => session.run('UPDATE leaf_alloc SET step = step + 1'));
    expect(Number(await mark())).toBe(before + 1);
    await driver.close();
  });
});
